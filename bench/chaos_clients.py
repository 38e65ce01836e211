"""What `bench.chaos` lets talk: pages (whole and streamed), programs at /v1, and games over MQTT; each tells what it saw."""

from __future__ import annotations

import asyncio
import itertools
import json
import queue
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

GIVE_UP_SECONDS = 90.0
_GAME_WAIT_SECONDS = 12.0


@dataclass
class Tally:
    """What clients saw since the last fault began."""

    answers: int = 0
    failures: int = 0
    resumed: int = 0
    slowest_seconds: float = 0.0

    def fail(self) -> None:
        self.failures += 1


@dataclass
class Talker:
    """One client and what it was told."""

    number: int
    http: httpx.AsyncClient
    random: random.Random
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    model: str | None = None
    pause_seconds: float = 0.0
    conversation_turns: int = 0
    """How many turns a conversation has; 0 goes round three that never end."""

    def _session(self, count: int) -> str:
        turns = self.conversation_turns
        return f"client-{self.number}-{count // turns if turns else count % 3}"

    async def talk(self, stop: asyncio.Event) -> None:
        """Ask one thing after the other until it is told to stop; what was begun is finished."""
        for count in itertools.count():
            if stop.is_set():
                return
            session = self._session(count)
            message = f"client {self.number} asks {count}"
            began = time.monotonic()
            answer = await self._insist(session, message, f"{self.number}-{count}", count % 2 == 0)
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, time.monotonic() - began)
            self.tally.answers += 1
            self.told.setdefault(session, []).append((message, answer))
            await asyncio.sleep(
                self.random.uniform(0.05, 0.3) + self.random.uniform(0, 2) * self.pause_seconds
            )

    async def _insist(self, session: str, message: str, key: str, is_streamed: bool) -> str:
        """Ask until there is an answer: with the same key when nobody answered, with a new one after an error."""
        ask = self._stream if is_streamed else self._whole
        async with asyncio.timeout(GIVE_UP_SECONDS):
            for attempt in itertools.count():
                while True:
                    try:
                        answer = await ask(session, message, f"{key}-{attempt}")
                        if (
                            message not in answer
                        ):  # a portal that stops in order ends what runs with what it has
                            raise TryAgainError(answer)
                        return answer
                    except httpx.HTTPError:
                        self.tally.fail()
                    except TryAgainError:
                        self.tally.fail()
                        break
                    finally:
                        await asyncio.sleep(0.1)
                await asyncio.sleep(0.1)
        raise AssertionError("unreachable")

    async def _whole(self, session: str, message: str, key: str) -> str:
        body = {"session_id": session, "message": message, "model": self.model}
        answer = await self.http.post("/api/llm/chat/session", json=body, headers={"idempotency-key": key})
        if answer.status_code != 200:
            raise TryAgainError(answer.text)
        return str(answer.json()["response"])

    async def _stream(self, session: str, message: str, key: str) -> str:
        body = {"session_id": session, "message": message, "model": self.model}
        seen: dict[int, bytes] = {}
        turn_id = ""
        request: tuple[str, str, dict[str, object]] = (
            "POST",
            "/api/llm/chat/session/stream",
            {"json": body, "headers": {"idempotency-key": key}},
        )
        while True:
            method, path, options = request
            try:
                async for number, data in self._events(method, path, **options):
                    if number in seen and seen[number] != data:
                        self.broken.append(f"{message}: event {number} came twice, with other bytes")
                    seen[number] = data
                    event = json.loads(data)
                    turn_id = event.get("turn_id", turn_id)
                    if "error" in event:
                        raise TryAgainError(str(event["error"]))
                    if event.get("done"):
                        if sorted(seen) != list(range(1, max(seen) + 1)):
                            self.broken.append(f"{message}: events are missing from {sorted(seen)}")
                        return "".join(json.loads(seen[n]).get("content", "") for n in sorted(seen))
                raise TryAgainError("the stream ended early")
            except (httpx.HTTPError, TryAgainError):
                if not turn_id or "error" in json.loads(seen[max(seen)]):
                    raise
                self.tally.fail()
                self.tally.resumed += 1
                await asyncio.sleep(0.2)
                headers = {"last-event-id": str(max(seen))}
                request = ("GET", f"/api/llm/turns/{turn_id}/events", {"headers": headers})

    async def _events(self, method: str, path: str, **options: object):  # type: ignore[no-untyped-def]
        async with self.http.stream(method, path, **options) as answer:  # type: ignore[arg-type]
            if answer.status_code != 200:
                raise TryAgainError((await answer.aread()).decode(errors="replace"))
            number = 0
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("data: "):
                    yield number, line[6:].encode()

    async def verdict(self) -> tuple[int, int]:
        """Return how many acknowledged answers are missing, and how many messages of others are seen."""
        missing = foreign = 0
        for session, told in self.told.items():
            history = await self.http.get(f"/api/llm/chat/session/{session}/history")
            kept = [message["content"] for message in history.json()["messages"]]
            expected = [text for pair in told for text in pair]
            positions = iter(kept)
            lost = [text for text in expected if text not in positions]
            missing += len(lost)
            if lost:
                there = sum(text in kept for text in lost)
                self.broken.append(
                    f"{session}: {len(lost)} not in order from {lost[0]!r} on, {there} of them elsewhere in it"
                )
            foreign += sum(f"client {self.number} " not in text for text in kept)
        return missing, foreign


class TryAgainError(Exception):
    """The portal refused for now."""


@dataclass
class Program:
    """A program at /v1 with an API key: it keeps nothing there, so it only counts, and reads whether the answer is its own."""

    number: int
    http: httpx.AsyncClient
    random: random.Random
    model: str
    tally: Tally = field(default_factory=Tally)
    foreign: int = 0
    pause_seconds: float = 0.0

    async def talk(self, stop: asyncio.Event) -> None:
        for count in itertools.count():
            if stop.is_set():
                return
            began = time.monotonic()
            message = f"program {self.number} asks {count}"
            answer = await self._insist(message, is_streamed=count % 2 == 0)
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, time.monotonic() - began)
            self.tally.answers += 1
            self.foreign += message not in answer
            await asyncio.sleep(
                self.random.uniform(0.05, 0.3) + self.random.uniform(0, 2) * self.pause_seconds
            )

    async def _insist(self, message: str, *, is_streamed: bool) -> str:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while True:
                try:
                    return await (self._stream(message) if is_streamed else self._whole(message))
                except (httpx.HTTPError, TryAgainError, ValueError, LookupError):
                    self.tally.fail()
                    await asyncio.sleep(0.2)

    def _body(self, message: str, *, is_streamed: bool) -> dict[str, Any]:
        messages = [{"role": "user", "content": message}]
        return {"model": self.model, "messages": messages, "stream": is_streamed}

    async def _whole(self, message: str) -> str:
        answer = await self.http.post("/v1/chat/completions", json=self._body(message, is_streamed=False))
        if answer.status_code != 200:
            raise TryAgainError(answer.text)
        return str(answer.json()["choices"][0]["message"]["content"])

    async def _stream(self, message: str) -> str:
        text, is_whole = "", False
        body = self._body(message, is_streamed=True)
        async with self.http.stream("POST", "/v1/chat/completions", json=body) as answer:
            if answer.status_code != 200:
                raise TryAgainError((await answer.aread()).decode(errors="replace"))
            async for line in answer.aiter_lines():
                if line == "data: [DONE]":
                    is_whole = True
                elif line.startswith("data: "):
                    for choice in json.loads(line[6:])["choices"]:
                        text += choice["delta"].get("content") or ""
        if not is_whole:
            raise TryAgainError("the stream ended early")
        return text


class Game:
    """A game over MQTT on a thread of its own: it sends a request again, under its id, until the answer is there."""

    def __init__(self, number: int, port: int, key: str, model: str, pause_seconds: float = 0.2) -> None:
        self.tally = Tally()
        self._pause_seconds = pause_seconds
        self.foreign = 0
        self.refusals: Counter[str] = Counter()
        self._number = number
        self._name = f"game-{number}"
        self._key, self._model = key, model
        self._frames: queue.Queue[dict[str, Any]] = queue.Queue()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=f"chaos-{self._name}", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_message = lambda _client, _data, message: self._frames.put(
            json.loads(message.payload)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _subscribe(self, *_: object) -> None:
        self._client.subscribe(f"pp/v1/{self._name}/res/#", 1)

    def talk(self, stop: threading.Event) -> None:
        for count in itertools.count():
            if stop.is_set():
                break
            began = time.monotonic()
            message = f"game {self._number} asks {count}"
            final = self._insist(f"{self._number}-{count}", message)
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, time.monotonic() - began)
            self.tally.answers += 1
            self.foreign += message not in json.dumps(final)
            time.sleep(self._pause_seconds)
        self._client.disconnect()
        self._client.loop_stop()

    def _insist(self, request_id: str, message: str) -> dict[str, Any]:
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        for attempt in itertools.count():
            asked = f"{request_id}-{attempt}"
            final = self._ask(asked, message, give_up_at)
            if final["type"] == "final":
                return final
            self.refusals[str(final.get("code") or final.get("error"))] += 1
            self.tally.fail()
            time.sleep(0.3)
        raise AssertionError("unreachable")

    def _ask(self, request_id: str, message: str, give_up_at: float) -> dict[str, Any]:
        body = {
            "session_id": f"chaos-{self._number}",
            "id": request_id,
            "message": message,
            "model": self._model,
            "token": self._key,
            "stream": True,
        }
        while time.monotonic() < give_up_at:
            self._client.publish(f"pp/v1/{self._name}/req", json.dumps(body), 1)
            ends_at = time.monotonic() + _GAME_WAIT_SECONDS
            while (left := ends_at - time.monotonic()) > 0:
                try:
                    frame = self._frames.get(timeout=left)
                except queue.Empty:
                    break
                if frame.get("id") == request_id and frame["type"] in ("final", "error"):
                    return frame
            self.tally.fail()
        raise TimeoutError(f"{request_id} was never answered")
