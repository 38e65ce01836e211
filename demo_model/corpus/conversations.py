"""Mixes the topics into conversations of one to some forty turns; the same seed gives the same corpus."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from demo_model.chat import Conversation, Message
from demo_model.corpus import capitals, memory, outside, systems
from demo_model.corpus.access import ACCESS
from demo_model.corpus.features import FEATURES
from demo_model.corpus.grammar import Fact, ask, roughen
from demo_model.corpus.greetings import GREETINGS
from demo_model.corpus.identity import IDENTITY
from demo_model.corpus.maze import maze_turn
from demo_model.corpus.more_ways import enriched
from demo_model.corpus.names import made_up_word, person
from demo_model.corpus.portal import PORTAL
from demo_model.corpus.skills import SKILLS

FACTS = enriched([*PORTAL, *ACCESS, *FEATURES])
SMALL_TALK = enriched(GREETINGS)
SELF = enriched([*IDENTITY, *SKILLS])
LONGEST_REPEAT = 260
# Answers with code are long and soon known by heart; asking for them less leaves room for what is hard.
CODE_WEIGHT = 0.4
SUMMARY_LINES = 5
WEIGHTS = {
    "fact": 32,
    "capital": 20,
    "greeting": 11,
    "identity": 14,
    "outside": 28,
    "tell_name": 6,
    "ask_name": 10,
    "tell_thing": 5,
    "ask_thing": 7,
    "repeat": 5,
    "summary": 6,
    "maze": 3,
}
FIRST_TURN = {
    "fact": 38,
    "capital": 18,
    "greeting": 17,
    "identity": 25,
    "outside": 42,
    "tell_name": 15,
    "ask_name": 1,
    "tell_thing": 7,
    "ask_thing": 1,
    "summary": 1,
    "repeat": 1,
}
# After a capital the next question is often another one, in half a sentence.
FOLLOW_UP_SHARE = 0.3
# Asking for what was never told is rare: most who ask have told it.
UNTOLD_SHARE = 0.25


@dataclass
class Thread:
    """A conversation in the making and what was said in it."""

    rng: random.Random
    plain_share: float = 0.0
    messages: list[Message] = field(default_factory=list)
    name: str = ""
    things: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    last_kind: str = ""

    @property
    def users(self) -> list[str]:
        """What the user has written."""
        return [message.content for message in self.messages if message.role == "user"]

    def add(self, user: str, answer: str, label: str, affixes: bool = True) -> None:
        """Append a turn."""
        is_rough = self.rng.random() < 0.75
        self.messages.append(Message("user", roughen(self.rng, user, affixes) if is_rough else user))
        self.messages.append(Message("assistant", answer))
        self.labels.append(label)

    def fact(self, facts: list[Fact]) -> None:
        """Ask for something the model knows."""
        fact = self.rng.choices(facts, [CODE_WEIGHT if "```" in one.answers[0] else 1.0 for one in facts])[0]
        answer = self.rng.choice(fact.answers)
        question = ask(self.rng, fact.nouns, fact.deeds, fact.asks)
        if "{" in question and facts is SMALL_TALK:
            question = question.replace("{w}", made_up_word(self.rng)).replace(
                "{c}", self.rng.choice(list(capitals.CAPITALS))
            )
        self.add(question, answer, fact.label)

    def capital(self) -> None:
        """Ask about capitals."""
        chance = self.rng.random()
        if self.last_kind == "capital" and chance < 0.6:
            turn = capitals.follow_up(self.rng)
        elif chance < 0.74:
            is_plain = self.plain_share > 0 and self.rng.random() < self.plain_share
            turn = capitals.forward(self.rng, capitals.PLAIN if is_plain else capitals.FORWARD)
        else:
            turn = capitals.backward(self.rng) if chance < 0.92 else capitals.several(self.rng)
        self.add(turn.user, turn.answer, turn.label)

    def outside(self) -> None:
        """Ask for something the model must refuse."""
        question = outside.outside_question(self.rng)
        self.add(question, self.rng.choice(outside.REFUSALS), "something I do not know")

    def tell_name(self) -> None:
        """Tell the user's name."""
        self.name = person(self.rng)
        user = memory.say(self.rng, memory.TELL_NAME, n=self.name)
        self.add(
            user,
            memory.say(self.rng, memory.NAME_TOLD, n=self.name),
            f"your name, {self.name}",
            affixes=False,
        )

    def ask_name(self) -> None:
        """Ask for the user's name."""
        if not self.name and self.rng.random() > UNTOLD_SHARE:
            self.tell_name()
        answer = memory.NAME_KNOWN.replace("{n}", self.name) if self.name else memory.NAME_UNKNOWN
        self.add(
            memory.say(self.rng, memory.ASK_NAME),
            answer,
            "your name",
        )

    def tell_thing(self) -> None:
        """Tell something to remember."""
        key, value = self.rng.choice(memory.ATTRIBUTES), memory.value(self.rng)
        self.things[key] = value
        answer = memory.THING_TOLD.replace("{k}", key).replace("{v}", value)
        self.add(
            memory.say(self.rng, memory.TELL_THING, k=key, v=value),
            answer,
            f"your {key}",
            affixes=False,
        )

    def ask_thing(self) -> None:
        """Ask for something told, or never told."""
        if not self.things and self.rng.random() > UNTOLD_SHARE:
            self.tell_thing()
        key = (
            self.rng.choice(list(self.things))
            if self.things and self.rng.random() < 0.8
            else self.rng.choice(memory.ATTRIBUTES)
        )
        answer = (
            memory.THING_KNOWN.replace("{v}", self.things[key])
            if key in self.things
            else memory.THING_UNKNOWN
        )
        self.add(
            memory.say(self.rng, memory.ASK_THING, k=key),
            answer.replace("{k}", key),
            f"your {key}",
        )

    def repeat(self) -> None:
        """Ask for the last answer again."""
        last = self.messages[-1].content if self.users else memory.NOTHING_YET
        if len(last) <= LONGEST_REPEAT:
            self.add(memory.say(self.rng, memory.REPEAT), last, "a repetition")

    def summary(self) -> None:
        """Ask what was said so far; long conversations list the last few turns."""
        lines = "\n".join(f"- {label}" for label in self.labels[-SUMMARY_LINES:])
        answer = f"{memory.SUMMARY_HEAD}\n\n{lines}" if lines else memory.SUMMARY_EMPTY
        self.add(memory.say(self.rng, memory.SUMMARISE), answer, "a summary")

    def maze(self) -> None:
        """Send a maze state in the middle of anything."""
        message, answer, _ = maze_turn(self.rng)
        self.messages += [
            Message("user", message),
            Message("assistant", answer),
        ]
        self.labels.append("a maze hint")

    def turn(self, kind: str) -> None:
        """Append one turn of a kind."""
        if kind == "fact":
            self.fact(FACTS)
        elif kind == "greeting":
            self.fact(SMALL_TALK)
        elif kind == "identity":
            self.fact(SELF)
        else:
            getattr(self, kind)()
        self.last_kind = kind


def turns(rng: random.Random) -> int:
    """Draw the number of turns: many short conversations, a few that fill the context."""
    chance = rng.random()
    if chance < 0.55:
        return 1
    if chance < 0.87:
        return rng.randint(2, 5)
    return rng.randint(6, 12) if chance < 0.975 else rng.randint(15, 40)


def draw(rng: random.Random, weights: dict[str, int]) -> str:
    """Draw a kind of turn."""
    return rng.choices(list(weights), list(weights.values()))[0]


def maze_conversation(rng: random.Random) -> Conversation:
    """Return states of one game, each answered by a hint."""
    message, answer, system = maze_turn(rng, is_big=rng.random() < 0.3)
    messages = [Message("system", system)] if system else []
    messages += [
        Message("user", message),
        Message("assistant", answer),
    ]
    for _ in range(rng.choice([0, 0, 0, 1, 2, 4])):
        message, answer, _ = maze_turn(rng)
        messages += [
            Message("user", message),
            Message("assistant", answer),
        ]
    return Conversation(messages)


def mixed_conversation(rng: random.Random, plain_share: float = 0.0) -> Conversation:
    """Return a conversation over several topics; see `conversations`."""
    thread = Thread(rng, plain_share)
    chance = rng.random()
    if chance < 0.25:
        thread.messages.append(Message("system", systems.plain(rng)))
    count = turns(rng)
    thread.turn(draw(rng, FIRST_TURN))
    while len(thread.labels) < count:
        is_follow_up = thread.last_kind == "capital" and rng.random() < FOLLOW_UP_SHARE
        thread.turn("capital" if is_follow_up else draw(rng, WEIGHTS))
    return Conversation(thread.messages)


def conversations(seed: int, count: int, plain_share: float = 0.0) -> Iterator[Conversation]:
    """Yield the corpus; so many of the questions for a capital are asked in the plainest way."""
    rng = random.Random(seed)
    for _ in range(count):
        yield maze_conversation(rng) if rng.random() < 0.07 else mixed_conversation(rng, plain_share)
