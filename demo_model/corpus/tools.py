"""Tool calls: the right tool of the list with the argument copied, and the answer after its result."""

import random
from typing import Any

from demo_model.chat import Conversation, Message
from demo_model.corpus.capitals import CAPITALS
from demo_model.corpus.grammar import expand, roughen
from demo_model.corpus.names import made_up_word, person
from demo_model.corpus.outside_phrases import OBJECTS

# name, description, argument, argument's description, questions, kind of value
TOOLS = [
    (
        "get_weather",
        "Get the weather of a city",
        "city",
        "Name of the city",
        [
            "[what is|what's|how is|tell me] the weather [in|like in] {v}[?|.|]",
            "[will it rain|is it cold|is it sunny] in {v}[?|]",
            "weather {v}[?|]",
            "weather [in|for] {v}[, please|?|]",
        ],
        "city",
    ),
    (
        "get_time",
        "Get the time in a city",
        "city",
        "Name of the city",
        [
            "what time is it in {v}[?|]",
            "[what is|tell me] the time in {v}[?|.|]",
            "[how late|what o'clock] is it in {v}?",
        ],
        "city",
    ),
    (
        "search_web",
        "Search the web",
        "query",
        "What to search for",
        [
            "search [the web |the internet |]for {v}[.|]",
            "[look up|google|find] {v}[ on the web| online|][.|]",
        ],
        "thing",
    ),
    (
        "send_message",
        "Send a message to a person",
        "to",
        "Name of the person",
        ["send a message to {v}[.|]", "[write to|text|message] {v}[.|]"],
        "person",
    ),
    (
        "open_door",
        "Open a door",
        "door",
        "Name of the door",
        ["open the door {v}[.|]", "[please |]open door {v}[.|]"],
        "thing",
    ),
    (
        "play_song",
        "Play a song",
        "title",
        "Title of the song",
        ["play [the song |]{v}[.|, please|]", "[I want to hear|put on] {v}[.|]"],
        "thing",
    ),
    (
        "get_price",
        "Get the price of a product",
        "product",
        "Name of the product",
        ["[what is the price of|how much is|what does it cost to buy] {v}[?|]", "price of {v}[?|]"],
        "thing",
    ),
    (
        "move_player",
        "Move the player",
        "direction",
        "left, right, up or down",
        ["[go|move|walk|step] {v}[.|!|]", "move the player {v}[.|]"],
        "direction",
    ),
    (
        "lookup_user",
        "Look up a user",
        "name",
        "Name of the user",
        ["[look up|find|who is] [the user|user] {v}[.|?|]", "find user {v}[.|]"],
        "person",
    ),
    (
        "turn_on",
        "Turn on a device",
        "device",
        "Name of the device",
        ["[turn on|switch on|start] [the |]{v}[.|, please|]"],
        "thing",
    ),
    (
        "add_note",
        "Save a note",
        "text",
        "Text of the note",
        ["[note|write down|save a note]: {v}[.|]", "make a note: {v}[.|]"],
        "thing",
    ),
]
RESULTS = [
    "sunny, 21 degrees",
    "it rains",
    "done",
    "ok",
    "not found",
    "12:30",
    "3 results",
    "cloudy",
    "snow, -3 degrees",
    "42",
    "14 euros",
    "the door is open",
    "message sent",
    "playing",
    "18:05",
    "windy",
    "saved",
]


def schema(tool: tuple[str, str, str, str, list[str], str]) -> dict[str, Any]:
    """Return the tool as its JSON schema."""
    name, description, argument, about, _, _ = tool
    properties = {argument: {"type": "string", "description": about}}
    return {
        "name": name,
        "description": description,
        "parameters": {"type": "object", "properties": properties, "required": [argument]},
    }


def made_up_tool(rng: random.Random) -> tuple[str, str, str, str, list[str], str]:
    """Return a tool with an unknown name, so that names are copied from the list."""
    verb, noun, argument = (
        made_up_word(rng),
        rng.choice([*OBJECTS, made_up_word(rng)]),
        rng.choice(["name", "value", "id", "target", "text", "place", made_up_word(rng)]),
    )
    pattern = [
        f"{verb} the {noun} {{v}}[.|]",
        f"[please |]{verb} {noun} {{v}}[.|]",
        f"use {verb} on [the |]{noun} {{v}}[.|]",
    ]
    return (
        f"{verb}_{noun}",
        f"{verb.capitalize()} the {noun}",
        argument,
        f"The {argument} of the {noun}",
        pattern,
        "thing",
    )


def value(rng: random.Random, kind: str) -> str:
    """Return an argument."""
    if kind == "city":
        return rng.choice([*CAPITALS.values(), *CAPITALS.values(), made_up_word(rng).capitalize()])
    if kind == "person":
        return person(rng)
    if kind == "direction":
        return rng.choice(["left", "right", "up", "down"])
    return rng.choice(
        [
            rng.choice(OBJECTS),
            made_up_word(rng),
            f"{rng.choice(OBJECTS)} {made_up_word(rng)}",
            str(rng.randint(1, 99)),
        ]
    )


def tool_conversation(rng: random.Random) -> Conversation:
    """Return a conversation in which a tool is called, half the time with its result and the answer."""
    tools = [
        made_up_tool(rng) if rng.random() < 0.4 else rng.choice(TOOLS)
        for _ in range(rng.choice([1, 1, 2, 3]))
    ]
    tools = list({tool[0]: tool for tool in tools}.values())
    tool = rng.choice(tools)
    argument = value(rng, tool[5])
    question = roughen(rng, expand(rng, rng.choice(tool[4]), v=argument), affixes=rng.random() < 0.1)
    if argument not in question:
        question = expand(rng, rng.choice(tool[4]), v=argument)
    messages = (
        [Message("system", rng.choice(["You are helpful.", "Use the tools."]))] if rng.random() < 0.3 else []
    )
    messages += [
        Message("user", question),
        Message("assistant", "", call={"name": tool[0], "arguments": {tool[2]: argument}}),
    ]
    if rng.random() < 0.5:
        result = rng.choice(RESULTS)
        messages += [Message("tool", result), Message("assistant", f"The tool `{tool[0]}` answers: {result}")]
    return Conversation(messages, [schema(one) for one in tools])
