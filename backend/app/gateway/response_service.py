"""`/v1/responses` over every model: by translation to chat completions, whole, streamed, stored, in the background."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any

import orjson
from starlette.types import Scope

from app.auth.principal import Principal
from app.db.session import Database
from app.errors import PortalError, UpstreamError
from app.gateway.bodies import has_template
from app.gateway.cache import AnswerCache, Asked, CacheWish
from app.gateway.conversation_repository import ConversationRepository
from app.gateway.conversation_service import ConversationService
from app.gateway.errors import InvalidBodyError, NotInSessionsError
from app.gateway.item_pages import ItemPage, page_of
from app.gateway.message_count import PromptCounter
from app.gateway.own_events import OwnEncoder
from app.gateway.own_responses import OwnRequest, StoredAt
from app.gateway.response_background import BackgroundResponses
from app.gateway.response_bodies import beginning, check_fields, conversation_of, to_chat
from app.gateway.response_errors import NotInBackgroundError, PreviousResponseError, ResponseNotFoundError
from app.gateway.response_events import ResponseEncoder, framed
from app.gateway.response_items import Item, input_items
from app.gateway.response_repository import ResponseRepository
from app.gateway.response_work import Encoder, ResponseWork
from app.gateway.service import Begun, GatewayService, Passed
from app.gateway.tables import ACTIVE, StoredResponse
from app.kit.clock import Clock
from app.kit.ids import new_id

logger = logging.getLogger(__name__)

_PREFIX = "resp_"


class ResponseService:
    """One for the process. Every method takes who asks, and finds nothing of anybody else's."""

    def __init__(
        self,
        gateway: GatewayService,
        database: Database,
        background: BackgroundResponses,
        clock: Clock,
        cache: AnswerCache,
        conversations: ConversationService,
    ) -> None:
        self._conversations = conversations
        self._cache = cache
        self._gateway = gateway
        self._database = database
        self._background = background
        self._clock = clock

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look after what is answered in the background; at the end it ends as interrupted."""
        await self._background.start()
        try:
            yield
        finally:
            await self._background.close()

    async def begin(self, principal: Principal, body: dict[str, Any]) -> ResponseWork:
        """Check a request and gather what its model is to read. Raises PortalError."""
        check_fields(body)
        if body.get("background") and principal.is_anonymous:
            raise NotInBackgroundError("stored, and it needs an API key: it")
        if (conversation_id := conversation_of(body)) is not None:
            earlier, previous = await self._conversations.said(principal, conversation_id), None
        else:
            earlier, previous = await self._earlier(principal, body.get("previous_response_id"))
        known = {item["id"]: item for item in earlier if "id" in item}
        items = input_items(body["input"], known) if body.get("input") is not None else []
        chat = self._chat(principal, body, [*earlier, *items])
        model = self._gateway.model(principal, body["model"]).id if body.get("model") else ""
        row_id = new_id()
        created = int(self._clock.now().timestamp())
        response = beginning(body, _PREFIX + row_id, created, model or self._gateway.default_model(principal))
        response["store"] = response["store"] and not principal.is_anonymous
        own = None
        if not has_template(body):
            own = OwnRequest(body, items, earlier, previous, response["store"])
        return ResponseWork(row_id, principal, chat, own, items, response)

    def _chat(self, principal: Principal, body: dict[str, Any], items: list[Item]) -> dict[str, Any] | None:
        """Return the chat completion; None where only a server can answer that has responses itself.

        Raises InvalidBodyError where none of those is asked.
        """
        try:
            return to_chat(body, items)
        except InvalidBodyError:
            has_own = self._gateway.has_own(principal, body.get("model"), "responses")
            if has_template(body) or not has_own:
                raise
            return None

    async def _open(self, work: ResponseWork, *, is_stream: bool) -> Passed:
        reshape = partial(work.shape, is_stream=is_stream)
        return await self._gateway.open(work.principal, "chat/completions", work.sizes, reshape=reshape)

    async def count_tokens(
        self, principal: Principal, body: dict[str, Any], counter: PromptCounter
    ) -> dict[str, Any]:
        """Return how long a prompt is: asked of a server that has responses itself, else counted as a chat.

        Raises PortalError.
        """
        work = await self.begin(principal, body)
        tokens = await counter.ask(principal.caller, body.get("model"), work.count_shape)
        if tokens is None:
            if work.chat is None:
                raise InvalidBodyError("This model's server has no way to count what only it can read.")
            tokens = await counter.count(principal.caller, work.chat)
        return {"object": "response.input_tokens", "input_tokens": tokens}

    async def whole(self, work: ResponseWork) -> dict[str, Any]:
        """Answer, and return the response; cancelling this closes the connection to the server. Raises PortalError."""
        passed = await self._open(work, is_stream=False)
        encoder = work.encoder(passed.answer)
        if isinstance(encoder, OwnEncoder):
            encoder.take(await self._gateway.read_whole(passed))
            await self._keep(work, encoder, passed)
        else:
            await self._read(work, self._gateway.pieces(passed), encoder, passed)
        return _good(encoder)

    async def whole_kept(self, work: ResponseWork, wish: CacheWish) -> bytes:
        """Return the same as JSON, kept or new: for one that is not stored. Raises PortalError."""
        if self._is_own(work):
            asked = Asked(work.principal, "responses", dict(work.own.body) if work.own is not None else {})

            async def ask() -> bytes:
                return orjson.dumps(await self.whole(work))

            return await self._cache.whole_as_is(asked, wish, ask)
        encoder = ResponseEncoder(work.response)
        begun = await self._cache.begin(work.principal, "chat/completions", work.sizes, wish)
        await self._read(work, begun.pieces, encoder)
        return orjson.dumps(_good(encoder))

    async def begin_stream(self, work: ResponseWork) -> Begun:
        """Return the events of an answer that has begun. Raises PortalError."""
        passed = await self._open(work, is_stream=True)
        pieces, encoder = self._gateway.pieces(passed), work.encoder(passed.answer)
        return Begun(self._framed(work, pieces, encoder, passed), partial(self._gateway.abandon, passed))

    async def begin_kept(self, work: ResponseWork, wish: CacheWish) -> Begun:
        """Return the same, kept or new: for one that is not stored. Raises PortalError."""
        if self._is_own(work):
            asked = Asked(work.principal, "responses", dict(work.own.body) if work.own is not None else {})
            ask = partial(self.begin_stream, work)
            return await self._cache.begin_as_is(asked, wish, ask, b"response.completed")
        begun = await self._cache.begin(work.principal, "chat/completions", work.sizes, wish)
        encoder = ResponseEncoder(work.response)
        return Begun(self._framed(work, begun.pieces, encoder, None), begun.abandon)

    def wish(self, work: ResponseWork, scope: Scope, body: dict[str, Any]) -> CacheWish | None:
        """Return what is wanted of kept answers; None for a response that is stored itself, or in a conversation."""
        wish = self._cache.wish(scope, body)
        is_kept = any(work.response[name] for name in ("store", "background", "conversation"))
        return None if is_kept else wish

    def _is_own(self, work: ResponseWork) -> bool:
        """Whether a server may be asked by the request as it came."""
        model = work.sizes.get("model")
        return work.chat is None or (
            work.own is not None and self._gateway.has_own(work.principal, model, "responses")
        )

    async def _framed(
        self, work: ResponseWork, pieces: AsyncGenerator[bytes], encoder: Encoder, passed: Passed | None
    ) -> AsyncGenerator[bytes]:
        """Yield the events; closing this before its end stops the model, and nothing is stored."""
        async with aclosing(self._events(work, pieces, encoder, passed)) as events:
            async for event in events:
                yield framed(event)

    async def _read(
        self,
        work: ResponseWork,
        pieces: AsyncGenerator[bytes],
        encoder: Encoder,
        passed: Passed | None = None,
    ) -> None:
        async with aclosing(self._events(work, pieces, encoder, passed)) as events:
            async for _ in events:
                pass

    async def begin_turn(
        self, principal: Principal, body: dict[str, Any], idempotency_key: str | None
    ) -> tuple[ResponseWork, AsyncGenerator[bytes]]:
        """Make a request with `session_id` a turn of that conversation, which has what was said before and keeps the answer.

        Returns the response and the answer as a completion's stream; closing that before its end stops the turn.
        Raises PortalError.
        """
        check_fields(body)
        for name in ("background", "previous_response_id", "conversation"):
            if body.get(name):
                problem = f"{name}: not possible together with session_id."
                raise NotInSessionsError(problem, details={"param": name})
        items = input_items(body.get("input"), {})
        chat = to_chat(body, items)
        record = await self._gateway.start_turn(principal, chat, idempotency_key)
        row_id, created = new_id(), int(self._clock.now().timestamp())
        model = body.get("model") or self._gateway.default_model(principal)
        response = beginning(body, _PREFIX + row_id, created, model)
        response.update(store=False, session_id=body["session_id"], turn_id=record.turn_id)
        work = ResponseWork(row_id, principal, chat, None, items, response)
        return work, self._gateway.turn_pieces(principal, record, chat)

    async def whole_turn(self, work: ResponseWork, pieces: AsyncGenerator[bytes]) -> dict[str, Any]:
        """Return the response when its turn is over; cancelling this stops the turn. Raises PortalError."""
        encoder = ResponseEncoder(work.response)
        await self._read(work, pieces, encoder)
        return _good(encoder)

    def turn_events(self, work: ResponseWork, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Return the events of the response while its turn runs; closing this stops the turn."""
        return self._framed(work, pieces, ResponseEncoder(work.response), None)

    async def start_in_background(self, work: ResponseWork) -> dict[str, Any]:
        """Let it be answered in the background, and return the response as it is. Raises PortalError."""
        await self._background.start_work(work)
        return work.response

    async def read(self, principal: Principal, response_id: str) -> dict[str, Any]:
        """Return a stored response as it is now."""
        return dict((await self._found(principal, response_id)).response)

    async def events(
        self, principal: Principal, response_id: str, after: int | None
    ) -> AsyncGenerator[bytes]:
        """Check the owner, then return the events numbered above `after`, live or again."""
        row = await self._found(principal, response_id)
        if not row.is_background:
            raise NotInBackgroundError("streamed again")
        return self._background.events(row.id, -1 if after is None else after)

    async def input_items(self, principal: Principal, response_id: str, page: ItemPage) -> dict[str, Any]:
        """Return what was put in."""
        return page_of((await self._found(principal, response_id)).input, page)

    async def cancel(self, principal: Principal, response_id: str) -> dict[str, Any]:
        """Stop one that is answered in the background; one that is over stays as it is."""
        row = await self._found(principal, response_id)
        if not row.is_background:
            raise NotInBackgroundError("cancelled")
        if row.status in ACTIVE:
            await self._background.cancel(row.id)
            row = await self._found(principal, response_id)
        return dict(row.response)

    async def delete(self, principal: Principal, response_id: str) -> dict[str, Any]:
        """Remove a stored response, stopping it first."""
        row = await self._found(principal, response_id)
        if row.status in ACTIVE:
            await self._background.cancel(row.id)
        async with self._database.transaction() as session:
            await ResponseRepository(session).delete(principal.user.id, row.id)
        await self._background.forget_elsewhere(row)
        return {"id": response_id, "object": "response", "deleted": True}

    async def _events(
        self, work: ResponseWork, answer: AsyncGenerator[bytes], encoder: Encoder, passed: Passed | None
    ) -> AsyncGenerator[bytes]:
        """Yield an answer's events; it is stored before its last one, which says that it is there."""
        # nothing is told before the first piece: a stream that never began could not give its place back
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                if encoder.pieces is None:
                    for event in (*encoder.begin(), *encoder.start()):
                        yield event
                for event in encoder.feed(piece):
                    if event is not encoder.last or not encoder.has_ended:
                        yield event
        last = [encoder.last] if encoder.has_ended else encoder.finish(int(self._clock.now().timestamp()))
        if passed is not None and not await self._keep(work, encoder, passed):
            last[-1] = encoder.again()
        for event in last:
            yield event

    async def _keep(self, work: ResponseWork, encoder: Encoder, passed: Passed) -> bool:
        """Store a response that is complete, and lengthen its conversation, as far as each is wanted; the response says
        so where that could not be done: an answer is not lost with the database. Returns whether all went well.
        """
        response, now = encoder.response, self._clock.now()
        if encoder.has_failed or not (response["store"] or response["conversation"]):
            return True
        try:
            async with self._database.transaction() as session:
                if response["store"]:
                    ResponseRepository(session).add(work.row(now, encoder, passed.answer.target))
                await ConversationRepository(session).take_up(response, work.items, now)
        except PortalError as error:
            logger.warning("a response could not be stored: %s", error.message)
            response.update(store=False, conversation=None)
            return False
        return True

    async def _earlier(
        self, principal: Principal, previous_id: str | None
    ) -> tuple[list[Item], StoredAt | None]:
        """Return what was said before, and where else it is stored. Raises PreviousResponseError."""
        if previous_id is None:
            return [], None
        async with self._database.reading() as session:
            chain = await ResponseRepository(session).chain(
                principal.user.id, previous_id.removeprefix(_PREFIX)
            )
        if not chain:
            raise PreviousResponseError(f"there is no response {previous_id!r}")
        if chain[0].previous_id is not None:
            raise PreviousResponseError("a response that it goes on from was deleted")
        if unfinished := next((row for row in chain if row.status not in ("completed", "incomplete")), None):
            raise PreviousResponseError(f"the response is {unfinished.status}")
        if any(row.response.get("conversation") for row in chain):
            raise PreviousResponseError("the response belongs to a conversation; name that one instead")
        items = [item for row in chain for item in (*row.input, *row.response["output"])]
        return items, StoredAt.read(chain[-1].upstream)

    async def _found(self, principal: Principal, response_id: str) -> StoredResponse:
        async with self._database.reading() as session:
            row = await ResponseRepository(session).find(principal.user.id, response_id.removeprefix(_PREFIX))
        if row is None:
            raise ResponseNotFoundError
        return row


def _good(encoder: Encoder) -> dict[str, Any]:
    """Return what came of an answer. Raises UpstreamError for one that failed."""
    if encoder.has_failed:
        error = encoder.response["error"]
        raise UpstreamError(error["message"], code=error["code"])
    return encoder.response
