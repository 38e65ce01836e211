"""Turns patterns like `[hi|hello] {name}` into sentences, and frames phrases the many ways people ask."""

import random
import re
from dataclasses import dataclass

from demo_model.corpus.names import made_up_word
from demo_model.corpus.phrases import sections

CHOICE = re.compile(r"\[([^\[\]]*)\]")

FRAMES = sections("frames.txt")
NOUN_FRAMES, GERUND_FRAMES, DEED_FRAMES = (
    FRAMES["NOUN_FRAMES"],
    FRAMES["GERUND_FRAMES"],
    FRAMES["DEED_FRAMES"],
)
FILLERS, CONTEXTS, OPENERS, CLOSERS = (
    FRAMES["FILLERS"],
    FRAMES["CONTEXTS"],
    FRAMES["OPENERS"],
    FRAMES["CLOSERS"],
)
SYNONYMS = {
    word: [other for other in group.split("/") if other != word]
    for group in FRAMES["SYNONYMS"]
    for word in group.split("/")
    if " " not in word
}
SMALL_WORDS = {
    "the",
    "a",
    "an",
    "of",
    "to",
    "do",
    "does",
    "is",
    "are",
    "me",
    "my",
    "in",
    "for",
    "it",
    "that",
    "you",
    "can",
    "I",
    "on",
    "with",
}
QUESTION_WORDS = {
    "what",
    "what's",
    "how",
    "which",
    "where",
    "who",
    "why",
    "could",
    "would",
    "should",
    "please",
    "tell",
    "I'm",
    "was",
    "am",
    "be",
    "and",
    "from",
}
DOUBLED = {
    "get",
    "set",
    "put",
    "run",
    "stop",
    "log",
    "plug",
    "begin",
    "swap",
    "sit",
    "cut",
    "win",
    "knit",
    "chat",
    "plan",
    "drop",
    "spin",
    "dig",
    "hit",
    "shop",
    "pin",
    "trim",
    "let",
    "grab",
    "rub",
    "jog",
    "hop",
    "rob",
    "hem",
}


@dataclass
class Fact:
    """One thing the model knows: ways to name it and what to say.

    `nouns` go into NOUN_FRAMES, `deeds` into DEED_FRAMES, `asks` are whole questions.
    """

    label: str
    answers: list[str]
    nouns: list[str]
    deeds: list[str]
    asks: list[str]


def expand(rng: random.Random, pattern: str, **slots: str) -> str:
    """Choose at each `[a|b]`, innermost first, then fill `{slot}`s."""
    while match := CHOICE.search(pattern):
        pattern = pattern[: match.start()] + rng.choice(match[1].split("|")) + pattern[match.end() :]
    for name, value in slots.items():
        pattern = pattern.replace("{" + name + "}", value)
    return " ".join(pattern.split(" ")).replace(" '", "'").strip()


def gerund(phrase: str) -> str:
    """Return `making a key` for `make a key`."""
    verb, _, rest = phrase.partition(" ")
    if verb in DOUBLED:
        verb += verb[-1]
    elif verb.endswith("e") and not verb.endswith(("ee", "oe")) and verb != "be":
        verb = verb[:-1]
    return f"{verb}ing {rest}".strip()


def frame_deed(rng: random.Random, phrase: str) -> str:
    """Put something to do into a question."""
    if rng.random() < 0.25:
        return expand(rng, rng.choice(GERUND_FRAMES), x=gerund(phrase))
    return expand(rng, rng.choice(DEED_FRAMES), x=phrase)


def ask(rng: random.Random, nouns: list[str], deeds: list[str], asks: list[str]) -> str:
    """Return one question made of a frame and a phrase, or a whole question."""
    kinds = [kind for kind, phrases in ((0, nouns), (1, deeds), (2, asks), (2, asks)) if phrases]
    kind = rng.choice(kinds)
    if kind == 2:
        return expand(rng, rng.choice(asks))
    phrase = expand(rng, rng.choice(nouns if kind == 0 else deeds))
    return frame_deed(rng, phrase) if kind else expand(rng, rng.choice(NOUN_FRAMES), x=phrase)


def reword(rng: random.Random, text: str) -> str:
    """Put another word of like meaning for one or two words."""
    words = text.split(" ")
    known = [index for index, word in enumerate(words) if word in SYNONYMS]
    for index in rng.sample(known, min(len(known), rng.choice([1, 1, 2]))):
        words[index] = rng.choice(SYNONYMS[words[index]])
    return " ".join(words)


def disturb(rng: random.Random, text: str) -> str:
    """Drop a small word, put a filler or an unknown word somewhere, or leave nothing but the content."""
    words = text.split(" ")
    kind = rng.random()
    if kind < 0.35 and len(words) > 3:
        small = [index for index, word in enumerate(words) if word in SMALL_WORDS]
        if small:
            del words[rng.choice(small)]
    elif kind < 0.85 and len(words) > 2:
        words.insert(rng.randrange(1, len(words)), rng.choice(FILLERS) if kind < 0.7 else made_up_word(rng))
    elif kind > 0.85:
        words = [word for word in words if word not in SMALL_WORDS and word not in QUESTION_WORDS] or words
    return " ".join(words)


def roughen(rng: random.Random, text: str, affixes: bool = True) -> str:
    """Say it less neatly: openers, closers, letter case, missing punctuation, a slip of the finger."""
    if affixes and rng.random() < 0.35:
        text = reword(rng, text)
    if affixes and rng.random() < 0.15:
        text = disturb(rng, text)
    if affixes and rng.random() < 0.2:
        text = f"{rng.choice(OPENERS)} {text}"
    if affixes and rng.random() < 0.14:
        end = text[-1] if text[-1] in ".?!" else ""
        comma = rng.choice([",", ""])
        text = f"{text.rstrip('.?!')}{comma} {rng.choice(CLOSERS)}{end}"
    chance = rng.random()
    if chance < 0.55:
        text = text[0].upper() + text[1:]
    elif chance < 0.60 and affixes:
        text = text.upper()
    elif chance < 0.75 and affixes:
        text = text.lower()
    if rng.random() < 0.15:
        text = text.rstrip(".?!")
    elif text[-1] not in ".?!" and rng.random() < 0.15:
        text += rng.choice([".", "?", "!", "!!", "..", "?!"])
    if affixes and rng.random() < 0.07:
        text = slip(rng, text)
    if affixes and rng.random() < 0.06:
        text = f"{expand(rng, rng.choice(CONTEXTS))} {text}"
    return text


def slip(rng: random.Random, text: str) -> str:
    """Swap, drop or double one letter."""
    at = rng.randrange(max(1, len(text) - 2))
    if not (text[at].isalpha() and text[at + 1 : at + 2].isalpha()):
        return text
    how = rng.randrange(3)
    if how == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if how == 1 else text[:at] + text[at] + text[at:]
