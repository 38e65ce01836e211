"""The template language: what is replaced, what is plain text, what is refused, and that no input makes it slow."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.templates.errors import InvalidVariablesError
from app.templates.renderer import (
    MAX_RENDERED_CHARS,
    Placeholder,
    RenderedTooLongError,
    TemplateSyntaxError,
    names_in,
    parse,
    render,
)
from app.templates.variables import Variable, declare, texts_of

VALUES = {"name": "Ada", "x": "1", "_y2": "two"}
_MARK = "\ue000"
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True)
TRICKY = st.text(st.sampled_from("\\{}ab _\n")) | st.text(st.characters(exclude_characters=_MARK))


def fill(content: str, values: dict[str, str] = VALUES) -> str:
    return render(parse(content), values)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Hello, {{name}}!", "Hello, Ada!"),
        ("{{ name }}{{\tname}}", "AdaAda"),
        ("{{x}}{{_y2}}{{x}}", "1two1"),
        ("no variables: {x} }} {} { {", "no variables: {x} }} {} { {"),
        ('{"player": {"name": "{{name}}"}}', '{"player": {"name": "Ada"}}'),
        ("{{{x}}}", "{1}"),
        ("{{{{x}}}}", "{{1}}"),
        (r"\{{x}}", "{{x}}"),
        (r"\\{{x}}", "\\1"),
        (r"\\\{{x}}", r"\{{x}}"),
        (r"\{{{{x}}}}", "{{1}}"),
        (r"\{{{x}}}", "{{{x}}}"),
        (r"C:\dir\{x} \n \\", r"C:\dir\{x} \n \\"),
        ("", ""),
    ],
)
def test_what_a_template_says(content: str, text: str) -> None:
    assert fill(content) == text


@pytest.mark.parametrize(
    "hole",
    [
        "{{}}",
        "{{ }}",
        "{{name",
        "{{name}",
        "{{name} }",
        "{{na me}}",
        "{{2x}}",
        "{{name.upper}}",
        "{{name|upper}}",
        "{{name()}}",
        "{{name[0]}}",
        "{{#if name}}",
        "{{__class__.__mro__}}",
        "{{name\n}}",
        "{{größe}}",
        "{{" + "n" * 65 + "}}",
        r"{{\{{x}}",
        "{{",
    ],
)
def test_there_is_nothing_but_names(hole: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="line 2, column 4: "):
        parse("ok {{name}}\nab " + hole)


@given(st.lists(TRICKY | NAMES.map(Placeholder)), st.dictionaries(NAMES, TRICKY))
def test_every_text_can_be_written_and_values_go_in_untouched(
    pieces: list[str | Placeholder], some: dict[str, str]
) -> None:
    """Whatever stands around a placeholder, and whatever its value looks like."""
    names = [piece.name for piece in pieces if isinstance(piece, Placeholder)]
    values = {name: some.get(name, "{{" + name + "}} \\{{") for name in names}
    expected = "".join(values[piece.name] if isinstance(piece, Placeholder) else piece for piece in pieces)
    parts = parse(_written(pieces))
    assert render(parts, values) == expected
    assert names_in(parts) == tuple(dict.fromkeys(names))


def _written(pieces: list[str | Placeholder]) -> str:
    """Write pieces in the template language, as its description says to."""
    names = iter([piece.name for piece in pieces if isinstance(piece, Placeholder)])
    marked = "".join(_MARK if isinstance(piece, Placeholder) else piece for piece in pieces)

    def write(found: re.Match[str]) -> str:
        if found["slashes"] is not None:
            return found["slashes"] * 2 + found["braces"] + "{{" + next(names) + "}}"
        return found["plain"] * 2 + r"\{{"

    before_a_name = rf"(?P<slashes>\\*)(?P<braces>\{{*){_MARK}"
    return re.sub(rf"{before_a_name}|(?P<plain>\\*)\{{\{{", write, marked)


@given(TRICKY)
def test_any_text_is_a_template_or_says_where_it_is_none(content: str) -> None:
    try:
        parts = parse(content)
    except TemplateSyntaxError as error:
        line, column = map(int, re.findall(r"\d+", str(error))[:2])
        assert content.split("\n")[line - 1][column - 1 :].startswith("{{")
    else:
        assert "{{" in content or parts == ((content,) if content else ())


@pytest.mark.parametrize("unit", ["\\", "{", "{{x}}", "\\{{", "{{ ", "\\\\{{x}}", "{ ", "}}"])
def test_no_text_takes_more_than_linear_time(unit: str) -> None:
    """Quadratic work on so many characters would take minutes."""
    content = unit * (400_000 // len(unit))

    def seconds() -> float:
        began = time.process_time()
        with contextlib.suppress(TemplateSyntaxError):
            fill(content)
        return time.process_time() - began

    assert any(seconds() < 2 for _ in range(3)), "the machine may be slow once, not three times"


def test_a_text_that_would_be_too_long_is_refused_before_it_is_made() -> None:
    parts = parse("{{x}}" * 20_000)
    with pytest.raises(RenderedTooLongError) as caught:
        render(parts, {"x": "v" * 20_000})
    assert caught.value.chars == 400_000_000
    exactly = parse("{{x}}" * 50)
    assert len(render(exactly, {"x": "v" * 20_000})) == MAX_RENDERED_CHARS


@pytest.mark.parametrize(
    ("declaration", "value", "text"),
    [
        ({}, "text", "text"),
        ({}, "", ""),
        ({"max_length": 3}, "日本語", "日本語"),
        ({"type": "number"}, 7, "7"),
        ({"type": "number"}, -0.5, "-0.5"),
        ({"type": "number"}, 2.0, "2"),
        ({"type": "number"}, 0.1, "0.1"),
        ({"type": "number"}, 1e300, "1e+300"),
        ({"type": "boolean"}, True, "true"),
        ({"type": "boolean"}, False, "false"),
        ({"type": "choice", "choices": ["kind", "stern"]}, "stern", "stern"),
        ({"default": "Bob"}, None, "Bob"),
        ({"type": "number", "default": 0}, None, "0"),
        ({"type": "boolean", "default": False}, None, "false"),
        ({"required": False}, None, ""),
        ({"type": "number", "required": False}, None, ""),
    ],
)
def test_what_a_value_becomes(declaration: dict[str, Any], value: object, text: str) -> None:
    variable = Variable.model_validate({"name": "v", **declaration})
    assert texts_of([variable], ["v"], {"v": value}) == {"v": text}


@pytest.mark.parametrize(
    ("declaration", "value", "problem"),
    [
        ({}, None, "it is required"),
        ({}, 7, "must be a string"),
        ({}, ["a"], "must be a string"),
        ({}, "v" * 20_001, "must have at most 20000 characters"),
        ({}, "a\x00b", r"must not contain the character U\+0000"),
        ({}, "\ud800", "must be valid Unicode"),
        ({"max_length": 3}, "four", "must have at most 3 characters"),
        ({"type": "number"}, "7", "must be a number"),
        ({"type": "number"}, True, "must be a number"),
        ({"type": "number"}, float("nan"), "must be a finite number"),
        ({"type": "number"}, float("-inf"), "must be a finite number"),
        ({"type": "number"}, 10**4000, "must be a number between"),
        ({"type": "boolean"}, 1, "must be true or false"),
        ({"type": "boolean"}, "true", "must be true or false"),
        ({"type": "choice", "choices": ["kind"]}, "KIND", "must be one of the variable's choices"),
        ({"type": "choice", "choices": ["kind"]}, True, "must be a string"),
    ],
)
def test_a_wrong_value_is_named(declaration: dict[str, Any], value: object, problem: str) -> None:
    variable = Variable.model_validate({"name": "v", **declaration})
    with pytest.raises(InvalidVariablesError, match=rf"^variables\.v: {problem}"):
        texts_of([variable], ["v"], {"v": value})


def test_all_wrong_values_are_named_at_once() -> None:
    variables = [Variable(name="a"), Variable(name="b", type="number"), Variable(name="c")]
    with pytest.raises(InvalidVariablesError) as caught:
        texts_of(variables, ["a", "b", "c"], {"b": "x", "c": "fine", "d": 1})
    assert caught.value.details is not None
    assert [field["field"] for field in caught.value.details["fields"]] == [
        "variables.d",
        "variables.a",
        "variables.b",
    ]


def test_a_variable_that_the_content_does_not_use_is_checked_but_not_missed() -> None:
    variables = [Variable(name="unused", type="number")]
    assert texts_of(variables, [], {}) == {"unused": ""}
    with pytest.raises(InvalidVariablesError):
        texts_of(variables, [], {"unused": "x"})


@pytest.mark.parametrize(
    "declaration",
    [
        {"name": "2x"},
        {"name": "a.b"},
        {"name": "v\n"},
        {"name": "v", "type": "date"},
        {"name": "v", "default": 7},
        {"name": "v", "max_length": 3, "default": "four"},
        {"name": "v", "type": "number", "default": "7"},
        {"name": "v", "type": "number", "default": True},
        {"name": "v", "type": "boolean", "default": 0},
        {"name": "v", "type": "number", "max_length": 3},
        {"name": "v", "type": "choice"},
        {"name": "v", "type": "choice", "choices": []},
        {"name": "v", "type": "choice", "choices": ["a", "a"]},
        {"name": "v", "type": "choice", "choices": ["a"], "default": "b"},
        {"name": "v", "choices": ["a"]},
        {"name": "v", "max_length": 20_001},
        {"name": "v", "mood": "good"},
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declaration: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Variable.model_validate(declaration)


def test_undeclared_names_are_required_strings_and_go_with_the_content() -> None:
    mood = Variable(name="mood", description="How to speak")
    declared = declare(["player", "mood"], [mood])
    assert declared == [mood, Variable(name="player")]
    assert declare(["goal"], declared) == [mood, Variable(name="goal")]
    assert declare(["player"], [*declared, Variable(name="gone")]) == [mood, Variable(name="player")]
