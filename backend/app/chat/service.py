"""Asking a model: whole prompts and turns of sessions, streamed or not, within the limits of the caller's key."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial

from app.auth.principal import Principal
from app.chat.errors import MessageNotFoundError, SessionNotFoundError, portal_error, stored_error
from app.chat.file_check import FileCheck
from app.chat.llm_schemas import (
    ChatBody,
    ChatRead,
    HistoryItem,
    HistoryRead,
    SessionChatBody,
    SessionChatRead,
)
from app.chat.manner import USUAL, Manner
from app.chat.schemas import UsageRead
from app.chat.store import SqlSessionStore
from app.chat.stream import NumberedEvents
from app.chat.turn_service import TurnService
from app.errors import PortalError
from app.kit.logging import note_ids, request_id_var
from app.llm.errors import LLMError, ProviderUnreachableError
from app.llm.needs import TellNeeds
from app.llm.ports import UnknownMessageError
from app.llm.prompt_size import bytes_to_read
from app.llm.sessions import SessionManager
from app.llm.stateless import needs_of_chat
from app.llm.turns import ChatRequest, TurnOutcome, TurnRecord, TurnRequest
from app.llm.types import ChatMessage, Usage
from app.models.routes import ModelRoutes
from app.templates.service import TemplateService
from app.usage.meter import Meter, Reservation


class ChatService:
    """One for the process. Errors of the engine leave it as PortalErrors."""

    def __init__(
        self,
        sessions: SessionManager,
        store: SqlSessionStore,
        turns: TurnService,
        targets: ModelRoutes,
        meter: Meter,
        templates: TemplateService,
        files: FileCheck,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._turns = turns
        self._targets = targets
        self._meter = meter
        self._templates = templates
        self._files = files

    async def chat(self, principal: Principal, body: ChatBody) -> ChatRead:
        """Answer a whole prompt; cancelling this cancels the model's work."""
        request = await self._chat_request(principal, body)
        try:
            outcome = await self._sessions.complete(request)
        except LLMError as error:
            raise portal_error(error) from error
        return ChatRead(
            response=outcome.content,
            reasoning=outcome.reasoning or None,
            tool_calls=outcome.tool_calls,
            usage=_usage_read(outcome.usage),
            model=outcome.model,
            finish_reason=outcome.finish_reason,
        )

    async def chat_stream(
        self, principal: Principal, body: ChatBody, manner: Manner = USUAL
    ) -> NumberedEvents:
        """Check what can be checked, then return the events; closing them cancels the model's work."""
        return self._chat_events(await self._chat_request(principal, body, manner))

    async def _chat_events(self, request: ChatRequest) -> NumberedEvents:
        number = 0
        async with aclosing(self._sessions.stream(request)) as events:
            async for data in events:
                number += 1
                yield number, data

    async def start_turn(
        self,
        principal: Principal,
        body: SessionChatBody,
        idempotency_key: str | None,
        manner: Manner = USUAL,
    ) -> TurnRecord:
        """Store and start a turn, which then goes on without its caller."""
        note_ids(session=body.session_id)
        user_id = principal.user.id
        rendered = await self._templates.system_prompt(user_id, body)
        file_chars = await self._files.check(principal.caller, body)
        request = TurnRequest(
            caller=principal.caller,
            session_id=body.session_id,
            message=body.message,
            system_prompt=body.system_prompt if rendered is None else rendered,
            model=body.model,
            sampling=replace(body.sampling(), response_format=manner.response_format),
            parent_id=body.branch_at,
            regenerate_of=body.regenerate_of,
            attachment_ids=tuple(body.attachments),
            idempotency_key=idempotency_key,
            door=manner.door_of(principal),
            priority=manner.priority,
            deadline_seconds=manner.deadline_seconds,
            request_id=request_id_var.get(),
        )
        reservation = await self._reserve_turn(principal, request, file_chars)
        record: TurnRecord | None = None
        try:
            record = await self._sessions.start_turn(replace(request, account=reservation))
        except UnknownMessageError as error:
            raise MessageNotFoundError from error
        except LLMError as error:
            raise portal_error(error) from error
        finally:
            if record is None or record.is_replay:
                self._meter.settle(reservation, None)
        return record

    async def answer(self, principal: Principal, record: TurnRecord) -> SessionChatRead:
        """Wait for a turn's end and return its answer; raises the PortalError of a turn that failed."""
        if record.is_replay:
            outcome = await self._turns.outcome(principal.user.id, record.turn_id)
        else:
            outcome = (await self._sessions.wait(record.turn_id, record)).outcome
        if outcome.status == "failed":
            raise _failure(outcome, record)
        return SessionChatRead(
            response=outcome.content,
            reasoning=outcome.reasoning or None,
            usage=_usage_read(outcome.usage),
            model=outcome.model,
            finish_reason=outcome.finish_reason,
            session_id=record.session_id,
            turn_id=record.turn_id,
            user_message_id=record.user_message_id,
            assistant_message_id=record.assistant_message_id,
        )

    async def history(self, principal: Principal, session_id: str) -> HistoryRead:
        messages = await self._store.history(principal.caller, session_id)
        if messages is None:
            raise SessionNotFoundError
        items = [HistoryItem.model_validate(message, from_attributes=True) for message in messages]
        return HistoryRead(session_id=session_id, messages=items)

    async def _reserve(
        self,
        principal: Principal,
        model: str | None,
        prompt_bytes: int,
        max_tokens: int | None,
        needs: TellNeeds | None = None,
    ) -> Reservation:
        longest = max_tokens or self._meter.default_max_tokens
        return await self._meter.reserve(principal, model, lambda: prompt_bytes, longest, needs)

    async def _reserve_turn(self, principal: Principal, request: TurnRequest, file_chars: int) -> Reservation:
        """Reserve for a question, what goes before it, and the answer; the conversation is looked at only for who has limits."""
        sampling = request.sampling
        if not principal.subjects:
            return await self._reserve(principal, request.model, 0, sampling.max_tokens)
        begun = await self._store.begun(principal.caller, request.session_id)
        new = [ChatMessage("user", request.message)]
        system_prompt = begun.system_prompt if request.system_prompt is None else request.system_prompt
        if system_prompt and not (begun.prefix_tokens and system_prompt == begun.system_prompt):
            new.append(ChatMessage("system", system_prompt))  # else it is in what was counted
        size = bytes_to_read([message.to_wire() for message in new]) + file_chars + 3 * begun.prefix_tokens
        return await self._reserve(principal, request.model or begun.model, size, sampling.max_tokens)

    async def _chat_request(
        self, principal: Principal, body: ChatBody, manner: Manner = USUAL
    ) -> ChatRequest:
        self._check_model(principal, body.model)
        rendered = await self._templates.system_prompt(principal.user.id, body)
        system = [ChatMessage("system", rendered)] if rendered else []
        messages = (*system, *(message.to_message() for message in body.messages))
        request = ChatRequest(
            caller=principal.caller,
            messages=messages,
            model=body.model,
            sampling=body.sampling(),
            door=manner.door_of(principal),
            priority=manner.priority,
            deadline_seconds=manner.deadline_seconds,
            request_id=request_id_var.get(),
        )
        needs = partial(needs_of_chat, request)
        size = bytes_to_read([message.to_wire() for message in messages]) + bytes_to_read(body.tools)
        account = await self._reserve(principal, body.model, size, body.max_tokens, needs)
        return replace(request, account=account)

    def _check_model(self, principal: Principal, model: str | None) -> None:
        """Refuse an unknown name before anything is stored; a server that is away is the turn's own failure."""
        try:
            self._targets.candidates(model, principal.caller)
        except ProviderUnreachableError:
            return
        except LLMError as error:
            raise portal_error(error) from error


def _failure(outcome: TurnOutcome, record: TurnRecord) -> PortalError:
    """Make the error of a turn that ended as failed; names the turn, so that it can be tried again."""
    details = {**(outcome.error_details or {}), "turn_id": record.turn_id, "session_id": record.session_id}
    return stored_error(
        outcome.error_code or "internal_error",
        outcome.error_message or "The turn failed.",
        details,
        outcome.retry_after_seconds,
    )


def _usage_read(usage: Usage | None) -> UsageRead | None:
    return UsageRead.model_validate(usage.as_dict()) if usage is not None else None
