"""A template's variables: how they are declared, and the text that a value of each type becomes.

Types are strict: `"5"` is no number and `1` no boolean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.templates.errors import InvalidVariablesError
from app.templates.renderer import NAME_PATTERN

MAX_VARIABLES = 50
MAX_VALUE_CHARS = 20_000
_MAX_INTEGER = 2**63

VariableName = Annotated[str, StringConstraints(pattern=rf"^{NAME_PATTERN}$")]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
Choice = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class Variable(BaseModel):
    """A variable of a template. A name that the content uses without a declaration is a required string.

    An absent value (or null) takes the default; where there is none, it is an error for a required variable and an
    empty text for another.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "mood", "type": "choice", "choices": ["kind", "stern"], "default": "kind"},
                {"name": "player", "description": "What the player is called", "max_length": 40},
            ]
        },
    )

    name: VariableName
    type: Literal["string", "number", "boolean", "choice"] = "string"
    description: Note = ""
    required: bool = True
    default: str | bool | int | float | None = None
    choices: Annotated[list[Choice] | None, Field(min_length=1, max_length=100)] = None
    max_length: Annotated[int | None, Field(ge=1, le=MAX_VALUE_CHARS)] = None

    @model_validator(mode="after")
    def _fits_together(self) -> Variable:
        if (self.choices is not None) != (self.type == "choice"):
            raise ValueError("`choices` go with the type choice, and with no other")
        if self.choices is not None and len(set(self.choices)) < len(self.choices):
            raise ValueError("`choices` must differ from each other")
        if self.max_length is not None and self.type != "string":
            raise ValueError("`max_length` goes with the type string only")
        if self.default is not None:
            try:
                text_of(self, self.default)
            except ValueError as error:
                raise ValueError(f"`default` {error}") from error
        return self

    @property
    def says_nothing(self) -> bool:
        """Whether leaving the declaration out would mean the same."""
        return self == Variable(name=self.name)


def declare(names: Iterable[str], given: Sequence[Variable]) -> list[Variable]:
    """Return the whole declaration of a content that uses `names`: what is given, and the rest as required strings.

    A given declaration that says nothing, of a name that is no longer used, is dropped: it came with the content, and
    goes with it.
    """
    used = dict.fromkeys(names)
    kept = [variable for variable in given if variable.name in used or not variable.says_nothing]
    declared = {variable.name for variable in kept}
    return [*kept, *(Variable(name=name) for name in used if name not in declared)]


def texts_of(
    variables: Sequence[Variable], names: Iterable[str], values: Mapping[str, Any]
) -> dict[str, str]:
    """Return the text of each name in the content. Values are checked even where the content does not use them.

    Raises:
        InvalidVariablesError: naming every value that is missing, unknown or of the wrong type.
    """
    declared = {variable.name: variable for variable in variables}
    problems = {name: "the template has no such variable" for name in values if name not in declared}
    texts: dict[str, str] = {}
    used = set(names)
    for name, variable in declared.items():
        value = values.get(name)
        if value is None:
            value = variable.default
        if value is None and variable.required and name in used:
            problems[name] = "it is required"
            continue
        try:
            texts[name] = "" if value is None else text_of(variable, value)
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise InvalidVariablesError(problems)
    return texts


def text_of(variable: Variable, value: object) -> str:
    """Return what is put into the template for a value. Raises ValueError, saying what the value must be."""
    if variable.type == "boolean":
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return "true" if value else "false"
    if variable.type == "number":
        return _number(value)
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if variable.choices is not None and value not in variable.choices:
        raise ValueError("must be one of the variable's choices")
    return _text(value, variable.max_length or MAX_VALUE_CHARS)


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    if isinstance(value, int):
        if (
            abs(value) > _MAX_INTEGER
        ):  # also because turning very long integers into text takes quadratic time
            raise ValueError("must be a number between -2^63 and 2^63")
        return str(value)
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _text(value: str, max_chars: int) -> str:
    if len(value) > max_chars:
        raise ValueError(f"must have at most {max_chars} characters")
    if "\x00" in value:
        raise ValueError("must not contain the character U+0000")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must be valid Unicode") from error
    return value
