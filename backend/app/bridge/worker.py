"""Works on one request of the inbox: asks the engine, sends frames, stores the answer before it is sent.

Requests of one session run one after another in the order they came; different sessions never wait for each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.auth.principal import Principal
from app.bridge import asks
from app.bridge.completions import RawCompletions, completion_events
from app.bridge.deltas import DeltaGatherer
from app.bridge.errors import AnswerTooLargeError
from app.bridge.frames import Frame, Frames, encode
from app.bridge.inbox import Inbox
from app.bridge.lines import Lines
from app.bridge.project_asks import manner_of, with_defaults
from app.bridge.replies import ReplyTo, render
from app.bridge.status import BridgeStatus
from app.bridge.tables import BridgeRequest
from app.bridge.transport import MqttTransport
from app.chat.errors import SessionExistsError
from app.chat.manner import Manner
from app.chat.runtime import Runtime
from app.chat.schemas import SessionCreate, SessionUpdate
from app.chat.stream import NumberedEvents
from app.errors import DeadlineError, PortalError
from app.kit.logging import note_ids, request_id_var
from app.models.service import ModelService
from app.projects.catalog import Project

logger = logging.getLogger(__name__)

_INTERRUPTED = "interrupted"
_STORE_AGAIN_SECONDS = 1.0
_MAX_BRIDGES = 100  # one state waits in each of them


@dataclass(slots=True)
class Work:
    """A request in progress."""

    row: BridgeRequest
    principal: Principal | None
    frames: Frames = field(init=False)
    reply: ReplyTo = field(init=False)
    turn_id: str | None = None
    is_stopped: bool = False
    is_asking: bool = False
    task: asyncio.Task[None] | None = None
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.frames = Frames(self.row.request)
        self.reply = ReplyTo.of(self.row.reply)

    @property
    def key(self) -> tuple[int, str, str]:
        return self.row.user_id, self.row.client, self.row.request

    @property
    def session(self) -> tuple[int, str] | None:
        """Whose turn order the request keeps; None for one without a session."""
        name = self.row.ask["body"].get("session_id")
        return (self.row.user_id, name) if isinstance(name, str) else None


class Worker:
    """Answers requests with the running portal's services."""

    def __init__(
        self,
        runtime: Runtime,
        completions: RawCompletions,
        inbox: Inbox,
        transport: MqttTransport,
        status: BridgeStatus,
    ) -> None:
        self._runtime = runtime
        self._completions = completions
        self._inbox = inbox
        self._lines = Lines(runtime.database)
        self._transport = transport
        self._status = status

    async def work(self, work: Work) -> None:
        """Answer a request; of the states of a session one at a time, and none after a later one, across bridges."""
        if not work.row.is_state:
            await self._work(work)
            return
        lock = self._runtime.coord.locks.hold(f"mqtt.{work.row.line}", max_waiting=_MAX_BRIDGES)
        async with lock:
            if await self._lines.is_superseded(work.row, self._runtime.clock.now()):
                self._status.states_replaced += 1
                self._inbox.sent(work.row.id)
            else:
                await self._work(work)

    async def _work(self, work: Work) -> None:
        """Answer, store, send. A request that was answered before its bridge died is only sent."""
        request_id_var.set(work.row.id)
        note_ids(device=work.row.client)
        answer = work.row.answer
        if answer is None:
            answer = await self._answer(work)
            if not await self._store(work.row, answer):
                if work.row.is_state:
                    self._inbox.sent(work.row.id)
                return  # another bridge has it by now, or a later state was answered: that answer counts
        await self.send(work.reply, answer)
        self._inbox.sent(work.row.id)
        self._status.answered += 1

    async def send(self, reply: ReplyTo, answer: Frame) -> None:
        """Send a last frame; returns once the broker has it. Who cannot be sent it hears why."""
        try:
            await self._publish_safely(reply, answer)
        except AnswerTooLargeError as error:
            logger.warning("an MQTT answer cannot be sent: %s", error.message)
            with contextlib.suppress(AnswerTooLargeError):  # the caller's own Correlation Data fills it
                await self._publish_safely(reply, Frames.instead_of(answer, error))

    async def stop(self, work: Work) -> None:
        """Stop at the caller's wish; what came so far becomes the answer."""
        work.is_stopped = True
        if work.turn_id is not None:
            await self._runtime.sessions.cancel(work.turn_id)
        elif work.is_asking and work.task is not None and work.session is None:
            work.task.cancel()

    async def _answer(self, work: Work) -> Frame:
        if work.is_stopped:
            return work.frames.final(text="", finish_reason="cancelled")
        work.is_asking = True
        try:
            async with asyncio.timeout(self._remaining_seconds(work.row)):
                return await self._ask(work, _known(work.principal))
        except TimeoutError:
            if work.turn_id is not None:
                await self._runtime.sessions.cancel(work.turn_id)
            return work.frames.error(DeadlineError("The request's deadline has passed."))
        except asyncio.CancelledError:
            if not self._was_stopped(work):
                raise
            return work.frames.final(text="".join(work.text), finish_reason="cancelled")
        except PortalError as error:
            return work.frames.error(error)
        except Exception:
            logger.exception("an MQTT request failed")
            return work.frames.error(PortalError("Something went wrong in the portal; its log has more."))
        finally:
            work.is_asking = False

    async def _ask(self, work: Work, principal: Principal) -> Frame:
        body: dict[str, Any] = work.row.ask["body"]
        match work.row.ask["op"]:
            case "history":
                read = await self._runtime.chat.history(principal, asks.session_name(body))
                return work.frames.final(**read.model_dump(mode="json"))
            case "clear":
                name = asks.session_name(body)
                cleared = await self._runtime.session_service.delete(work.row.user_id, name)
                return work.frames.final(session_id=name, cleared=cleared)
            case "prompt":
                name = asks.session_name(body)
                await self._set_prompt(work.row.user_id, name, body["system_prompt"])
                return work.frames.final(session_id=name)
            case "models":
                offered = ModelService(self._runtime.routes, self._runtime.health, self._runtime.coord)
                return work.frames.final(
                    models=offered.list(principal.caller).model_dump(mode="json")["items"]
                )
            case "chat":
                chat = asks.chat_body(body)
                events = await self._runtime.chat.chat_stream(principal, chat, self._manner(work.row))
                return await self._follow(work, events)
            case "completion":
                wanted = asks.completion_body(body)
                events = await completion_events(self._completions, principal, wanted)
                return await self._follow(work, events)
            case "clear_all":
                return await self._clear_all(work)
        return await self._session_turn(work, principal, body)

    async def _session_turn(self, work: Work, principal: Principal, body: dict[str, Any]) -> Frame:
        """Answer in a session. After a crash the turn's own key finds the answer that was paid for already."""
        manner = self._manner(work.row)
        if name := work.row.ask.get("project"):
            project = self._runtime.projects.get(name)
            body = with_defaults(body, project.settings)
            manner = manner_of(project.settings, manner, is_urgency_said="priority" in work.row.ask)
            await self._begin_in_project(work, asks.session_name(body), project)
        wanted = asks.session_body(body)
        attempt = 1
        while True:
            key = f"mqtt:{work.row.id}:{attempt}"
            turn = await self._runtime.chat.start_turn(principal, wanted, key, manner)
            work.turn_id = turn.turn_id
            if work.is_stopped:
                await self._runtime.sessions.cancel(turn.turn_id)
            events = self._runtime.turns.events_of_own(work.row.user_id, turn)
            try:
                return await self._follow(work, events, session_id=turn.session_id, turn_id=turn.turn_id)
            except PortalError as error:
                if error.code != _INTERRUPTED or not turn.is_replay or attempt >= work.row.attempts:
                    raise
                attempt += 1
                work.text.clear()

    async def _clear_all(self, work: Work) -> Frame:
        """Clear every session that was spoken to on a project's topics, whoever's it is."""
        count = 0
        for user_id, name in await self._lines.sessions_of(work.row.client):
            count += await self._runtime.session_service.delete(user_id, name)
        return work.frames.final(text=f"OK: {count} cleared", cleared=count)

    async def _begin_in_project(self, work: Work, name: str, project: Project) -> None:
        """Make a session with its project's prompt; one that still has an earlier prompt of it takes the new one."""
        projects = self._runtime.projects
        prompt = await projects.prompt_of(project)
        user_id = work.row.user_id
        if await self._begin_session(user_id, name, prompt, work.row.ask.get("title")):
            return
        if past := projects.past_prompts(project):
            await self._runtime.session_service.renew_prompt(user_id, name, prompt, past)

    async def _begin_session(self, user_id: int, name: str, prompt: str, title: str | None = None) -> bool:
        """Make a session with this prompt; False when it is there, which keeps what it has."""
        wish = SessionCreate(id=name, system_prompt=prompt, title=title)
        try:
            await self._runtime.session_service.create(user_id, wish)
        except SessionExistsError:
            return False
        return True

    async def _set_prompt(self, user_id: int, name: str, prompt: str) -> None:
        if not await self._begin_session(user_id, name, prompt):
            await self._runtime.session_service.change(user_id, name, SessionUpdate(system_prompt=prompt))

    async def _follow(self, work: Work, events: NumberedEvents, **ids: str) -> Frame:
        """Send deltas as they come, and return the final frame. Raises PortalError for an answer that failed."""
        reasoning: list[str] = []
        is_streamed = bool(work.row.ask["stream"])
        deltas = DeltaGatherer(lambda text, thought: self._publish(work, work.frames.delta(text, thought)))
        try:
            async with aclosing(events):
                async for _, data in events:
                    event = orjson.loads(data)
                    if "content" in event or "reasoning" in event:
                        text, thought = event.get("content", ""), event.get("reasoning", "")
                        work.text.append(text)
                        reasoning.append(thought)
                        if is_streamed:
                            deltas.add(text, thought)
                    elif "queued" in event and is_streamed:
                        self._publish(work, work.frames.queued(event["queued"]))
                    elif "error" in event:
                        raise PortalError(event["error"]["message"], code=event["error"]["code"])
                    elif event.get("done"):
                        deltas.close()
                        return _final(work, event, "".join(reasoning), ids)
        finally:
            deltas.close()
        raise PortalError("The answer ended without a conclusion.", code=_INTERRUPTED)

    def _was_stopped(self, work: Work) -> bool:
        """Tell a caller's stop from the end of the bridge; a stop ends this request only."""
        if work.is_stopped and work.task is not None:
            work.task.uncancel()
        return work.is_stopped

    async def _publish_safely(self, reply: ReplyTo, answer: Frame) -> None:
        await self._transport.publish_safely(reply.topic, render(reply.form, answer), reply.correlation)

    def _publish(self, work: Work, frame: Frame) -> None:
        self._transport.publish(work.reply.topic, encode(frame), work.reply.correlation)

    async def _store(self, row: BridgeRequest, answer: Frame) -> bool:
        """Keep trying while the database is away: an answer that was paid for is not thrown away."""
        while True:
            try:
                return await self._inbox.answer(row, answer)
            except PortalError as error:
                logger.warning("an answer could not be stored yet: %s", error.message)
                await asyncio.sleep(_STORE_AGAIN_SECONDS)

    def _manner(self, row: BridgeRequest) -> Manner:
        return Manner("mqtt", row.ask.get("priority", "chat"), self._remaining_seconds(row))

    def _remaining_seconds(self, row: BridgeRequest) -> float | None:
        if row.deadline_at is None:
            return None
        return max(0.0, (row.deadline_at - self._runtime.clock.now()).total_seconds())


def _final(work: Work, done: dict[str, Any], reasoning: str, ids: dict[str, str]) -> Frame:
    fields: dict[str, Any] = {
        name: done[name] for name in ("usage", "model", "finish_reason", "tool_calls") if name in done
    }
    if reasoning:
        fields["reasoning"] = reasoning
    return work.frames.final(text="".join(work.text), **fields, **ids)


def _known(principal: Principal | None) -> Principal:
    assert principal is not None, "only an answered request comes without its caller"
    return principal
