"""Asks several questions at once over MQTT, with asyncio, and prints each answer as it is complete.

    pip install aiomqtt
    CLIENT=maze-robot-k3f9x2 SECRET=pp_… python mqtt_many.py "Which way is out?" "Who are you?"

CLIENT and SECRET come from `POST /api/devices`; HOST and PORT (127.0.0.1, 1883) from `GET /api/mqtt`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid

import aiomqtt

CLIENT, SECRET = os.environ["CLIENT"], os.environ["SECRET"]
HOST, PORT = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "1883"))
SECONDS = 120


async def main(questions: list[str]) -> None:
    async with aiomqtt.Client(
        HOST, PORT, username=CLIENT, password=SECRET, protocol=aiomqtt.ProtocolVersion.V5
    ) as client:
        await client.subscribe(f"pp/v1/{CLIENT}/res/#", qos=1)
        waiting = {uuid.uuid4().hex: question for question in questions}
        for name, question in waiting.items():
            ask = {"id": name, "messages": [{"role": "user", "content": question}]}
            await client.publish(f"pp/v1/{CLIENT}/req", json.dumps(ask), qos=1)
        async for message in client.messages:
            frame = json.loads(message.payload)
            question = waiting.pop(frame.get("id"), None)  # an answer may come twice; the first one counts
            if question is not None:
                answer = frame["text"] if frame["type"] == "final" else frame["error"]["message"]
                print(f"{question} -> {answer}")
            if not waiting:
                return


if __name__ == "__main__":
    if sys.platform == "win32":  # the usual loop there cannot watch paho's socket
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    asyncio.run(asyncio.wait_for(main(sys.argv[1:] or ["Hello!"]), SECONDS))
