"""Asks the GGUF, through llama.cpp, what a held-out file asks, and writes what came right by topic.

It never loads PyTorch; every answer is generated at temperature 0.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from demo_model.checks import is_right
from demo_model.server import ModelServer

FOLDER = Path(__file__).resolve().parent
OUTSIDE = "outside"


@dataclass(frozen=True)
class Line:
    """A held-out conversation: (message, what is expected or None) for each turn."""

    topic: str
    turns: list[tuple[str, str | None]]
    system: str


@dataclass(frozen=True)
class Outcome:
    """One judged answer."""

    topic: str
    message: str
    expected: str
    answer: str
    is_right: bool


def read_lines(path: Path) -> list[Line]:
    """Read a held-out file: JSON Lines with `topic`, `turns`, and `system` where needed."""
    rows = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines() if text.strip()]
    return [
        Line(
            row["topic"],
            [(turn[0], turn[1]) for turn in row["turns"]],
            row.get("system", ""),
        )
        for row in rows
    ]


def ask(server: ModelServer, line: Line) -> list[Outcome]:
    """Hold one conversation; the model's own answers are its history."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": line.system}] if line.system else []
    outcomes = []
    for message, expected in line.turns:
        messages.append({"role": "user", "content": message})
        reply = server.chat(messages)
        messages.append({"role": "assistant", "content": reply.get("content") or ""})
        if expected is not None:
            is_fit = is_right(expected, reply, message)
            outcomes.append(Outcome(line.topic, message, expected, reply.get("content") or "", is_fit))
    return outcomes


def share(outcomes: list[Outcome]) -> dict[str, float | int]:
    """Count the right ones."""
    right = sum(outcome.is_right for outcome in outcomes)
    return {"right": right, "asked": len(outcomes), "percent": round(100 * right / max(1, len(outcomes)), 1)}


def report(outcomes: list[Outcome], gguf: Path, heldout: Path) -> dict[str, Any]:
    """Return the figures: all topics, inside, outside, and every miss."""
    topics = sorted(Counter(outcome.topic for outcome in outcomes))
    return {
        "gguf_sha256": hashlib.sha256(gguf.read_bytes()).hexdigest(),
        "heldout": heldout.name,
        "inside": share([outcome for outcome in outcomes if outcome.topic != OUTSIDE]),
        "outside": share([outcome for outcome in outcomes if outcome.topic == OUTSIDE]),
        "topics": {
            topic: share([outcome for outcome in outcomes if outcome.topic == topic]) for topic in topics
        },
        "misses": [
            {"topic": miss.topic, "message": miss.message, "expected": miss.expected, "answer": miss.answer}
            for miss in outcomes
            if not miss.is_right
        ],
    }


def main() -> None:
    """Evaluate and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gguf", type=Path, default=FOLDER / "prompt-portal-demo.gguf")
    parser.add_argument("--heldout", type=Path, default=FOLDER / "heldout_final.jsonl")
    parser.add_argument("--out", type=Path, default=FOLDER / "evaluation.json")
    arguments = parser.parse_args()
    lines = read_lines(arguments.heldout)
    with ModelServer(arguments.gguf) as server:
        outcomes = [outcome for line in lines for outcome in ask(server, line)]
    figures = report(outcomes, arguments.gguf, arguments.heldout)
    arguments.out.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for name in ("inside", "outside"):
        print(f"{name:10} {figures[name]}")
    for topic, counts in figures["topics"].items():
        print(f"  {topic:12} {counts['right']:4} of {counts['asked']:4}  {counts['percent']:5.1f} %")


if __name__ == "__main__":
    main()
