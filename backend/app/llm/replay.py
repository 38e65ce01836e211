"""A finished turn's events, rebuilt from its stored text with the same numbers and bytes, once its log is gone."""

from __future__ import annotations

from app.llm.events import CONTENT, QUEUED, REASONING, EventEncoder
from app.llm.turns import TurnOutcome, TurnRecord


def replay_events(
    record: TurnRecord, outcome: TurnOutcome, *, request_id: str = "", after: int = 0
) -> list[tuple[int, bytes]]:
    """Return the numbered events after `after`, the terminal one always among them.

    Where `event_lengths` do not cover the text (the portal died in the middle), the rest comes as one event; a reader
    whose `after` is past the end gets the terminal event with the number that follows.
    """
    encoder = EventEncoder(record)
    events = [encoder.start(), *_middle(encoder, outcome)]
    numbered = [(number, data) for number, data in enumerate(events, start=1) if number > after]
    last = max(len(events), after) + 1
    return [*numbered, (last, encoder.terminal(outcome, request_id))]


def _middle(encoder: EventEncoder, outcome: TurnOutcome) -> list[bytes]:
    events: list[bytes] = []
    content_at = reasoning_at = 0
    for packed in outcome.event_lengths:
        kind, value = packed & 3, packed >> 2
        if kind == CONTENT:
            events.append(encoder.content(outcome.content[content_at : content_at + value]))
            content_at += value
        elif kind == REASONING:
            events.append(encoder.reasoning(outcome.reasoning[reasoning_at : reasoning_at + value]))
            reasoning_at += value
        elif kind == QUEUED:
            events.append(encoder.queued(value))
        else:
            events.append(encoder.progress(value))
    if reasoning_at < len(outcome.reasoning):
        events.append(encoder.reasoning(outcome.reasoning[reasoning_at:]))
    if content_at < len(outcome.content):
        events.append(encoder.content(outcome.content[content_at:]))
    return events
