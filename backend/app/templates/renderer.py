r"""The template language: `{{name}}` is replaced by a value, and that is all of it.

No attributes, filters, loops or code; a value is put in as it is and never read as a template. A name is 1 to 64 of
`A-Z a-z 0-9 _` and does not begin with a digit; blanks around it are fine. `\{{` writes `{{` itself, `\\{{name}}` a
backslash and then the value; of three or more opening braces the last two open, so `{{{name}}}` is the value in braces.
Everywhere else backslashes and braces are plain text. Anything but a name after `{{` is an error. Parsing and rendering
take time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_RENDERED_CHARS = 1_000_000
NAME_PATTERN = r"[A-Za-z_][A-Za-z0-9_]{0,63}"

# the look-behind makes a run of backslashes be tried from its beginning only: without it, many would take quadratic time
_OPENING = re.compile(r"(?<!\\)(\\*+)(\{{2,}+)")
_NAME_AND_CLOSING = re.compile(rf"[ \t]*+({NAME_PATTERN})[ \t]*+\}}\}}")


class TemplateSyntaxError(ValueError):
    """Something after `{{` is no name; says where, and how to write the braces themselves."""

    def __init__(self, content: str, offset: int) -> None:
        line = content.count("\n", 0, offset) + 1
        column = offset - content.rfind("\n", 0, offset)
        super().__init__(
            f"line {line}, column {column}: after {{{{ comes a variable's name and }}}}, as in {{{{player_name}}}}; "
            "to write the braces themselves, put a backslash before them"
        )


class RenderedTooLongError(ValueError):
    """The text with its values would pass MAX_RENDERED_CHARS."""

    def __init__(self, chars: int) -> None:
        super().__init__(f"the text would have {chars} characters; at most {MAX_RENDERED_CHARS} are allowed")
        self.chars = chars


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where a variable's value goes."""

    name: str


Parts = tuple[str | Placeholder, ...]


def parse(content: str) -> Parts:
    """Split a template into plain texts and placeholders. Raises TemplateSyntaxError."""
    parts: list[str | Placeholder] = []
    position = 0
    while (opening := _OPENING.search(content, position)) is not None:
        backslashes = len(opening[1])
        parts.append(content[position : opening.start()] + "\\" * (backslashes // 2))
        if backslashes % 2:
            parts.append("{{")
            position = opening.start(2) + 2
            continue
        parts.append("{" * (len(opening[2]) - 2))
        inside = _NAME_AND_CLOSING.match(content, opening.end())
        if inside is None:
            raise TemplateSyntaxError(content, opening.end() - 2)
        parts.append(Placeholder(inside[1]))
        position = inside.end()
    parts.append(content[position:])
    return tuple(part for part in parts if part)


def names_in(parts: Parts) -> tuple[str, ...]:
    """Return the names of a template's variables, each once, in the order in which they appear."""
    return tuple(dict.fromkeys(part.name for part in parts if isinstance(part, Placeholder)))


def render(parts: Parts, values: Mapping[str, str]) -> str:
    """Put a value in each placeholder's stead. `values` has every name. Raises RenderedTooLongError."""
    texts = [values[part.name] if isinstance(part, Placeholder) else part for part in parts]
    chars = sum(map(len, texts))
    if chars > MAX_RENDERED_CHARS:
        raise RenderedTooLongError(chars)
    return "".join(texts)
