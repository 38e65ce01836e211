"""The table of error codes in docs/mqtt.md: every code that a request over MQTT can get, and none that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import app.attachments.errors
import app.auth.errors
import app.bridge.errors
import app.bridge.intake
import app.chat.errors
import app.db.session
import app.limits.errors
import app.templates.errors
from app.config import PROJECT_ROOT
from app.errors import PortalError
from app.llm.errors import LLMError

# What a request that is taken in can raise; the rest of these modules is of other doors.
_OF_A_TURN = (
    app.attachments.errors.AttachmentNotFoundError,
    app.auth.errors.AdminOnlyError,
    app.auth.errors.MissingScopeError,
    app.auth.errors.PasswordChangeRequiredError,
    app.bridge.errors.AnswerTooLargeError,
    app.bridge.intake.IdReusedError,
    app.chat.errors.MessageNotFoundError,
    app.chat.errors.SessionNotFoundError,
    app.db.session.DatabaseUnavailableError,
)
_OTHER_DOORS = {"too_many_templates"}


def _below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _code(kind: type[Exception]) -> str:
    return str(vars(kind).get("code") or getattr(kind, "code", ""))


def _listed() -> set[str]:
    text = (PROJECT_ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    table = text.partition("| `code` | what happened | send it again? |\n|---|---|---|\n")[2]
    rows = table.partition("\n\n")[0].splitlines()
    return {code for row in rows for code in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_the_table_has_every_code_that_a_request_over_mqtt_can_get() -> None:
    engine = {_code(kind) for kind in _below(LLMError)}
    own = {
        _code(kind)
        for kind in _below(PortalError)
        if kind.__module__ in ("app.limits.errors", "app.templates.errors", "app.bridge.intake")
    }
    assert (engine | own | {_code(kind) for kind in _OF_A_TURN}) - _OTHER_DOORS - _listed() == set()


def test_the_table_has_no_code_that_there_is_not() -> None:
    known = {_code(kind) for root in (PortalError, LLMError) for kind in _below(root)}
    known |= {"internal_error", "upstream_error", "response_topic_refused"}
    assert _listed() - known == set()
    assert len(_listed()) > 20
