"""`models.yaml`: read, checked, and every mistake told with its line. A secret is named by `${VARIABLE}`, not written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from app.models.definitions import LOCAL, Definitions, check_model_name

MAX_BYTES = 1024 * 1024
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHELLS = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_WORDS = (
    ("Extra inputs are not permitted", "this field is not known"),
    ("Input should be a valid tuple", "it must be a list"),
    ("Input should be a valid dictionary", "it must be a mapping of names to values"),
    ("Tuple should", "the list should"),
    (" after validation, not 0", ""),
)
"""What the checks say, in the words of the file."""

Lookup = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and in which line (from 1)."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class ConfigFileError(Exception):
    """The file cannot be used; `mistakes` has all that were found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("; ".join(map(str, self.mistakes)))


def parse(text: str, lookup: Lookup) -> Definitions:
    """Read the file's text; `lookup` returns the value of an environment variable. Raises ConfigFileError."""
    if len(text) > MAX_BYTES:
        raise ConfigFileError([Mistake(1, f"the file is longer than {MAX_BYTES} bytes")])
    root = _compose(text)
    if root is None:
        return Definitions()
    if not isinstance(root, yaml.MappingNode):
        raise ConfigFileError([Mistake(1, "the file must hold `providers:` and `models:`")])
    mistakes = _doubles(root)
    _fill_variables(root, lookup, mistakes)
    if mistakes:
        raise ConfigFileError(mistakes)
    try:
        definitions = Definitions.model_validate(_construct(root))
    except ValidationError as error:
        raise ConfigFileError(
            [_mistake(root, found["loc"], found["msg"]) for found in error.errors()]
        ) from None
    except RecursionError as error:
        raise ConfigFileError([Mistake(1, "an anchor holds itself, or the nesting is too deep")]) from error
    mistakes = [*_unreachable_names(root, definitions), *_unknown_providers(root, definitions)]
    if mistakes:
        raise ConfigFileError(mistakes)
    return definitions


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise ConfigFileError([Mistake(line, error.problem or "this is no YAML")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigFileError([Mistake(1, "this is no YAML")]) from error


def _construct(root: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(root)
    except (yaml.YAMLError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigFileError([Mistake(mark.line + 1 if mark is not None else 1, problem)]) from error
    finally:
        loader.dispose()


def _walk(node: yaml.Node) -> list[yaml.Node]:
    """Return a node and everything below it, each once: an anchor may be used in many places."""
    found: dict[int, yaml.Node] = {}
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if id(current) in found:
            continue
        found[id(current)] = current
        if isinstance(current, yaml.MappingNode):
            waiting.extend(part for pair in current.value for part in pair)
        elif isinstance(current, yaml.SequenceNode):
            waiting.extend(current.value)
    return list(found.values())


def _doubles(root: yaml.Node) -> list[Mistake]:
    """Find names that are given twice: YAML would take the last one and say nothing."""
    mistakes = []
    for node in _walk(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                mistakes.append(Mistake(key.start_mark.line + 1, f"{key.value!r} is there twice"))
            seen.add(str(key.value))
    return mistakes


def _fill_variables(root: yaml.Node, lookup: Lookup, mistakes: list[Mistake]) -> None:
    for node in _walk(root):
        if not isinstance(node, yaml.ScalarNode):
            continue
        if shells := _SHELLS.fullmatch(node.value):
            message = f"write ${{{shells[1]}}} for a variable of the environment"
            mistakes.append(Mistake(node.start_mark.line + 1, message))
        if "${" not in node.value:
            continue

        def value_of(match: re.Match[str], line: int = node.start_mark.line + 1) -> str:
            value = lookup(match[1])
            if value is None:
                mistakes.append(Mistake(line, f"the environment has no variable {match[1]}"))
            return value or ""

        node.value = _VARIABLE.sub(value_of, node.value)


def _mistake(root: yaml.Node, path: Sequence[int | str], message: str) -> Mistake:
    """Make a mistake of what pydantic says; its message never holds the value, which may be a secret."""
    line = root.start_mark.line
    node: yaml.Node | None = root
    steps = [step for step in path if step != "[key]"]
    for step in steps:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    where = ".".join(str(step) for step in steps)
    said = re.sub(r" or instance of \w+", "", message.removeprefix("Value error, "))
    for theirs, ours in _WORDS:
        said = said.replace(theirs, ours)
    return Mistake(line + 1, f"{where}: {said}" if where else said)


def _child(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == str(step):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


def _unreachable_names(root: yaml.Node, definitions: Definitions) -> list[Mistake]:
    mistakes = []
    for name in definitions.models:
        try:
            check_model_name(name)
        except ValueError as error:
            mistakes.append(_mistake(root, ("models", name), str(error)))
    return mistakes


def _unknown_providers(root: yaml.Node, definitions: Definitions) -> list[Mistake]:
    known = {LOCAL, *definitions.providers}
    return [
        _mistake(
            root,
            ("models", name, "targets", number, "provider"),
            f"there is no provider {target.provider!r}; there are: {', '.join(sorted(known))}",
        )
        for name, model in definitions.models.items()
        for number, target in enumerate(model.targets)
        if target.provider not in known
    ]
