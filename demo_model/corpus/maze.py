"""Maze states as games send them, and the hint as JSON."""

import json
import random
from typing import Any

from demo_model.corpus.grammar import expand

SYSTEMS = [
    "You are a maze guide. [Answer|Reply] [only |]with [a |]JSON[ object|].",
    "You give hints for a maze game[.| as JSON.]",
    "[Reply|Answer|Respond] [only |always |]in JSON[ only|] with the fields hint, show_path, highlight_zone[, highlight_ms|][, freeze_germs_ms|].",
    "You are the assistant of a maze game. Return a JSON hint for the player.",
    "You help a player [find|reach] the exit of a maze. Output [valid |]JSON only.",
    "Maze game. Give one hint as JSON.",
    "",
    "",
    "",
]
PLAIN = [
    "I am at {p} [in the maze |]and the exit is at {e}[.|:] [which way?|where do I go?|a hint please|give me a hint|hint?|help me]",
    "[maze|maze game|maze hint]: player [at|on] {p}, exit [at|on] {e}[.|]",
    "player {p} exit {e}[, hint?| which way| hint please|]",
    "give me a [maze |]hint: I stand [at|on] {p}, the exit is [at|on] {e}[.|]",
    "which way [is|to] the exit[,|] if I am [at|on] {p} and it is [at|on] {e}[?|]",
    "how do I get from {p} to the exit [at|on] {e}[?|]",
    "[the |]player is [at|on] {p}[.|,] [the |]exit is [at|on] {e}[.|] [hint?|What now?|Hint please.|]",
    "exit at {e}, me at {p}[.|,] [where to?|hint please|which direction?]",
]
WORDS = (("x", "left", "right"), ("y", "up", "down"))
SLOW_MS, HIGHLIGHT_MS = 3000, 2000


def way(player: list[int], goal: list[int]) -> str:
    """Say the way axis by axis: both numbers first, side by side, and only then what comes of comparing them."""
    parts = []
    for (axis, back, forth), here, there in zip(WORDS, player, goal, strict=True):
        turn = "stay" if there == here else f"go {forth if there > here else back}"
        parts.append(f"{axis} {here} to {there}: {turn}")
    return ", ".join(parts) + "."


def hint(state: dict[str, Any]) -> dict[str, Any]:
    """Return the hint that fits a state: the way, the exit marked, germs frozen."""
    player, goal = state["player_pos"], state["exit_pos"]
    answer: dict[str, Any] = {
        "hint": way(player, goal),
        "show_path": True,
        "highlight_zone": [goal],
        "highlight_ms": HIGHLIGHT_MS,
    }
    if state.get("germs"):
        answer["freeze_germs_ms"] = SLOW_MS
    return answer


def random_state(rng: random.Random, is_big: bool) -> dict[str, Any]:
    """Return a state as a game publishes it; `is_big` includes the visible map."""
    size = rng.choice([8, 10, 12, 16, 20, 24, 30, 40])

    def place() -> list[int]:
        return [rng.randrange(size), rng.randrange(size)]

    player, goal = place(), place()
    for axis in (0, 1):
        if rng.random() < 0.3:
            goal[axis] = player[axis]
    state: dict[str, Any] = {
        "sessionId": rng.choice(
            ["maze-1", "s1", "player7", f"game-{rng.randint(1, 999)}", f"{rng.getrandbits(32):08x}"]
        ),
        "player_pos": player,
        "exit_pos": goal,
    }
    if is_big:
        side = rng.choice([3, 5, 5, 7, 9])
        state["visible_map"] = [[int(rng.random() < 0.4) for _ in range(side)] for _ in range(side)]
    if rng.random() < 0.6:
        state["germs"] = [
            place() if rng.random() < 0.7 else {"pos": place()} for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))
        ]
    if rng.random() < 0.5:
        state["oxygenPellets"] = [place() for _ in range(rng.choice([0, 1, 2, 3]))]
    if rng.random() < 0.4:
        state["oxygenCollected"] = rng.randint(0, 12)
    if rng.random() < 0.4:
        state["tick"] = rng.randint(0, 5000)
    if rng.random() < 0.5:
        state["health"] = rng.randint(0, 100)
    if rng.random() < 0.6:
        state["oxygen"] = rng.randint(0, 100)
    if rng.random() < 0.3:
        keys = list(state)
        rng.shuffle(keys)
        state = {key: state[key] for key in keys}
    return state


def point(rng: random.Random, place: list[int]) -> str:
    """Return a position as a person writes it."""
    return rng.choice(
        ["({0}, {1})", "({0},{1})", "[{0}, {1}]", "{0},{1}", "{0}/{1}", "x={0} y={1}", "column {0}, row {1}"]
    ).format(*place)


def maze_turn(rng: random.Random, is_big: bool = False) -> tuple[str, str, str]:
    """Return (message, JSON answer, system prompt or empty)."""
    state = random_state(rng, is_big)
    system = expand(rng, rng.choice(SYSTEMS))
    if rng.random() < 0.3 and not is_big:
        bare = {key: state[key] for key in ("player_pos", "exit_pos")}
        message = (
            expand(rng, rng.choice(PLAIN))
            .replace("{p}", point(rng, bare["player_pos"]))
            .replace("{e}", point(rng, bare["exit_pos"]))
        )
        return message, json.dumps(hint(bare)), system
    chance = rng.random()
    message = json.dumps(state) if chance < 0.6 else json.dumps(state, separators=(",", ":"))
    if chance > 0.9:
        message = json.dumps(state, indent=2) if not is_big else message
    intro = [
        "",
        "",
        "",
        "Maze state:\n",
        "State: ",
        "Give me a hint:\n",
        "Here is the maze state: ",
        "Current game state:\n",
        "maze/state ",
        "What should the player do?\n",
        "Hint please. ",
    ]
    return rng.choice(intro) + message, json.dumps(hint(state)), system
