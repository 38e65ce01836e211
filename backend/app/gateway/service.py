"""`/v1`: requests go to a model as they came, within the caller's limits; or, with `session_id`, into a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from app.auth.errors import NoCredentialError
from app.auth.principal import Principal
from app.chat.errors import portal_error
from app.chat.llm_schemas import SessionChatBody
from app.chat.manner import Manner
from app.chat.service import ChatService
from app.chat.turn_service import TurnService
from app.errors import UpstreamError
from app.gateway.accounts import PassAccount, text_bytes_of
from app.gateway.bodies import check_messages, longest_answer, prompt_bytes, session_fields, take_template
from app.gateway.callers import GatewayCallers
from app.gateway.completions import ChunkEncoder, completion
from app.gateway.deltas import NO_SENSE
from app.gateway.errors import InvalidBodyError
from app.gateway.models import ModelEntry, ModelPage
from app.gateway.own_stream import OWN_PATHS, OwnStream
from app.gateway.stream_filter import StreamFilter, under_alias, usage_of
from app.kit.clock import Clock
from app.kit.logging import request_id_var
from app.llm.accounting import Spent
from app.llm.errors import LLMError, StreamInterruptedError
from app.llm.money import Price
from app.llm.needs import needs_of
from app.llm.providers.registry import OwnRoute
from app.llm.relay import RelayCall, Relayed, Reshape
from app.llm.sessions import SessionManager
from app.llm.turns import TurnRecord
from app.llm.types import Caller, PriorityClass, Usage
from app.models.routes import ModelRoutes
from app.models.targets import OfferedModel
from app.templates.schemas import TemplateChoice
from app.templates.service import TemplateService
from app.usage.meter import NOTHING, Meter

Operation = Literal["chat/completions", "completions", "embeddings"]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Passed:
    """A request that a target has taken, and where it is told what it came to."""

    answer: Relayed
    account: PassAccount
    is_usage_wanted: bool


async def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Begun:
    """A stream of whole events; `abandon` it when nobody begins to read it."""

    pieces: AsyncGenerator[bytes]
    abandon: Callable[[], Awaitable[None]] = _nothing


class GatewayService:
    """One for the process. Errors of the engine leave it as PortalErrors."""

    def __init__(
        self,
        sessions: SessionManager,
        chat: ChatService,
        turns: TurnService,
        targets: ModelRoutes,
        templates: TemplateService,
        meter: Meter,
        clock: Clock,
        deadline_seconds: float,
        callers: GatewayCallers,
    ) -> None:
        self.callers = callers
        self._sessions = sessions
        self._chat = chat
        self._turns = turns
        self._targets = targets
        self._templates = templates
        self._meter = meter
        self._clock = clock
        self._deadline_seconds = deadline_seconds

    # Requests that pass

    async def open(
        self,
        principal: Principal,
        operation: Operation,
        body: dict[str, Any],
        *,
        priority: PriorityClass = "chat",
        reshape: Reshape | None = None,
    ) -> Passed:
        """Reserve, wait for a place, and return an answer that has begun. Raises PortalError.

        With `reshape` each target is asked in the form that it tells; `body` is what limits and routing go by.
        """
        await self.prepare(principal, operation, body)
        is_stream = body.get("stream", False)
        is_usage_wanted = is_stream and _ask_for_usage(body)
        call = RelayCall(
            f"/v1/{operation}",
            body,
            is_stream,
            principal.caller,
            priority,
            deadline_seconds=self._deadline_seconds,
            reshape=reshape,
        )
        account = await self._account(principal, operation, body)
        try:
            answer = await self._sessions.relay.open(call)
        except BaseException as error:
            account.ended(None, None, error)
            if isinstance(error, LLMError):
                raise portal_error(error) from error
            raise
        return Passed(answer, account, is_usage_wanted)

    async def prepare(self, principal: Principal, operation: Operation, body: dict[str, Any]) -> None:
        """Put a template that is named before the messages; doing it again does nothing. Raises PortalError."""
        if operation == "chat/completions":
            await self._apply_template(principal, body)

    async def begin(self, principal: Principal, operation: Operation, body: dict[str, Any]) -> Begun:
        """Return a stream that has begun. Raises PortalError."""
        passed = await self.open(principal, operation, body)
        return Begun(self.pieces(passed), partial(self.abandon, passed))

    def count_kept(self, principal: Principal, operation: str, model: str | None, data: bytes) -> None:
        """Count an answer that was kept: a request of the caller's, and no model worked."""
        answer = _json(data)
        spent = Spent(
            caller=principal.caller,
            door="v1",
            operation=operation,
            status="done",
            asked_model=model,
            model=answer.get("model") if isinstance(answer, dict) else model,
            usage=usage_of(answer) or Usage(),
            is_cache_hit=True,
            request_id=request_id_var.get(),
        )
        self._meter.settle(NOTHING, spent)

    def count_later(self, passed: Passed, response: dict[str, Any]) -> None:
        """Count what a response came to beyond what was counted when its stream broke."""
        target = passed.answer.target
        more = _beyond(usage_of(response), passed.account.counted)
        self._count_response(passed.account.caller, target.alias, target.name, target.price, more)

    def count_found(self, caller: Caller, target_name: str, response: dict[str, Any], counted: Usage) -> None:
        """Count a response whose process died, and whose server told its end, beyond what that one had counted."""
        alias = str(response.get("model") or "")
        try:
            targets = self._targets.candidates(alias or None, caller)
        except LLMError:
            targets = []
        price = next((target.price for target in targets if target.name == target_name), None)
        self._count_response(caller, alias, target_name, price, _beyond(usage_of(response), counted))

    def _count_response(
        self, caller: Caller, alias: str, target_name: str, price: Price | None, usage: Usage
    ) -> None:
        spent = Spent(
            caller=caller,
            door="v1",
            operation="chat/completions",
            status="done",
            asked_model=alias,
            model=alias,
            target=target_name,
            price=price,
            usage=usage,
            request_id=request_id_var.get(),
        )
        self._meter.settle(NOTHING, spent)

    async def _account(self, principal: Principal, operation: Operation, body: dict[str, Any]) -> PassAccount:
        """Reserve what the request may need of the caller's limits. Raises PortalError."""
        size, longest = prompt_bytes(body), longest_answer(body, operation)
        reservation = await self._meter.reserve(
            principal, body.get("model"), lambda: size, longest, partial(needs_of, body)
        )
        return PassAccount(
            self._meter, self._clock, principal, operation, body.get("model"), reservation, size
        )

    async def whole(self, principal: Principal, operation: Operation, body: dict[str, Any]) -> bytes:
        """Return the answer's JSON; cancelling this closes the connection to the server."""
        return await self.read_whole(await self.open(principal, operation, body))

    async def read_whole(self, passed: Passed) -> bytes:
        """Return all of an answer that is not streamed. Raises PortalError."""
        target = passed.answer.target
        try:
            data = await passed.answer.whole()
        except BaseException as error:
            await passed.answer.aclose()
            passed.account.ended(target, None, error)
            if isinstance(error, LLMError):
                raise portal_error(error) from error
            raise
        answer = _json(data)
        if not isinstance(answer, dict):
            senseless = UpstreamError(NO_SENSE, code="upstream_protocol")
            passed.account.ended(target, None, senseless)
            raise senseless
        usage = usage_of(answer)
        passed.account.ended(target, usage, text_bytes=text_bytes_of(answer) if usage is None else 0)
        return under_alias(data, answer, target.alias)

    async def pieces(self, passed: Passed) -> AsyncGenerator[bytes]:
        """Yield an answer's events as they come; a stream that breaks ends with an error event."""
        target = passed.answer.target
        failure: BaseException | None = None
        path = passed.answer.shape.path
        stream: StreamFilter | OwnStream
        if path in OWN_PATHS:
            stream = OwnStream(path, target.alias)
        else:
            stream = StreamFilter(target.alias, is_usage_wanted=passed.is_usage_wanted)
        passed.account.has_begun()
        try:
            async with aclosing(passed.answer.pieces()) as pieces:
                async for piece in pieces:
                    if events := stream.feed(piece):
                        yield events
            yield stream.flush()
            if stream.is_cut:
                raise StreamInterruptedError("The model server ended its answer in the middle.")
        except LLMError as error:
            failure = error
            yield stream.flush() + stream.told(portal_error(error))
        except BaseException as error:
            failure = error
            raise
        finally:
            await passed.answer.aclose()
            passed.account.ended(target, stream.usage, failure, pieces=stream.events)

    async def abandon(self, passed: Passed) -> None:
        """Close an answer that nobody will read."""
        await passed.answer.aclose()
        passed.account.ended(passed.answer.target, None, asyncio.CancelledError())

    # Requests that go into a conversation

    async def start_turn(
        self, principal: Principal, body: dict[str, Any], idempotency_key: str | None
    ) -> TurnRecord:
        """Start a turn of the session that the body names. Raises PortalError."""
        _refuse_nobody(principal)
        fields = _validated(SessionChatBody, session_fields(body))
        return await self._chat.start_turn(principal, fields, idempotency_key, Manner("v1"))

    async def turn_whole(self, principal: Principal, record: TurnRecord) -> bytes:
        """Return a turn's answer as a completion; who goes away stops the turn."""
        try:
            answer = await self._chat.answer(principal, record)
        except BaseException as error:
            if not isinstance(error, Exception):
                await self._sessions.cancel(record.turn_id)
            raise
        return orjson.dumps(completion(answer, self._clock.now()))

    async def turn_pieces(
        self, principal: Principal, record: TurnRecord, body: dict[str, Any]
    ) -> AsyncGenerator[bytes]:
        """Yield a turn's events as chunks; closing this before its end stops the turn."""
        encoder = ChunkEncoder(
            record,
            body.get("model") or self.default_model(principal),
            self._clock.now(),
            is_usage_wanted=wants_usage(body),
        )
        has_ended = False
        try:
            async with aclosing(self._turns.events_of_own(principal.user.id, record)) as events:
                async for _, data in events:
                    if chunk := encoder.encode(data):
                        yield chunk
            has_ended = True
        finally:
            if not has_ended:
                await self._sessions.cancel(record.turn_id)

    # Models

    def models(self, principal: Principal) -> ModelPage:
        """Return what the caller may use."""
        return ModelPage(data=[self._entry(model) for model in self._targets.visible_to(principal.caller)])

    def model(self, principal: Principal, name: str) -> ModelEntry:
        """Return one model. Raises PortalError with the nearest names when there is none."""
        try:
            [target, *_] = self._targets.candidates(name, principal.caller)
        except LLMError as error:
            raise portal_error(error) from error
        offered = self._targets.visible_to(principal.caller)
        return next(self._entry(model) for model in offered if model.alias == target.alias)

    def _entry(self, model: OfferedModel) -> ModelEntry:
        return ModelEntry.of(model, self._targets.capabilities(model))

    async def _apply_template(self, principal: Principal, body: dict[str, Any]) -> None:
        """Put a template's text before the messages."""
        messages = check_messages(body)
        fields = take_template(body)
        if not fields:
            return
        _refuse_nobody(principal)
        choice = _validated(TemplateChoice, fields)
        rendered = await self._templates.system_prompt(principal.user.id, choice)
        if rendered is not None:
            body["messages"] = [{"role": "system", "content": rendered}, *messages]

    def has_own(self, principal: Principal, model: str | None, route: OwnRoute) -> bool:
        """Whether a server that may answer has a route of its own."""
        try:
            targets = self._targets.candidates(model, principal.caller)
        except LLMError:
            return False  # the request itself says what is wrong
        return any(target.provider.has_own(route) for target in targets)

    def default_model(self, principal: Principal) -> str:
        """Return the name of what answers when no model is named; empty when there is nothing."""
        visible = self._targets.visible_to(principal.caller)
        return visible[0].alias if visible else ""


def _refuse_nobody(principal: Principal) -> None:
    """Conversations and templates belong to somebody."""
    if principal.is_anonymous:
        raise NoCredentialError


def wants_usage(body: dict[str, Any]) -> bool:
    """Whether the caller asked for the usage at a stream's end."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _ask_for_usage(body: dict[str, Any]) -> bool:
    """Let the server report usage in any case; returns whether the caller had asked for it."""
    is_wanted = wants_usage(body)
    options = body.get("stream_options")
    body["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return is_wanted


def _beyond(found: Usage | None, counted: Usage) -> Usage:
    """Return what is found to have been used and was not counted yet."""
    if found is None:
        return Usage()
    return Usage(
        max(0, found.prompt_tokens - counted.prompt_tokens),
        max(0, found.completion_tokens - counted.completion_tokens),
    )


def _validated(model: type[Model], fields: dict[str, Any]) -> Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"])) or "body"
        problem = first["msg"].removeprefix("Value error, ")
        raise InvalidBodyError(f"{name}: {problem}.", details={"param": name}) from error


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
