"""Custom tools of OpenAI's Responses, which take a text, as functions with one argument. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

_INPUT = "input"


def custom_names(tools: Iterable[Any]) -> frozenset[str]:
    """Return the names of those tools that take a text."""
    found = (tool for tool in tools if isinstance(tool, dict) and tool.get("type") == "custom")
    return frozenset(str(tool.get("name")) for tool in found)


def custom_function(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return the function that stands for such a tool; a grammar is told to the model, and not enforced."""
    wanted = tool.get("format")
    description = str(tool.get("description") or "")
    about = "The tool's input, as it is to be given to it."
    if isinstance(wanted, dict) and wanted.get("type") == "grammar":
        about += f" It must match this grammar ({wanted.get('syntax')}):\n{wanted.get('definition')}"
    argument = {"type": "string", "description": about}
    return {
        "name": tool.get("name"),
        **({"description": description} if description else {}),
        "parameters": {
            "type": "object",
            "properties": {_INPUT: argument},
            "required": [_INPUT],
            "additionalProperties": False,
        },
    }


def arguments_of(text: str) -> str:
    """Return the arguments that give a function this input."""
    return orjson.dumps({_INPUT: text}).decode()


def input_of(arguments: str) -> str:
    """Return the input that a model gave; what is no such object is the input itself."""
    try:
        found = orjson.loads(arguments)[_INPUT]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return arguments
    return found if isinstance(found, str) else arguments
