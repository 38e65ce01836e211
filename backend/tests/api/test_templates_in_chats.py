"""Templates as system prompts: in sessions and whole prompts, streamed or not, own and shared ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.auth_portal import code_of, make_key
from tests.api.chat_portal import ChatPortal, read_stream, say
from tests.api.test_templates import change, fields_of, write
from tests.fakes.upstream import FakeUpstream

PROMPT = {"messages": [{"role": "user", "content": "hello"}]}
ASK = {"session_id": "s", "message": "hello"}
DOORS = [
    ("/api/llm/chat", PROMPT),
    ("/api/llm/chat/stream", PROMPT),
    ("/api/llm/chat/session", ASK),
    ("/api/llm/chat/session/stream", ASK),
]
ADA = {"variables": {"player": "Ada"}}
GUIDES_ADA = {"role": "system", "content": "You guide Ada. Be kind."}


def sent(upstream: FakeUpstream) -> list[dict[str, Any]]:
    """The messages of the last request that the model server got."""
    return list(upstream.requests[-1].body["messages"])


@pytest.mark.parametrize(("path", "body"), DOORS)
async def test_every_chat_route_takes_a_template(
    ada: httpx.AsyncClient, upstream: FakeUpstream, path: str, body: dict[str, Any]
) -> None:
    template = await write(ada)
    whole = {**body, "template_id": template["id"], **ADA}
    if path.endswith("/stream"):
        stream = await read_stream(ada, "POST", path, json=whole)
        assert stream.last.get("done") is True, stream.last
    else:
        answer = await ada.post(path, json=whole)
        assert answer.status_code == 200, answer.text
    assert sent(upstream) == [GUIDES_ADA, {"role": "user", "content": "hello"}]


async def test_the_text_is_the_sessions_prompt_from_then_on_and_the_prefix_stays(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    template = await write(ada)
    use = {"template_id": template["id"], **ADA}
    await say(ada, "s", "one", **use)
    assert (await ada.get("/api/sessions/s")).json()["system_prompt"] == GUIDES_ADA["content"]
    await say(ada, "s", "two", **use)
    await say(ada, "s", "three")
    prompts = [request.body["messages"] for request in upstream.requests]
    assert [len(prompt) for prompt in prompts] == [2, 4, 6]
    assert prompts[2][:4] == prompts[1] and prompts[1][:2] == prompts[0]
    await say(ada, "s", "four", **{**use, "variables": {"player": "Ada", "mood": "stern"}})
    assert sent(upstream)[0]["content"] == "You guide Ada. Be stern."
    assert sent(upstream)[1:-1] == [*prompts[2][1:], {"role": "assistant", "content": "You said: three"}]


async def test_a_version_can_be_named_and_the_newest_is_taken_otherwise(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    template = await write(ada)
    await change(ada, template, content="Second, {{player}}.")
    use = {"template_id": template["id"], **ADA}
    await say(ada, "s", "x", **use)
    assert sent(upstream)[0]["content"] == "Second, Ada."
    await say(ada, "s", "x", **use, template_version=1)
    assert sent(upstream)[0] == GUIDES_ADA
    for path, body in DOORS:
        answer = await ada.post(path, json={**body, **use, "template_version": 3})
        assert (answer.status_code, code_of(answer)) == (404, "template_version_not_found")


async def test_other_peoples_templates_are_used_while_they_are_shared(
    ada: httpx.AsyncClient, eve: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    template = await write(ada, is_public=True)
    use = {"template_id": template["id"], "variables": {"player": "Eve"}}
    await say(eve, "s", "x", **use)
    assert sent(upstream)[0]["content"] == "You guide Eve. Be kind."
    await change(ada, template, is_public=False)
    refused = await eve.post("/api/llm/chat/session", json={**ASK, **use})
    assert (refused.status_code, code_of(refused)) == (404, "template_not_found")


async def test_a_template_that_is_switched_off_is_refused(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    template = await write(ada, is_active=False)
    for path, body in DOORS:
        answer = await ada.post(path, json={**body, "template_id": template["id"], **ADA})
        assert (answer.status_code, code_of(answer)) == (409, "template_inactive")
    assert upstream.requests == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_does_not_go_together_is_named_and_nothing_is_stored(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    template_id = (await write(ada))["id"]
    own = {"role": "system", "content": "x"}
    for path, body in DOORS:
        wrong: list[tuple[dict[str, Any], str]] = [
            (ADA, "variables"),
            ({"variables": {}}, "variables"),
            ({"template_version": 1}, "template_version"),
            ({"template_id": 0}, "template_id"),
            ({"template_id": "x", **ADA}, "template_id"),
            ({"template_id": template_id}, "variables.player"),
            ({"template_id": template_id, "variables": {**ADA["variables"], "a": 1}}, "variables.a"),
            (
                {"template_id": template_id, **ADA, "system_prompt": ""}
                if "session" in path
                else {"template_id": template_id, **ADA, "messages": [own, *PROMPT["messages"]]},
                "system_prompt" if "session" in path else "messages",
            ),
        ]
        for fields, field in wrong:
            answer = await ada.post(path, json={**body, **fields})
            assert (answer.status_code, fields_of(answer)) == (422, [field]), (path, fields)
    assert upstream.requests == []
    assert (await ada.get("/api/sessions")).json()["items"] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_text_that_would_be_too_long_is_refused(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    template = await write(ada, content="{{player}}" * 100, variables=[])
    use = {"template_id": template["id"], "variables": {"player": "x" * 20_000}}
    for path, body in DOORS:
        answer = await ada.post(path, json={**body, **use})
        assert (answer.status_code, code_of(answer)) == (413, "too_large")
        assert answer.json()["error"]["details"] == {"chars": 2_000_000, "max_chars": 1_000_000}
    assert upstream.requests == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_game_with_a_key_uses_its_owners_template(
    ada: httpx.AsyncClient, chat_portal: ChatPortal, upstream: FakeUpstream
) -> None:
    template = await write(ada)
    headers = {"authorization": f"Bearer {(await make_key(ada))['key']}"}
    async with httpx.AsyncClient(base_url=chat_portal.base_url, timeout=20, headers=headers) as game:
        await say(game, "maze-7", "Which way?", template_id=template["id"], **ADA)
    assert sent(upstream)[0] == GUIDES_ADA


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_another_answer_can_be_asked_for_with_another_template(
    ada: httpx.AsyncClient, upstream: FakeUpstream
) -> None:
    first, second = await write(ada), await write(ada, content="Be terse.", variables=[])
    turn = await say(ada, "s", "x", template_id=first["id"], **ADA)
    await say(ada, "s", None, regenerate_of=turn["user_message_id"], template_id=second["id"])
    assert sent(upstream) == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "x"},
    ]
