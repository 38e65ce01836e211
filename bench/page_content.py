"""What the page is measured with: a long answer in Markdown, and a conversation of 1,000 mixed messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

MESSAGES = 1000
_PIECE = re.compile(r"\s*(?:\w+|[^\w\s])|\s+$")
_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

PROSE = """The queue keeps **one place for each person**, so nobody waits behind somebody who asks ten times. A request that
finds the queue full is refused *at once*, with the number of seconds after which it is worth trying again; see
[the guide](https://example.org/guide) for how `Retry-After` is counted.

"""
LIST = """### What to look at first

1. Whether the model server answers at all:
   - `curl` its health route,
   - then ask it for **one** token.
2. How long the prompt is. A long history is cut from the front, and the first turns go first.
3. Whether somebody else is asking:
   - the queue's place is shown before the first token,
   - the time to the first token afterwards.

"""
CODE = '''```python
def shortest_path(maze: dict[str, list[str]], start: str, goal: str) -> list[str]:
    """Breadth first: the first way found is the shortest."""
    waiting = deque([[start]])
    seen = {start}
    while waiting:
        path = waiting.popleft()
        if path[-1] == goal:
            return path
        for room in maze[path[-1]]:
            if room not in seen:  # a room is entered once
                seen.add(room)
                waiting.append([*path, room])
    raise LookupError(f"no way from {start} to {goal}")
```

'''
TABLE = """| Model | Window | Tokens/s | Good for |
| --- | ---: | ---: | --- |
| small | 4,096 | 180.4 | titles, hints, *short* answers |
| middle | 32,768 | 64.2 | chat, `tools` |
| large | 131,072 | 21.7 | **long** documents |

> A bigger window is slower to fill: what is not needed is better left out.

"""
MATH = """The chance that at least one of $n$ requests waits is

$$
P = 1 - \\prod_{i=0}^{n-1} \\left(1 - \\frac{i}{c}\\right)
$$

"""
JSON = """```json
{
  "type": "hint",
  "path": [[0, 0], [0, 1], [1, 1]],
  "text": "North, then east."
}
```

"""


def long_answer(tokens: int) -> list[str]:
    """Return mixed Markdown of so many tokens, as the pieces that a model server sends."""
    pieces = _PIECE.findall(PROSE + LIST + CODE + TABLE + JSON)
    return list(islice(cycle(pieces), tokens))


def long_conversation() -> dict[str, Any]:
    """Return a conversation to import: 500 questions, 500 answers of every kind of Markdown."""
    kinds = (PROSE + LIST, PROSE * 2, CODE + PROSE, TABLE + PROSE, MATH + PROSE, JSON + LIST, PROSE)
    messages: list[dict[str, Any]] = []
    for number in range(MESSAGES):
        is_question = number % 2 == 0
        turn = number // 2 + 1
        messages.append(
            {
                "id": f"m{number}",
                "parent_id": f"m{number - 1}" if number else None,
                "role": "user" if is_question else "assistant",
                "content": f"Question {turn}: what then?"
                if is_question
                else f"Answer {turn}. {kinds[turn % len(kinds)]}",
                "model": None if is_question else "bench",
                "created_at": (_START + timedelta(minutes=number)).isoformat(),
            }
        )
    return {
        "format": "prompt-portal.session/1",
        "title": "A thousand messages",
        "title_source": "user",
        "created_at": _START.isoformat(),
        "updated_at": messages[-1]["created_at"],
        "active_leaf_id": messages[-1]["id"],
        "messages": messages,
    }
