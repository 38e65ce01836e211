"""Adds the further ways to ask in more_ways.txt to the facts they belong to."""

from demo_model.corpus.grammar import Fact
from demo_model.corpus.phrases import sections


def enriched(facts: list[Fact]) -> list[Fact]:
    """Add to each fact its lines: `noun …`, `deed …` or `ask …`."""
    for fact in facts:
        for line in sections("more_ways.txt").get(fact.label, []):
            kind, _, phrase = line.partition(" ")
            {"noun": fact.nouns, "deed": fact.deeds, "ask": fact.asks}[kind].append(phrase)
    return facts
