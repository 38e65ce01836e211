"""How long a turn's new text is: counted before it is sent where that decides something, else while the model works."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from app.llm.routing import Target
from app.llm.tokens import TokenCounter, text_of, text_of_json
from app.llm.types import ChatMessage, Sampling

_PATIENCE_SECONDS = 0.5


@dataclass(slots=True)
class Lengths:
    """Tokens of the prompt's head (system prompt and tools) and of the new message.

    `counting` is set while they are estimates; `settled` replaces them by the counts.
    """

    head: int
    new: int
    counting: asyncio.Task[tuple[int, int]] | None = None

    async def settled(self) -> None:
        """Take over the counts; an estimate stays where the tokenizer does not answer soon."""
        task, self.counting = self.counting, None
        if task is None:
            return
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not task.done():
            task.cancel()
        elif not task.cancelled() and task.exception() is None:
            self.head, self.new = task.result()


@dataclass(frozen=True, slots=True)
class NewText:
    """What of a prompt was not counted by the server yet."""

    system: ChatMessage | None
    tools: str
    message: ChatMessage

    @classmethod
    def of(cls, system: ChatMessage | None, sampling: Sampling, message: ChatMessage) -> NewText:
        return cls(system, text_of_json(sampling.tools) if sampling.tools else "", message)

    def bound(self, counter: TokenCounter) -> int:
        """Return what all of it is certainly not longer than."""
        head = counter.bound(text_of(self.system)[0]) if self.system is not None else 0
        return head + counter.bound(self.tools) + counter.bound(*text_of(self.message))

    async def count(self, target: Target, counter: TokenCounter) -> tuple[int, int]:
        """Return the lengths of head and message by the server's tokenizer."""
        head = await counter.count_text(self.tools, target)
        if self.system is not None:
            head += await counter.count_message(self.system, target)
        return head, await counter.count_message(self.message, target)

    def estimate(self, target: Target, counter: TokenCounter) -> tuple[int, int]:
        """Return the same without asking."""
        head = counter.estimate(self.tools, target)
        if self.system is not None:
            head += counter.estimate_message(self.system, target)
        return head, counter.estimate_message(self.message, target)


async def measure(text: NewText, room: int, target: Target, counter: TokenCounter) -> Lengths:
    """Measure new text for a prompt that has `room` tokens left for it.

    Text that fits whatever its exact length is not waited for: the request goes out, and the count comes meanwhile.
    """
    if text.bound(counter) > room:
        return Lengths(*await text.count(target, counter))
    return Lengths(*text.estimate(target, counter), asyncio.create_task(text.count(target, counter)))
