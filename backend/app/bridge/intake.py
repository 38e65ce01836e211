"""From a message to a request in the inbox: who asks, what, and where the answer may go.

Without a valid API key there is no answer, save for devices on the portal's own broker: elsewhere a topic proves nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from app.auth.errors import AdminOnlyError
from app.auth.principal import Principal
from app.bridge.asks import Ask, read_ask, text_of, written
from app.bridge.callers import Callers
from app.bridge.frames import Frames
from app.bridge.games import (
    GameMessage,
    ask_of,
    read_game_message,
    read_sender,
    reply_topic,
    request_name,
)
from app.bridge.inbox import Inbox, NewRequest
from app.bridge.replies import ReplyTo
from app.bridge.status import BridgeStatus
from app.bridge.topics import ROOT, GameTopic, RequestTopic, is_name, is_own_reply_topic, reply_prefix
from app.bridge.transport import Incoming
from app.bridge.worker import Work, Worker
from app.errors import ConflictError, PortalError, UnavailableError, UnprocessableError
from app.kit.hashing import digest
from app.kit.ids import new_id
from app.limits.rates import RateLimits
from app.llm.types import PriorityClass
from app.projects.catalog import ProjectCatalog

logger = logging.getLogger(__name__)
_AUTHORIZATION = "authorization"
_BEARER = "bearer "
_HASH_BYTES = 32


class IdReusedError(ConflictError):
    code = "id_reused"

    def __init__(self) -> None:
        super().__init__("This id was used for another request. Send a new id with a new request.")


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was checked, on its way into the inbox."""

    new: NewRequest
    principal: Principal
    reply: ReplyTo


class Intake:
    """Checks requests (who does not pass is answered here), and puts them into the inbox."""

    def __init__(
        self,
        inbox: Inbox,
        worker: Worker,
        callers: Callers,
        limits: RateLimits,
        status: BridgeStatus,
        *,
        game_key: str,
        reply_bases: dict[str, str],
        projects: ProjectCatalog,
    ) -> None:
        self._inbox = inbox
        self._worker = worker
        self._callers = callers
        self._limits = limits
        self._status = status
        self._game_key = game_key
        self._is_game_key_good = True
        self._reply_bases = reply_bases
        self._projects = projects

    async def claim(self, taken: Taken) -> Work | None:
        """Put a request into the inbox, and return what is to be done; one that came before is answered from there."""
        row, is_new = await self._inbox.claim(taken.new)
        if is_new:
            return Work(row, taken.principal)
        self._status.duplicates += 1
        if row.payload_hash != taken.new.payload_hash:
            await self._refuse(taken.reply, taken.new.request, IdReusedError())
        elif row.answer is not None:
            await self._worker.send(taken.reply, row.answer)
        return None

    async def request(self, topic: RequestTopic, message: Incoming) -> Taken | None:
        """Check a request of the portal's own contract."""
        ask, problem = _read(message.payload)
        principal = await self.caller(message, _secret(ask, message), topic.client)
        if principal is None:
            return None
        rid = _request_name(ask, message)
        wished = message.response_topic
        is_own = wished is not None and is_own_reply_topic(topic.client, wished)
        reply = ReplyTo(
            wished if wished is not None and is_own else reply_prefix(topic.client) + (rid or "error"),
            "frames",
            message.correlation,
        )
        if rid is None:
            problem = UnprocessableError("id: letters, digits and _ . : ~ - only, at most 64 of them.")
        elif wished is not None and not is_own:
            problem = UnprocessableError(
                f"The Response Topic must lie under {reply_prefix(topic.client)} in levels of letters, digits and _ . : ~ -",
                code="response_topic_refused",
            )
        if problem is not None or ask is None or rid is None:
            await self._refuse(reply, rid or "error", problem)
            return None
        return await self._take(principal, topic.client, rid, ask.without_secrets(), reply, message)

    async def game(self, topic: GameTopic, message: Incoming) -> Taken | None:
        """Check a message of the projects' contract."""
        usual = "hint" if topic.action == "state" else "assistant_response"
        base = self._reply_bases.get(message.topic, f"{topic.project}/{usual}")
        error: PortalError | None = None
        try:
            said = read_game_message(message.payload)
        except PortalError as refused:
            said, error = read_sender(message.payload), refused
        secret = said.token.get_secret_value() if said.token else ""
        principal = await self.caller(message, secret or self._game_key)
        if self._game_key and not secret and not _key_in(dict(message.user_properties)):
            self._note_game_key(is_good=principal is not None)
        if principal is None:
            return None
        client = None
        if said.replyTopic is not None and said.replyTopic.startswith(f"{ROOT}/"):
            client = await self._callers.client_of(principal, secret)
        try:
            if error is not None:
                raise error
            if not said.has_plain_names:
                raise UnprocessableError(
                    "sessionId, clientId, requestId: at most 64 letters, digits, _ . : ~ -"
                )
            reply = _game_reply(topic, said, base, message.correlation, client)
            ask = ask_of(topic, said)
            rid = request_name(said, ask) or new_id()
            if ask["op"] == "clear_all" and not principal.is_admin:
                raise AdminOnlyError
        except PortalError as refused:
            await self._refuse(ReplyTo(_error_topic(topic, said, base, client), "text"), "error", refused)
            return None
        if message.expiry_seconds is None:
            message = replace(
                message, expiry_seconds=self._projects.get(topic.project).settings.deadline_seconds
            )
        is_state = topic.action == "state" and self._projects.get(topic.project).settings.coalesces_states
        return await self._take(principal, topic.project, rid, ask, reply, message, is_state=is_state)

    def _note_game_key(self, *, is_good: bool) -> None:
        """Say it once: games that send no key of their own would wait in silence."""
        if self._is_game_key_good and not is_good:
            logger.warning(
                "MQTT_GAME_KEY is no valid key of the scope chat: who sends none on the projects' topics gets no answer"
            )
        self._is_game_key_good = is_good

    async def caller(self, message: Incoming, secret: str, client: str | None = None) -> Principal | None:
        """Return who asks, by the user property `authorization`, the payload's token, else the client's topic; or None."""
        named = _key_in(dict(message.user_properties))
        try:
            if client is not None and not (named or secret):
                return await self._callers.by_client(client)
            return await self._callers.by_secret(named or secret)
        except UnavailableError:
            raise  # nobody can tell who it is right now: the message waits
        except PortalError as error:
            self._status.refused += 1
            logger.debug("an MQTT message without a valid API key is not answered: %s", error.code)
            return None

    async def _take(
        self,
        principal: Principal,
        client: str,
        rid: str,
        ask: dict[str, Any],
        reply: ReplyTo,
        message: Incoming,
        *,
        is_state: bool = False,
    ) -> Taken | None:
        try:
            wished = _priority(message)
            content = written(ask)
            await self._limits.take_request(principal.subjects)
        except PortalError as error:
            await self._refuse(reply, rid, error)
            return None
        new = NewRequest(
            user_id=principal.user.id,
            key_id=principal.key.id if principal.key else "",
            client=client,
            request=rid,
            payload_hash=digest(content),
            ask=ask if wished is None else {**ask, "priority": wished},
            reply=reply.as_json(),
            deadline_seconds=message.expiry_seconds,
            came_at=message.came_at,
            is_state=is_state,
        )
        return Taken(new, principal, reply)

    async def _refuse(self, reply: ReplyTo, rid: str, error: PortalError | None) -> None:
        assert error is not None
        self._status.refused += 1
        await self._worker.send(reply, Frames(rid).error(error))


def _read(payload: bytes) -> tuple[Ask | None, PortalError | None]:
    try:
        return read_ask(payload), None
    except PortalError as error:
        return None, error


def _secret(ask: Ask | None, message: Incoming) -> str:
    if ask is None:
        return text_of(message.payload, "token")
    return ask.token.get_secret_value() if ask.token else ""


def _key_in(properties: dict[str, str]) -> str:
    """Return the key of the user property, with or without the word that HTTP puts before it."""
    value = next((value for name, value in properties.items() if name.lower() == _AUTHORIZATION), "").strip()
    return value[len(_BEARER) :].strip() if value.lower().startswith(_BEARER) else value


def _priority(message: Incoming) -> PriorityClass | None:
    """Return how urgent the caller says it is (user property `priority`), if at all. Raises UnprocessableError."""
    wished = dict(message.user_properties).get("priority")
    if wished is not None and wished not in get_args(PriorityClass):
        raise UnprocessableError(f"priority: one of {', '.join(get_args(PriorityClass))}.")
    return cast(PriorityClass | None, wished)


def _request_name(ask: Ask | None, message: Incoming) -> str | None:
    """Return what names the request: its id, else its Correlation Data, else a new name; None for an unusable id."""
    named = text_of(message.payload, "id") if ask is None else ask.id
    if named:
        return named if is_name(named) else None
    if message.correlation:
        return _name_of(message.correlation)
    return new_id()


def _name_of(correlation: bytes) -> str:
    """Return Correlation Data as a name: as it is where it is one, else in hex digits, those of its hash where it is long."""
    text = correlation.decode("ascii", errors="ignore")
    if text.encode() == correlation and is_name(text):
        return text
    return correlation.hex() if len(correlation) <= _HASH_BYTES else digest(correlation.hex())


def _error_topic(topic: GameTopic, said: GameMessage, base: str, client: str | None) -> str:
    """Return where a game listens whose message is refused, as far as that can be known."""
    if topic.session is not None and is_name(topic.session):
        return f"{base}/{topic.session}"
    if topic.session is not None or "sessionId" not in said.model_fields_set or not said.has_plain_names:
        return f"{base}/error"
    try:
        return reply_topic(topic, said, base, client)
    except UnprocessableError:
        return reply_topic(topic, said.model_copy(update={"replyTopic": None}), base)


def _game_reply(
    topic: GameTopic, said: GameMessage, base: str, correlation: bytes | None, client: str | None
) -> ReplyTo:
    if topic.session is not None:
        if not is_name(topic.session):
            raise UnprocessableError("The session's name cannot stand in a topic.")
        return ReplyTo(f"{base}/{topic.session}", "text", correlation)
    form = "hint" if topic.action == "state" else "text"
    return ReplyTo(reply_topic(topic, said, base, client), form, correlation)  # type: ignore[arg-type]
