"""`python -m bench.smoke URL EMAIL PASSWORD`: one look through every door of a portal that runs somewhere, a line each.

A one-time password is changed to `--new-password`. `--mqtt HOST:PORT` asks through a broker too. Ends with 1 at the first
door that does not answer as it should.
"""

from __future__ import annotations

import argparse
import json
import queue
import re
import sys
import time
import uuid
from collections import Counter

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

WAIT_SECONDS = 120.0
QUESTION = "Say hello."


class Smoke:
    """Somebody who is signed in at one address."""

    def __init__(self, url: str, email: str, password: str, new_password: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=WAIT_SECONDS)
        account = {"email": email, "password": password}
        signed_in = self.http.post("/api/auth/login", json=account).raise_for_status().json()
        self._bear(signed_in["access_token"])
        if new_password:
            change = {"current_password": password, "new_password": new_password}
            changed = self.http.post("/api/auth/change-password", json=change).raise_for_status()
            self._bear(changed.json()["access_token"])
        self.key = ""

    def _bear(self, token: str) -> None:
        self.http.headers["authorization"] = f"Bearer {token}"

    def probes(self) -> str:
        return ", ".join(f"{path} {self._get(path).text}" for path in ("/healthz", "/readyz"))

    def page(self) -> str:
        """Fetch the page and what it needs first."""
        page = self._get("/")
        assets = sorted(set(re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', page.text)))
        assert assets, "the page names no script"
        size = sum(len(self._get(asset).content) for asset in assets)
        return f"{len(assets)} assets, {size >> 10} KiB; content-security-policy {'content-security-policy' in page.headers}"

    def chat(self) -> str:
        session = f"smoke-{uuid.uuid4().hex[:8]}"
        body = {"session_id": session, "message": QUESTION}
        whole = self.http.post("/api/llm/chat/session", json=body).raise_for_status().json()["response"]
        events, turn_id = self._stream("POST", "/api/llm/chat/session/stream", json=body)
        again, _ = self._stream("GET", f"/api/llm/turns/{turn_id}/events", headers={"last-event-id": "1"})
        assert again == {number: data for number, data in events.items() if number > 1}, (
            "the rest of a stream differs"
        )
        history = self._get(f"/api/llm/chat/session/{session}/history").json()["messages"]
        assert len(history) == 4, f"{len(history)} messages are in the history"
        return f"{len(whole)} characters; a stream of {len(events)} events, resumed after 1 with the same bytes; history 4"

    def v1(self) -> str:
        self.key = self.http.post("/api/keys", json={"name": "smoke"}).raise_for_status().json()["key"]
        bearer = {"authorization": f"Bearer {self.key}"}
        model = self._get("/v1/models", headers=bearer).json()["data"][0]["id"]
        body = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 16}
        path = "/v1/chat/completions"
        whole = self.http.post(path, json=body, headers=bearer).raise_for_status().json()
        assert whole["choices"][0]["message"]["content"]
        with self.http.stream("POST", path, json={**body, "stream": True}, headers=bearer) as answer:
            lines = [line for line in answer.raise_for_status().iter_lines() if line.startswith("data: ")]
        assert lines[-1] == "data: [DONE]", "the stream has no end"
        return f"{model}: whole, and a stream of {len(lines)} chunks"

    def health(self, looks: int) -> str:
        """Ask several times: replicas take turns."""
        seen: Counter[str] = Counter()
        for _ in range(looks):
            told = self._get("/api/admin/health").json()
            parts = ", ".join(f"{one['name']} {one['state']}" for one in told["components"])
            seen[f"{told['status']} ({parts}) by {told['replica'].partition('pid:')[0]}"] += 1
        return "; ".join(seen)

    def mqtt(self, address: str) -> str:
        host, _, port = address.partition(":")
        frames: queue.Queue[dict[str, object]] = queue.Queue()
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.on_message = lambda _client, _data, message: frames.put(json.loads(message.payload))
        ask = {
            "id": uuid.uuid4().hex,
            "session_id": "smoke",
            "message": QUESTION,
            "token": self.key,
            "stream": True,
        }

        def on_connect(*_: object) -> None:
            client.subscribe("pp/v1/smoke/res/#", 1)

        def on_subscribe(*_: object) -> None:
            client.publish("pp/v1/smoke/req", json.dumps(ask), 1)

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        client.connect(host, int(port or 1883))
        client.loop_start()
        kinds: list[str] = []
        while not kinds or kinds[-1] == "delta":
            kinds.append(str(frames.get(timeout=WAIT_SECONDS)["type"]))
        client.loop_stop()
        assert kinds[-1] == "final", f"the answer ended with {kinds[-1]}"
        return f"{len(kinds) - 1} pieces and the end"

    def _get(self, path: str, **options: object) -> httpx.Response:
        return self.http.get(path, **options).raise_for_status()  # type: ignore[arg-type]

    def _stream(self, method: str, path: str, **options: object) -> tuple[dict[int, str], str]:
        events, turn_id, number = {}, "", 0
        with self.http.stream(method, path, **options) as answer:  # type: ignore[arg-type]
            for line in answer.raise_for_status().iter_lines():
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("data: "):
                    events[number] = line[6:]
                    turn_id = json.loads(line[6:]).get("turn_id", turn_id)
        assert json.loads(events[max(events)]).get("done"), "the stream ended with an error"
        return events, turn_id


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("email")
    parser.add_argument("password")
    parser.add_argument("--new-password", default="")
    parser.add_argument("--mqtt", default="", metavar="HOST:PORT")
    parser.add_argument("--looks", type=int, default=6, help="how often health is looked at")
    given = parser.parse_args()
    smoke = Smoke(given.url, given.email, given.password, given.new_password)
    steps = [("probes", smoke.probes), ("page", smoke.page), ("chat", smoke.chat), ("/v1", smoke.v1)]
    if given.mqtt:
        steps.append(("MQTT", lambda: smoke.mqtt(given.mqtt)))
    steps.append(("health", lambda: smoke.health(given.looks)))
    for name, step in steps:
        began = time.monotonic()
        sys.stdout.write(f"{name:7} {step()} ({time.monotonic() - began:.1f} s)\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
