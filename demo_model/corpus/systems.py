"""System prompts: plain ones that change nothing, personas, and the wish for terse answers."""

import random

from demo_model.corpus.grammar import expand
from demo_model.corpus.names import made_up_word, person
from demo_model.corpus.outside_phrases import ADJECTIVES, OBJECTS

PLAIN = [
    "You are a [helpful|friendly|polite|kind|useful|smart|concise|careful|professional|expert] [assistant|AI assistant|chatbot|bot|guide|helper|language model|support agent].",
    "You are helpful.",
    "Answer [briefly|politely|in English|clearly|honestly|the questions of the user|as well as you can|with care].",
    "Be [brief|kind|polite|helpful|honest|concise|precise|friendly|nice].",
    "[Help|Assist|Support] the user[.| with their questions.| as well as you can.]",
    "You [work for|help|support|assist] [a team|a lab|a game studio|the users of Prompt Portal|our customers|students|a company|{w}].",
    "You know [a lot|much about {o}s|everything about {o}s|many things|Prompt Portal].",
    "Use [Markdown|simple words|short sentences|plain language].",
    "Do not [lie|invent facts|talk about {o}s|be rude|use {a} words].",
    "You are [an expert in|a specialist for|a teacher of|fond of] {o}s.",
    "The user [is a beginner|is an expert|likes {o}s|is called a {o}|works with {o}s|plays a game].",
    "Think step by step.",
    "Today is a {a} day.",
    "You are a {a} {o}.",
    "{w} {w} {o}.",
    "Never [reveal|forget|ignore] the {o}.",
    "If you do not know something, say so.",
    "You are the assistant of the project {w}.",
]
PERSONA = [
    "[You are|Your name is|You are called|Act as|You are the assistant|Call yourself|You play] {n}[.|, an assistant.|, a helpful assistant.|, the assistant of our team.|, a friendly bot.]"
]
TERSE = [
    "[Answer|Reply|Respond] [with|in|using] [one word|a single word|one word only|only one word|just one word|one word, no sentence].",
    "[Give|Return] only the [answer|result|bare answer], [no sentence|nothing else|without a sentence].",
    "[Answer|Reply] as [shortly|briefly] as possible: [one word|a single word|only the result].",
    "One-word answers only.",
]


def plain(rng: random.Random) -> str:
    """Return a system prompt that does not change the answers."""
    return " ".join(
        expand(rng, rng.choice(PLAIN), o=rng.choice(OBJECTS), a=rng.choice(ADJECTIVES), w=made_up_word(rng))
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5]))
    )


def persona(rng: random.Random) -> tuple[str, str]:
    """Return (system prompt, name the model goes by)."""
    name = person(rng)
    text = expand(rng, rng.choice(PERSONA), n=name)
    return (f"{text} {plain(rng)}" if rng.random() < 0.4 else text), name


def terse(rng: random.Random) -> str:
    """Return a system prompt that asks for the bare answer."""
    text = expand(rng, rng.choice(TERSE))
    return f"{plain(rng)} {text}" if rng.random() < 0.3 else text
