"""Files of other programs and of the portal itself become trees of questions and answers; broken ones are named."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat.imports.documents import conversations_in, read_conversation, title_of
from app.chat.imports.errors import (
    BrokenConversationError,
    TooManyConversationsError,
    UnknownFormatError,
)
from app.chat.imports.open_webui import split_reasoning
from app.chat.imports.values import moment
from app.chat.portable import PortableMessage, PortableSession

SAMPLES = Path(__file__).parents[1] / "samples"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Row = tuple[str | None, str, str, str | None, str | None, str]


def _sample(name: str) -> list[dict[str, Any]]:
    return list(json.loads((SAMPLES / name).read_text(encoding="utf-8")))


def _rows(session: PortableSession) -> list[Row]:
    """Each message as (the text it answers, role, text, reasoning, model, status)."""
    texts = {message.id: message.content for message in session.messages}
    return [
        (texts.get(m.parent_id or ""), m.role, m.content, m.reasoning, m.model, m.status)
        for m in session.messages
    ]


def _leaf(session: PortableSession) -> str:
    return next(m.content for m in session.messages if m.id == session.active_leaf_id)


def test_chatgpts_tree_keeps_its_branches_and_loses_what_its_page_hides() -> None:
    session = read_conversation(_sample("chatgpt_conversations.json")[0], NOW)
    thinking = "**Looking at the map**\n\nNorth is open."
    first, second = "[image]\n\nWhich way is out?", "Let me count the steps.\n\nSeven steps north."
    door = "Through the <script>alert(1)</script> door."
    assert _rows(session) == [
        (None, "user", first, None, None, "complete"),
        (first, "assistant", second, thinking, "gpt-5-thinking", "complete"),
        (second, "user", "And then?", None, None, "complete"),
        ("And then?", "assistant", "East.", None, "gpt-4o", "stopped"),
        (second, "user", "And after that?", None, None, "complete"),
        ("And after that?", "assistant", door, None, "gpt-4o", "complete"),
        (first, "assistant", "North, I think.", None, "gpt-4o", "complete"),
    ]
    assert _leaf(session) == door
    assert (session.title, session.title_source, session.pinned) == ("Way out of the maze", "user", True)
    assert session.created_at == datetime.fromtimestamp(1764000000.25, UTC)
    assert session.updated_at == datetime.fromtimestamp(1764000300.5, UTC)
    assert session.messages[0].created_at == datetime.fromtimestamp(1764000001.5, UTC)
    assert session.system_prompt is None  # the person's own instructions are not this conversation's


def test_open_webuis_tree_has_its_reasoning_apart_again() -> None:
    session = read_conversation(_sample("open_webui_chats.json")[0], NOW)
    assert _rows(session) == [
        (None, "user", "Open the door.", None, None, "complete"),
        ("Open the door.", "assistant", "", None, "llama3.1:8b", "failed"),
        (
            "Open the door.",
            "assistant",
            "Show me the key.",
            "The key is needed.\nIs 3 < 4?",
            "deepseek-r1:7b",
            "complete",
        ),
        ("Show me the key.", "user", "Here it is.", None, None, "complete"),
    ]
    assert _leaf(session) == "Here it is."
    assert (session.title, session.system_prompt, session.archived) == (
        "Doors and keys",
        "You guard a door.",
        True,
    )
    assert session.messages[0].created_at == datetime(2025, 11, 25, 19, 46, 41, tzinfo=UTC)


def test_an_old_open_webui_chat_is_a_list() -> None:
    session = read_conversation(_sample("open_webui_chats.json")[1], NOW)
    assert [row[1:3] for row in _rows(session)] == [("user", "Hello"), ("assistant", "Hi!")]
    assert session.title == "New Chat"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (_sample("chatgpt_conversations.json")[1], "Its messages form a loop."),
        (_sample("chatgpt_conversations.json")[2], "It has no messages."),
        ({"chat": {}}, "It has no messages."),
        ({"chat": {"history": {"messages": {"a": None, "b": 7}}}}, "It has no messages."),
        ({"mapping": {"a": {"parent": "a", "message": None}}}, "Its messages form a loop."),
        ({"format": "prompt-portal.session/9"}, "It is of the format prompt-portal.session/9, which"),
        ({"format": "prompt-portal.session/1"}, "created_at: Field required."),
        ("text", "It is no conversation in a format that the portal knows."),
        ({"a": 1}, "It is no conversation in a format that the portal knows."),
    ],
)
def test_a_broken_conversation_says_why(item: Any, reason: str) -> None:
    with pytest.raises(BrokenConversationError) as caught:
        read_conversation(item, NOW)
    assert str(caught.value).startswith(reason)


def _own(messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    times = {"created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z"}
    return {"format": "prompt-portal.session/1", **times, "messages": messages, **more}


def _message(id: str, parent_id: str | None = None, **more: Any) -> dict[str, Any]:
    fields = {"id": id, "parent_id": parent_id, "role": "user", "content": "x"}
    return {**fields, "created_at": "2026-11-21T09:30:00Z", **more}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (_own([_message("a", "b"), _message("b", "a")]), "Its messages form a loop."),
        (_own([_message("a", "a")]), "Its messages form a loop."),
        (_own([_message("a", "gone")]), "There is no message gone, which another one answers."),
        (_own([_message("a"), _message("a")]), "Two of its messages have the same id."),
        (_own([_message("a", role="system")]), "messages.0.role: Input should be 'user' or 'assistant'."),
        (_own([_message("a")], active_leaf_id="b"), "active_leaf_id: there is no message of that id."),
        (_own([_message("a")] * 10_001), "messages: List should have at most 10000 items"),
        (
            _own([_message("a", content="x" * 4_000_001)]),
            "messages.0.content: String should have at most 4000000",
        ),
        (
            _own([_message("a", created_at="0001-01-01T00:00:00+14:00")]),
            "messages.0.created_at: it is no time",
        ),
        (
            _own([_message("a", created_at="1969-12-31T23:59:59Z")]),
            "messages.0.created_at: it is before 1970.",
        ),
        (
            _own([_message("a", created_at="yesterday")]),
            "messages.0.created_at: Input should be a valid datetime",
        ),
        (
            _own([_message("a", tool_calls=[{"x": 10**30}])]),
            "messages.0.tool_calls: it holds values that cannot",
        ),
        (
            _own([_message("a", tool_calls=[{"x": "\ud800"}])]),
            "messages.0.tool_calls: it holds values that cannot",
        ),
    ],
)
def test_the_portals_own_format_is_held_to_its_word(item: Any, reason: str) -> None:
    with pytest.raises(BrokenConversationError) as caught:
        read_conversation(item, NOW)
    assert str(caught.value).startswith(reason)


def test_children_may_stand_before_their_parents() -> None:
    session = read_conversation(_own([_message("b", "a"), _message("a"), _message("c", "b")]), NOW)
    assert [m.id for m in session.messages] == ["a", "b", "c"]


def test_nothing_is_later_than_now() -> None:
    item = _own([_message("a", created_at="9999-12-31T00:00:00Z")], updated_at="9999-12-31T00:00:00Z")
    session = read_conversation(item, NOW)
    assert session.updated_at == session.messages[0].created_at == NOW


def test_what_no_database_can_store_is_replaced() -> None:
    session = read_conversation(_own([_message("a", content="a\x00b\ud83d")], title="a\nb\x00"), NOW)
    assert session.messages[0].content == "a\ufffdb?"
    assert session.title.encode() and "\n" not in session.title


def test_a_document_may_be_one_conversation_a_list_or_an_archive() -> None:
    one = _own([_message("a")])
    archive = {"format": "prompt-portal.sessions/1", "exported_at": "x", "sessions": [one, one]}
    assert [len(conversations_in(document)) for document in (one, [one], archive)] == [1, 1, 2]
    assert conversations_in([]) == []
    for document in ({}, [1, "x", None], {"format": "other"}, {"messages": []}):
        with pytest.raises(UnknownFormatError):
            conversations_in(document)
    with pytest.raises(TooManyConversationsError, match="1001 conversations, and 1000"):
        conversations_in([one] * 1001)


def test_thoughts_go_to_one_answer_only() -> None:
    """Else a small file with many answers below many thoughts would become an endless one."""
    nodes: dict[str, Any] = {"u": _node(None, "user", "q"), "t": _thought("u"), "t2": _thought("t")}
    nodes |= {f"a{number}": _node("t2", "assistant", f"{number}") for number in range(3)}
    session = read_conversation({"mapping": nodes}, NOW)
    assert [m.reasoning for m in session.messages] == [None, "hm\n\nhm", None, None]


@pytest.mark.parametrize("shape", ["deep", "wide", "hidden", "thoughts"])
def test_a_large_tree_takes_linear_time_and_no_recursion(shape: str) -> None:
    count = 9_000
    nodes: dict[str, Any] = {"0": _node(None, "user", "q")}
    for number in range(1, count):
        parent = "0" if shape == "wide" else f"{number - 1}"
        role = "user" if number % 2 == 0 else "assistant"
        nodes[f"{number}"] = {
            "deep": _node(parent, role, "x"),
            "wide": _node(parent, "assistant", "x"),
            "hidden": _node(parent, "tool", "x"),
            "thoughts": _thought(parent),
        }[shape]
    began = time.process_time()
    session = read_conversation({"mapping": nodes, "current_node": f"{count - 1}"}, NOW)
    assert time.process_time() - began < 5
    assert len(session.messages) == (count if shape in ("deep", "wide") else 1)


def test_folded_reasoning_that_never_ends_stays_text() -> None:
    hostile = '<details type="reasoning"' * 100_000
    began = time.process_time()
    assert split_reasoning(hostile) == (hostile, "")
    assert split_reasoning(hostile.replace('reasoning"', 'reasoning">'))[1] == ""
    assert time.process_time() - began < 2


def _node(parent: str | None, role: str, text: str) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    return {"parent": parent, "message": {"author": {"role": role}, "content": content}}


def _thought(parent: str) -> dict[str, Any]:
    content = {"content_type": "thoughts", "thoughts": [{"summary": "", "content": "hm"}]}
    return {"parent": parent, "message": {"author": {"role": "assistant"}, "content": content}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1764000000, datetime(2025, 11, 24, 16, tzinfo=UTC)),
        (1764000000.5, datetime(2025, 11, 24, 16, 0, 0, 500_000, tzinfo=UTC)),
        (1764000000_000, datetime(2025, 11, 24, 16, tzinfo=UTC)),
        (1764000000_000_000_000, datetime(2025, 11, 24, 16, tzinfo=UTC)),
        ("2025-11-24T16:00:00Z", datetime(2025, 11, 24, 16, tzinfo=UTC)),
        ("2025-11-24T16:00:00", datetime(2025, 11, 24, 16, tzinfo=UTC)),
        (9e10, NOW),
        *(
            (value, None)
            for value in (None, True, 0, -5, float("nan"), float("inf"), 10**400, "soon", [], {})
        ),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times_of_every_make(value: Any, expected: datetime | None) -> None:
    assert moment(value, NOW) == expected


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "author",
                    "role",
                    "content",
                    "parts",
                    "parent",
                    "children",
                    "history",
                    "messages",
                    "title",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=3), _junk, max_size=5), _junk)
def test_no_junk_raises_anything_but_a_reason(nodes: dict[str, Any], junk: Any) -> None:
    for item in (
        {"mapping": nodes, "title": junk, "create_time": junk, "current_node": junk},
        {"chat": {"history": {"messages": nodes, "currentId": junk}, "params": junk}, "title": junk},
        {"chat": junk if isinstance(junk, dict) else {}, "created_at": junk},
        _own([junk], title=junk),
        junk,
    ):
        try:
            session = read_conversation(item, NOW)
        except BrokenConversationError as error:
            assert str(error)
        else:
            assert session.messages
            session.model_dump_json()
        title_of(item).encode()


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
_moments = st.datetimes(datetime(1970, 1, 2), datetime(2026, 1, 1), timezones=st.just(UTC))


@st.composite
def _sessions(draw: st.DrawFn) -> PortableSession:
    """Trees of any form whose messages stand in the order of their times, as an export has them."""
    count = draw(st.integers(0, 8))
    messages: list[PortableMessage] = []
    for number in range(count):
        parent = draw(st.none() | st.sampled_from(messages)) if messages else None
        messages.append(
            PortableMessage(
                id=f"{number:032x}",
                parent_id=parent.id if parent else None,
                role=draw(st.sampled_from(["user", "assistant"])),
                content=draw(_texts),
                reasoning=draw(st.none() | _texts),
                tool_calls=draw(st.none() | st.just([{"id": "1", "function": {"name": "f"}}])),
                status=draw(st.sampled_from(["complete", "stopped", "failed"])),
                model=draw(st.none() | _lines),
                created_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=number // 2),
            )
        )
    return PortableSession(
        title=draw(_lines),
        title_source=draw(st.sampled_from(["auto", "user"])),
        system_prompt=draw(st.none() | _texts),
        model=draw(st.none() | _lines),
        folder=draw(st.none() | _lines),
        pinned=draw(st.booleans()),
        archived=draw(st.booleans()),
        created_at=draw(_moments),
        updated_at=draw(_moments),
        active_leaf_id=draw(st.sampled_from(messages)).id if messages else None,
        messages=messages,
    )


@given(_sessions())
def test_the_portals_own_file_is_read_as_it_was_written(session: PortableSession) -> None:
    assert read_conversation(json.loads(session.model_dump_json()), NOW) == session
