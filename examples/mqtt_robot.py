"""A robot that asks the portal over MQTT and prints the answer as it comes.

    pip install paho-mqtt
    CLIENT=maze-robot-k3f9x2 SECRET=pp_… python mqtt_robot.py "Which way is out?"

CLIENT and SECRET come from `POST /api/devices`; HOST and PORT (127.0.0.1, 1883) from `GET /api/mqtt`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

CLIENT, SECRET = os.environ["CLIENT"], os.environ["SECRET"]
HOST, PORT = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "1883"))
QUESTION = " ".join(sys.argv[1:]) or "Hello!"

request = uuid.uuid4().hex  # the same id sent again is answered from the store, not asked again
is_done = threading.Event()
seen = 0
refusal = ""


def on_connect(
    client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
) -> None:
    global refusal
    if reason.is_failure:  # paho would try again for ever
        refusal = f"the broker says: {reason}"
        is_done.set()
        return
    client.subscribe(f"pp/v1/{CLIENT}/res/{request}", qos=1)


def on_subscribe(client: Client, *_: object) -> None:
    ask = {"id": request, "session_id": "robot", "message": QUESTION, "stream": True}
    client.publish(f"pp/v1/{CLIENT}/req", json.dumps(ask), qos=1)


def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
    global seen
    frame = json.loads(message.payload)
    if frame["type"] == "delta" and frame["seq"] > seen:
        seen = frame["seq"]
        print(frame.get("text", ""), end="", flush=True)
    elif frame["type"] == "final":  # it has the whole text: whoever missed a delta misses nothing
        tokens = (frame.get("usage") or {}).get("completion_tokens", "?")  # nobody counted what was stopped
        print(f"\n({frame['finish_reason']}, {tokens} tokens, {frame.get('model', '?')})")
        is_done.set()
    elif frame["type"] == "error":
        print(f"\n{frame['error']['message']}")
        is_done.set()


robot = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
robot.username_pw_set(CLIENT, SECRET)
# A robot that falls silent wants no answer any more.
robot.will_set(f"pp/v1/{CLIENT}/status", json.dumps({"state": "offline", "cancel": True}), qos=1)
robot.on_connect = on_connect
robot.on_subscribe = on_subscribe
robot.on_message = on_message
robot.connect(HOST, PORT)
robot.loop_start()
answered = is_done.wait(120)
robot.disconnect()
robot.loop_stop()
sys.exit(refusal or (0 if answered else "no answer within two minutes"))
