"""Writes the figures of training and evaluation into MODEL_CARD.md, between its markers."""

import hashlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
TOPICS = {
    "capitals": "about 160 capitals, forwards and backwards",
    "greetings": "greetings, thanks, goodbyes",
    "identity": "what the model is, can and cannot do",
    "maze": "maze states answered by a JSON hint (equal in every field)",
    "names": "names never seen before, copied and remembered",
    "outside": "everything else: an honest refusal",
    "portal": "sign-in, keys, `/v1`, MQTT, templates, sessions, connecting a model (word for word)",
    "style": "the same questions after a system prompt",
    "thread": "follow-ups, repetition, summaries, things told before",
}


def table(figures: dict[str, Any]) -> str:
    """Return the evaluation as a Markdown table."""
    rows = ["| topic | what | right | asked | % |", "|---|---|--:|--:|--:|"]
    rows += [
        f"| {topic} | {TOPICS[topic]} | {counts['right']} | {counts['asked']} | {counts['percent']} |"
        for topic, counts in figures["topics"].items()
    ]
    for name, words in (("inside", "all topics together"), ("outside", "honest refusals outside")):
        counts = figures[name]
        rows.append(
            f"| **{name}** | {words} | {counts['right']} | {counts['asked']} | **{counts['percent']}** |"
        )
    return "\n".join(rows)


def training_text(figures: dict[str, Any]) -> str:
    """Return the training figures as a sentence."""
    return (
        f"{figures['parameters']:,} parameters, {figures['step']:,} steps, {figures['tokens'] / 1e6:.1f} million tokens "
        f"({figures['tokens_learnt'] / 1e6:.1f} million of them written by the assistant and learnt), final loss "
        f"{figures['loss']:.3f}. Measured: {figures['cpu_seconds'] / 60:.0f} CPU minutes on two cores, "
        f"{figures['seconds'] / 60:.0f} minutes by the clock."
    )


def fill(card: str, name: str, text: str) -> str:
    """Replace what stands between the markers of a name."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, rest = card.split(begin)
    return f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}"


def main() -> None:
    """Fill in the card."""
    path = FOLDER / "MODEL_CARD.md"
    data = (FOLDER / "prompt-portal-demo.gguf").read_bytes()
    evaluation = json.loads((FOLDER / "evaluation.json").read_text(encoding="utf-8"))
    training = json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))
    card = path.read_text(encoding="utf-8")
    card = fill(
        card,
        "file",
        f"`prompt-portal-demo.gguf`, {len(data):,} bytes, sha256 `{hashlib.sha256(data).hexdigest()}`",
    )
    card = fill(card, "training", training_text(training))
    path.write_text(fill(card, "evaluation", table(evaluation)), encoding="utf-8")


if __name__ == "__main__":
    main()
