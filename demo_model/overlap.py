"""Finds held-out messages that the generator could have written: no phrasing may stand on both sides."""

import random
import re
from collections.abc import Iterable

from demo_model.corpus.capitals import ALIASES, CAPITALS
from demo_model.corpus.conversations import conversations
from demo_model.corpus.grammar import expand
from demo_model.corpus.memory import ASK_THING, ATTRIBUTES, TELL_NAME, TELL_THING

PLACES = sorted(
    [*CAPITALS, *CAPITALS.values(), *(one for many in ALIASES.values() for one in many)], key=len
)[::-1]
PLACE = re.compile(
    r"\b(the )?(" + "|".join(re.escape(place.lower().removeprefix("the ")) for place in PLACES) + r")\b"
)
EXPANSIONS = 300


def skeleton(message: str, slots: Iterable[str] = ()) -> str:
    """Return the phrasing alone: lower case, no punctuation, places, numbers and slots masked."""
    text = message.lower()
    for slot in slots:
        text = text.replace(slot.lower(), " slot ")
    text = PLACE.sub(" place ", text)
    text = re.sub(r"\d+", " number ", text)
    return " ".join(re.findall(r"[^\W_]+", text))


def generated_skeletons(seed: int, count: int) -> set[str]:
    """Return the phrasings of a sample of the corpus, and of the patterns whose slots are free words."""
    rng = random.Random(seed)
    found = {
        skeleton(message.content)
        for one in conversations(seed, count)
        for message in one.messages
        if message.role == "user"
    }
    for pattern in TELL_NAME:
        found |= {skeleton(expand(rng, pattern, n="slot")) for _ in range(EXPANSIONS)}
    for pattern in [*TELL_THING, *ASK_THING]:
        found |= {
            skeleton(expand(rng, pattern, k=rng.choice(ATTRIBUTES), v="slot")) for _ in range(EXPANSIONS)
        }
    return found


def overlaps(messages: Iterable[tuple[str, list[str]]], seed: int, count: int) -> list[str]:
    """Return the (message, slots) pairs whose phrasing the generator writes too."""
    known = generated_skeletons(seed, count)
    return [message for message, slots in messages if skeleton(message, slots) in known]
