"""System prompts that change nothing."""

import random

from demo_model.corpus.grammar import expand
from demo_model.corpus.names import made_up_word
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


def plain(rng: random.Random) -> str:
    """Return a system prompt that does not change the answers."""
    return " ".join(
        expand(rng, rng.choice(PLAIN), o=rng.choice(OBJECTS), a=rng.choice(ADJECTIVES), w=made_up_word(rng))
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5]))
    )
