"""Every route that takes an object's id, asked by somebody else with every form of credential: 404, and nothing changes.

The routes are read from the application: one that is added fails this test until it is listed here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.main import create_app
from tests.api.chat_portal import ChatPortal, say

UNKNOWN = "0" * 32
SESSION, DELETED = "maze-7", "maze-8"


@dataclass(frozen=True)
class Objects:
    """What belongs to Ada; `own_session` is the asker's."""

    session: str
    deleted: str
    turn: str
    user_message: str
    answer: str
    key: str
    sign_in: str
    template: str
    attachment: str
    device: str
    response: str
    conversation: str
    item: str
    own_session: str = "mine"


@dataclass(frozen=True)
class Case:
    """One request to a route with somebody else's id in it."""

    operation: str
    path: dict[str, str]
    body: dict[str, Any] | None = None
    status: int = 404
    is_for_people: bool = False
    is_for_gateway: bool = False

    def request(self) -> tuple[str, str]:
        method, template = self.operation.split(" ")
        return method, template.format(**self.path)


def _cases(ids: Objects) -> list[Case]:
    session, turn = {"session_id": ids.session}, {"turn_id": ids.turn}
    new = {"session_id": ids.own_session, "message": "hello"}
    prompt = {"messages": [{"role": "user", "content": "hello"}]}
    return [
        Case("DELETE /api/auth/sessions/{sign_in_id}", {"sign_in_id": ids.sign_in}, is_for_people=True),
        Case("DELETE /api/keys/{key_id}", {"key_id": ids.key}, is_for_people=True),
        Case("PATCH /api/keys/{key_id}", {"key_id": ids.key}, {"name": "taken over"}, is_for_people=True),
        Case("GET /api/llm/chat/session/{session_id}/history", session),
        Case("POST /api/llm/chat/session/history", {}, session),
        Case("DELETE /api/llm/chat/session/{session_id}", session, status=200),  # as when there is none
        *_branches("POST /api/llm/chat/session", new, ids),
        *_branches("POST /api/llm/chat/session/stream", new, ids),
        *_templates(ids),
        *_attachments(new, ids),
        *_devices(ids),
        *_responses(ids),
        *_v1_conversations(ids),
        Case(
            "POST /api/sessions/folders/fill", {}, {"name": "taken", "session_ids": [ids.session]}, status=200
        ),  # as when there is none: nothing is filled
        *(
            Case(f"POST /api/llm/chat{end}", {}, {**body, "template_id": int(ids.template)})
            for end, body in [("", prompt), ("/stream", prompt), ("/session", new), ("/session/stream", new)]
        ),
        Case("GET /api/llm/turns/{turn_id}", turn),
        Case("GET /api/llm/turns/{turn_id}/events", turn),
        Case("POST /api/llm/turns/{turn_id}/cancel", turn),
        Case("GET /api/llm/turns/{turn_id}/ledger", turn),
        Case("GET /api/sessions/{session_id}", session),
        Case("PATCH /api/sessions/{session_id}", session, {"title": "taken over", "pinned": True}),
        Case("DELETE /api/sessions/{session_id}", session),
        Case("POST /api/sessions/{session_id}/restore", {"session_id": ids.deleted}),
        Case("POST /api/sessions/{session_id}/leaf", session, {"message_id": ids.user_message}),
        Case(
            "POST /api/sessions/{session_id}/leaf",
            {"session_id": ids.own_session},
            {"message_id": ids.user_message},
        ),
        Case("GET /api/sessions/{session_id}/export", session),
        Case("POST /api/sessions/{session_id}/share", session, is_for_people=True),
        Case("PUT /api/sessions/{session_id}/share", session, is_for_people=True),
        Case("GET /api/sessions/{session_id}/share", session),
        Case("DELETE /api/sessions/{session_id}/share", session),
        Case("GET /api/shared/{token}", {"token": UNKNOWN}),
    ]


def _branches(operation: str, new: dict[str, Any], ids: Objects) -> Iterator[Case]:
    yield Case(operation, {}, {**new, "parent_id": ids.answer})
    for message in (ids.user_message, ids.answer):
        yield Case(operation, {}, {"session_id": ids.own_session, "regenerate_of": message})
        yield Case(operation, {}, {"session_id": ids.session, "regenerate_of": message})


def _templates(ids: Objects) -> Iterator[Case]:
    one, path = {"template_id": ids.template}, "/api/templates/{template_id}"
    whole = {"title": "taken over", "content": "x"}
    yield Case(f"GET {path}", one)
    yield Case(f"PUT {path}", one, whole, is_for_people=True)
    yield Case(f"PATCH {path}", one, {"is_public": True}, is_for_people=True)
    yield Case(f"DELETE {path}", one, is_for_people=True)
    yield Case(f"GET {path}/versions", one)
    yield Case(f"GET {path}/versions/{{number}}", {**one, "number": "1"})
    yield Case(f"POST {path}/render", one, {"variables": {"player": "Eve"}})


def _attachments(new: dict[str, Any], ids: Objects) -> Iterator[Case]:
    one, path = {"attachment_id": ids.attachment}, "/api/attachments/{attachment_id}"
    yield Case(f"GET {path}", one)
    yield Case(f"GET {path}/content", one)
    yield Case(f"DELETE {path}", one)
    for end in ("session", "session/stream"):
        yield Case(f"POST /api/llm/chat/{end}", {}, {**new, "attachments": [ids.attachment]})


def _devices(ids: Objects) -> Iterator[Case]:
    one, path = {"device_id": ids.device}, "/api/devices/{device_id}"
    yield Case(f"POST {path}/secret", one, is_for_people=True)
    yield Case(f"DELETE {path}", one, is_for_people=True)
    yield Case(f"PATCH {path}", one, {"name": "taken over"}, is_for_people=True)
    yield Case(f"GET {path}/requests", one, is_for_people=True)


def _responses(ids: Objects) -> Iterator[Case]:
    one, path = {"response_id": ids.response}, "/v1/responses/{response_id}"
    for operation in (f"GET {path}", f"GET {path}/input_items", f"POST {path}/cancel", f"DELETE {path}"):
        yield Case(operation, one, is_for_gateway=True)


def _v1_conversations(ids: Objects) -> Iterator[Case]:
    one, path = {"conversation_id": ids.conversation}, "/v1/conversations/{conversation_id}"
    item = {**one, "item_id": ids.item}
    for operation in (f"GET {path}", f"GET {path}/items", f"DELETE {path}"):
        yield Case(operation, one, is_for_gateway=True)
    for operation in (f"GET {path}/items/{{item_id}}", f"DELETE {path}/items/{{item_id}}"):
        yield Case(operation, item, is_for_gateway=True)
    yield Case(f"POST {path}", one, {"metadata": {"taken": "over"}}, is_for_gateway=True)
    further = {"items": [{"role": "user", "content": "taken over"}]}
    yield Case(f"POST {path}/items", one, further, is_for_gateway=True)


# by role and not by owner (test_admin.py, test_providers.py, test_projects.py); models are everybody's
_NOBODYS = (" /api/admin/", " /api/projects/", " /v1/models/")
NAMES_A_NEW_SESSION = "POST /api/sessions"  # its `id` is a name to give; see the test of equal names


def _takes_ids(operation: str, details: dict[str, Any], schemas: dict[str, Any]) -> bool:
    if any(part in operation for part in _NOBODYS):
        return False
    if "{" in operation or operation == NAMES_A_NEW_SESSION:
        return operation != NAMES_A_NEW_SESSION
    content = details.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    fields = schemas.get(name, {}).get("properties", {})
    return any(field == "id" or field.endswith(("_id", "_of", "_ids", "attachments")) for field in fields)


def _operations() -> dict[str, dict[str, Any]]:
    schema = create_app().openapi()
    return {
        f"{method.upper()} {path}": details
        for path, methods in schema["paths"].items()
        for method, details in methods.items()
    }


@pytest.fixture
async def ids(ada: httpx.AsyncClient, eve: httpx.AsyncClient) -> Objects:
    turn = await say(ada, SESSION, "Where is the exit?")
    await say(ada, DELETED, "Forget this.")
    assert (await ada.delete(f"/api/sessions/{DELETED}")).status_code == 200
    await say(eve, "mine", "Hello.")
    messages = (await ada.get(f"/api/sessions/{SESSION}")).json()["messages"]
    assert (await ada.post(f"/api/sessions/{SESSION}/share")).status_code == 200
    key = (await ada.post("/api/keys", json={"name": "a game"})).json()
    sign_in = (await ada.get("/api/auth/sessions")).json()["items"][0]
    wish = {"title": "Guide", "content": "You guide {{player}}."}
    template = (await ada.post("/api/templates", json=wish)).json()
    attachment = (await ada.post("/api/attachments?name=map.txt", content=b"The way out.")).json()
    device = (await ada.post("/api/devices", json={"name": "a robot"})).json()
    first = (await ada.post("/v1/responses", json={"input": "Where is the exit?"})).json()
    further = {"input": "And then?", "previous_response_id": first["id"]}
    response = (await ada.post("/v1/responses", json=further)).json()
    given = {"items": [{"role": "user", "content": "A secret."}]}
    conversation = (await ada.post("/v1/conversations", json=given)).json()["id"]
    [item] = (await ada.get(f"/v1/conversations/{conversation}/items")).json()["data"]
    return Objects(
        session=SESSION,
        deleted=DELETED,
        turn=turn["turn_id"],
        user_message=messages[0]["id"],
        answer=messages[1]["id"],
        key=key["id"],
        sign_in=sign_in["id"],
        template=str(template["id"]),
        attachment=attachment["id"],
        device=device["id"],
        response=response["id"],
        conversation=conversation,
        item=item["id"],
    )


@pytest.fixture(params=["sign-in", "key", "key of every scope"])
async def asker(
    eve: httpx.AsyncClient, chat_portal: ChatPortal, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    """Eve, by each form of credential."""
    if request.param == "sign-in":
        yield eve
        return
    scopes = ["chat"] if request.param == "key" else ["chat", "gateway", "devices"]
    key = (await eve.post("/api/keys", json={"name": "e", "scopes": scopes})).json()["key"]
    async with httpx.AsyncClient(
        base_url=chat_portal.base_url, timeout=20, headers={"authorization": f"Bearer {key}"}
    ) as program:
        yield program


async def _belongings(ada: httpx.AsyncClient, ids: Objects) -> list[Any]:
    """Everything of Ada's that a stranger's request could have changed."""
    paths = [
        "/api/sessions",
        "/api/sessions?archived=true",
        f"/api/sessions/{ids.session}",
        f"/api/sessions/{ids.session}/share",
        f"/api/sessions/{ids.deleted}",
        f"/api/llm/turns/{ids.turn}",
        f"/api/llm/turns/{ids.turn}/ledger",
        f"/api/llm/chat/session/{ids.session}/history",
        "/api/keys",
        "/api/templates",
        f"/api/templates/{ids.template}/versions",
        f"/api/attachments/{ids.attachment}",
        "/api/devices",
        f"/v1/responses/{ids.response}",
        f"/v1/conversations/{ids.conversation}",
        f"/v1/conversations/{ids.conversation}/items",
    ]
    seen = []
    for path in paths:
        answer = await ada.get(path)
        seen.append((path, answer.status_code, answer.json() if answer.status_code == 200 else None))
    return seen


def test_every_route_that_takes_an_id_is_listed() -> None:
    schemas = create_app().openapi()["components"]["schemas"]
    taking = {name for name, details in _operations().items() if _takes_ids(name, details, schemas)}
    listed = {case.operation for case in _cases(Objects(*["7"] * 13))}
    assert taking == listed


async def test_other_peoples_ids_are_404_and_nothing_changes(
    ada: httpx.AsyncClient, asker: httpx.AsyncClient, ids: Objects
) -> None:
    """The ancestor's session ids belonged to nobody: anyone read or deleted another's session."""
    before = await _belongings(ada, ids)
    is_key = "pp_" in asker.headers["authorization"]
    has_gateway = (await asker.get("/v1/models")).status_code == 200
    unexpected = []
    for case in _cases(ids):
        method, path = case.request()
        answer = await asker.request(method, path, json=case.body)
        is_closed = case.is_for_people or (case.is_for_gateway and not has_gateway)
        expected = 403 if is_key and is_closed else case.status
        if answer.status_code != expected:
            unexpected.append((case, answer.status_code, answer.text))
    assert unexpected == []
    assert await _belongings(ada, ids) == before
    assert (await ada.get("/api/auth/me")).status_code == 200  # still signed in
    restored = await ada.post(f"/api/sessions/{ids.deleted}/restore")
    assert restored.status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_foreign_id_is_answered_like_one_that_never_was(eve: httpx.AsyncClient, ids: Objects) -> None:
    """Otherwise the answer would tell which ids exist."""
    never = Objects("never", "never-2", *[UNKNOWN] * 5, "999999", *[UNKNOWN] * 5)
    for foreign, unknown in zip(_cases(ids), _cases(never), strict=True):
        answers = []
        for case in (foreign, unknown):
            method, path = case.request()
            answers.append(await eve.request(method, path, json=case.body))
        bodies = [answer.json().get("error", answer.json()) for answer in answers]
        for body in bodies:
            body.pop("request_id", None)
        assert answers[0].status_code == answers[1].status_code
        assert bodies[0] == bodies[1], foreign.operation


async def test_two_people_may_give_the_same_name_to_their_sessions(
    ada: httpx.AsyncClient, asker: httpx.AsyncClient, ids: Objects
) -> None:
    """A session's id is its owner's name for it: the same one of somebody else is another session."""
    before = await _belongings(ada, ids)
    created = await asker.post("/api/sessions", json={"id": ids.deleted, "title": "mine"})
    assert created.status_code == 201
    answer = await say(asker, ids.session, "hello")
    assert answer["turn_id"] != ids.turn
    history = (await asker.get(f"/api/llm/chat/session/{ids.session}/history")).json()["messages"]
    assert [message["role"] for message in history] == ["user", "assistant"]
    assert history[0]["content"] == "hello"
    assert await _belongings(ada, ids) == before
    assert (await asker.delete(f"/api/sessions/{ids.session}")).status_code == 200
    assert await _belongings(ada, ids) == before


_BROKERS = ("/api/mqtt/auth", "/api/mqtt/acl")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_route_works_without_a_credential_or_with_a_dead_one(
    ada: httpx.AsyncClient, chat_portal: ChatPortal, ids: Objects
) -> None:
    key = (await ada.post("/api/keys", json={"name": "x"})).json()
    await ada.delete(f"/api/keys/{key['id']}")
    before = await _belongings(ada, ids)
    names = {"sign_in_id": ids.sign_in, "key_id": ids.key, "session_id": ids.session, "turn_id": ids.turn}
    names |= {"template_id": ids.template, "number": "1", "attachment_id": ids.attachment}
    names |= {"response_id": ids.response, "conversation_id": ids.conversation, "item_id": ids.item}
    names |= {"device_id": ids.device, "user_id": "1", "provider_id": UNKNOWN, "model": "fake-model"}
    names |= {"name": "maze", "announcement_id": UNKNOWN, "invitation_id": UNKNOWN}
    dead = [None, "Bearer x", "Bearer pp_" + "a" * 43, f"Bearer {key['key']}"]
    async with httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20) as stranger:
        for operation, details in _operations().items():
            if not details.get("security"):
                continue
            method, template = operation.split(" ")
            for credential in dead:
                headers = {} if credential is None else {"authorization": credential}
                answer = await stranger.request(method, template.format(**names), headers=headers)
                # a broker's own secret, which this portal was not given: for nobody here
                refused = 404 if template in _BROKERS else 401
                assert (operation, credential, answer.status_code) == (operation, credential, refused)
    assert await _belongings(ada, ids) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_key_without_the_scope_opens_no_chat_route(
    ada: httpx.AsyncClient, chat_portal: ChatPortal, ids: Objects
) -> None:
    key = (await ada.post("/api/keys", json={"name": "x", "scopes": ["devices", "gateway"]})).json()["key"]
    names = {"session_id": ids.session, "turn_id": ids.turn, "attachment_id": ids.attachment}
    opened = []
    async with httpx.AsyncClient(
        base_url=chat_portal.base_url, timeout=20, headers={"authorization": f"Bearer {key}"}
    ) as program:
        for operation, details in _operations().items():
            method, template = operation.split(" ")
            is_chat = template.startswith(("/api/llm", "/api/sessions", "/api/models", "/api/attachments"))
            if not is_chat or not details.get("security"):
                continue
            answer = await program.request(method, template.format(**names), json={})
            if (answer.status_code, answer.json()["error"]["code"]) != (403, "missing_scope"):
                opened.append((operation, answer.status_code, answer.text))
    assert opened == []
