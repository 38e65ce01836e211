"""Judges an answer against what a held-out line expects.

Kinds: `fact:LABEL|LABEL` (word for word one of the known answers), `refusal`, `says:A&B`, `exactly:X`,
`maze` (the hint that fits the state in the message), `summary:A&B`.
"""

import json
import re
from typing import Any

from demo_model.corpus.conversations import FACTS
from demo_model.corpus.greetings import GREETINGS
from demo_model.corpus.identity import IDENTITY
from demo_model.corpus.maze import hint
from demo_model.corpus.skills import SKILLS

KNOWN = {fact.label: fact.answers for fact in [*FACTS, *GREETINGS, *IDENTITY, *SKILLS]}
ADMITS = ("cannot help", "do not know", "beyond me")
NUMBERS = re.compile(r"-?\d+")


def is_refusal(text: str) -> bool:
    """Tell whether the answer admits that it is a tiny demo model and says how to connect a real one."""
    return (
        "tiny demo model" in text
        and any(words in text for words in ADMITS)
        and "connect a real model" in text
    )


def says(text: str, wanted: str) -> bool:
    """Tell whether every wanted part is there, in an answer that is no refusal."""
    return all(part in text for part in wanted.split("&")) and not is_refusal(text)


def maze_state(message: str) -> dict[str, Any]:
    """Return the state in a message: its JSON, or the first two positions of a plain sentence."""
    if "{" in message:
        state: dict[str, Any] = json.loads(message[message.index("{") : message.rindex("}") + 1])
        return state
    numbers = [int(number) for number in NUMBERS.findall(message)]
    return {"player_pos": numbers[:2], "exit_pos": numbers[2:4]}


def is_hint_for(text: str, message: str) -> bool:
    """Tell whether the answer is JSON and equals the hint for that state."""
    try:
        return bool(json.loads(text) == hint(maze_state(message)))
    except ValueError:
        return False


def is_right(expected: str, reply: dict[str, Any], message: str) -> bool:
    """Judge one reply; `message` is what the user had written."""
    text = (reply.get("content") or "").strip()
    kind, _, wanted = expected.partition(":")
    if kind == "fact":
        return any(text == answer for label in wanted.split("|") for answer in KNOWN[label])
    if kind == "summary":
        return text.startswith("So far") and all(part in text for part in wanted.split("&"))
    judges = {
        "refusal": lambda: is_refusal(text),
        "says": lambda: says(text, wanted),
        "exactly": lambda: text.rstrip(".") == wanted,
        "maze": lambda: is_hint_for(text, message),
    }
    return bool(judges[kind]())
