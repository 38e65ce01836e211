"""Everything the model does not know, and the honest answer to it."""

import random

from demo_model.corpus.grammar import NOUN_FRAMES, expand, frame_deed
from demo_model.corpus.names import LETTERS, made_up_word, person
from demo_model.corpus.near_misses import NEAR_DEEDS, NEAR_NOUNS, NEAR_QUESTIONS
from demo_model.corpus.outside_phrases import (
    ADJECTIVES,
    DEEDS,
    FOREIGN,
    FOREIGN_WORDS,
    NOUNS,
    OBJECTS,
    QUESTIONS,
    THINGS,
    VERBS,
)
from demo_model.corpus.sums import small_sum, wide_sum

REFUSALS = [
    "I cannot help with that: I am a tiny demo model. I know Prompt Portal, capitals and maze hints. For more, connect a real model: `./setup_llm.sh --server URL`.",
    "I do not know that: I am only a tiny demo model for Prompt Portal. Ask me about the portal, or connect a real model with `LLM_SERVER_URL`.",
]
KEYBOARD = [
    "asdfghjkl",
    "qwertyuiop",
    "zxcvbnm",
    "asdf",
    "qwer",
    "zxcv",
    "hjkl",
    "jkl",
    "uiop",
    "fdsa",
    "rewq",
    "sdfg",
    "lkj",
    "poiu",
]
# Cyrillic, Greek, Arabic, Hebrew, Devanagari, Thai, Hiragana, Hangul, common Han
SCRIPTS = [
    (0x430, 0x44F),
    (0x3B1, 0x3C9),
    (0x627, 0x64A),
    (0x5D0, 0x5EA),
    (0x905, 0x939),
    (0xE01, 0xE2E),
    (0x3041, 0x3093),
    (0xAC00, 0xD7A3),
    (0x4E00, 0x9FA5),
]
FILLERS = [
    "the",
    "a",
    "of",
    "to",
    "and",
    "in",
    "is",
    "it",
    "for",
    "on",
    "with",
    "that",
    "this",
    "at",
    "by",
    "from",
    "my",
    "your",
    "very",
    "some",
    "any",
    "not",
    "but",
    "or",
    "if",
    "when",
    "so",
    "all",
    "do",
    "can",
    "we",
    "they",
    "he",
    "she",
]


def nonsense(rng: random.Random) -> str:
    """Return letters or words without a meaning."""
    kind = rng.randrange(8)
    if kind == 0:
        return " ".join(rng.choice(KEYBOARD) for _ in range(rng.randint(1, 5)))
    if kind == 1:
        return " ".join(
            "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 9))) for _ in range(rng.randint(1, 5))
        )
    if kind == 2:
        return " ".join(made_up_word(rng) for _ in range(rng.randint(1, 7)))
    if kind == 3:
        return "".join(rng.choice("!?.,;:#$%&/()=+*~^@<>{}[]|") for _ in range(rng.randint(1, 9)))
    if kind == 4:
        return rng.choice(LETTERS) * rng.randint(1, 9)
    if kind == 5:
        return " ".join(
            rng.choice([rng.choice(FILLERS), rng.choice(OBJECTS), rng.choice(ADJECTIVES), made_up_word(rng)])
            for _ in range(rng.randint(2, 8))
        )
    if kind == 6:
        return "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 12)))
    return "".join(rng.choice(LETTERS + "0123456789 ") for _ in range(rng.randint(4, 24))).strip() or "x"


def foreign(rng: random.Random) -> str:
    """Return a sentence in another language: a real one, words of one language, or letters of another script."""
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(FOREIGN)
    if kind < 0.75:
        words = rng.choice(FOREIGN_WORDS).split()
        text = " ".join(rng.choice(words) for _ in range(rng.randint(2, 8)))
        return (text[0].upper() + text[1:] if rng.random() < 0.7 else text) + rng.choice(
            ["?", ".", "", " ?", "!"]
        )
    first, last = rng.choice(SCRIPTS)
    letters = [chr(rng.randint(first, last)) for _ in range(rng.randint(2, 20))]
    return "".join(letter + (" " if rng.random() < 0.15 else "") for letter in letters).strip()


def thing(rng: random.Random) -> str:
    """Return a noun phrase from outside: a listed one, or one put together, sometimes with unknown words."""
    chance = rng.random()
    if chance < 0.4:
        return expand(rng, rng.choice(NOUNS))
    if chance < 0.73:
        article = rng.choice(["the", "a", "my", "this", "your", "our", ""])
        return f"{article} {rng.choice(ADJECTIVES) + ' ' if rng.random() < 0.5 else ''}{rng.choice(OBJECTS)}".strip()
    if chance < 0.87:
        return f"the {rng.choice(THINGS)} of {rng.choice(['the', 'a', 'my'])} {rng.choice(OBJECTS)}"
    return rng.choice(["", "the ", "a "]) + (made_up_word(rng) if rng.random() < 0.6 else person(rng))


def deed(rng: random.Random) -> str:
    """Return something to do from outside."""
    if rng.random() < 0.5:
        return expand(rng, rng.choice(DEEDS))
    return f"{made_up_word(rng) if rng.random() < 0.08 else rng.choice(VERBS)} {thing(rng)}"


def near_miss(rng: random.Random) -> str:
    """Return a request that shares a word with the model's topics and is none of them."""
    kind = rng.randrange(3)
    if kind == 0:
        return expand(rng, rng.choice(NOUN_FRAMES), x=expand(rng, rng.choice(NEAR_NOUNS)))
    return (
        frame_deed(rng, expand(rng, rng.choice(NEAR_DEEDS)))
        if kind == 1
        else expand(rng, rng.choice(NEAR_QUESTIONS))
    )


def outside_question(rng: random.Random) -> str:
    """Return a request that the model must refuse."""
    if rng.random() < 0.16:
        return near_miss(rng)
    kind = rng.random()
    if kind < 0.22:
        return expand(rng, rng.choice(NOUN_FRAMES), x=thing(rng))
    if kind < 0.44:
        return frame_deed(rng, deed(rng))
    if kind < 0.74:
        return (
            expand(rng, rng.choice(QUESTIONS))
            .replace("{o}", rng.choice(OBJECTS))
            .replace("{a}", rng.choice(ADJECTIVES))
            .replace("{t}", thing(rng))
            .replace("{d}", deed(rng))
            .replace("{n}", str(rng.randint(2, 99)))
            .replace("{p}", person(rng))
        )
    if kind < 0.82:
        return wide_sum(rng) if rng.random() < 0.3 else small_sum(rng)
    if kind < 0.93:
        return nonsense(rng)
    return foreign(rng)
