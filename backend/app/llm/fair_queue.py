"""Who is next: classes in strict order, round-robin between users within a class, first come first served for a user.

Pure: no waiting, no time. `admission` puts the waiting around it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from app.llm.types import PriorityClass

T = TypeVar("T")

CLASSES: Final[tuple[PriorityClass, ...]] = ("player", "chat", "batch")


class FairQueue(Generic[T]):
    """A queue of items, each pushed for a user in a class."""

    def __init__(self) -> None:
        self._classes: dict[PriorityClass, OrderedDict[int, deque[T]]] = {
            name: OrderedDict() for name in CLASSES
        }
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, item: T, user_id: int, priority: PriorityClass) -> None:
        """Add an item behind the user's own; a new user comes behind the other users of the class."""
        self._classes[priority].setdefault(user_id, deque()).append(item)
        self._length += 1

    def pop(self) -> T | None:
        """Take the next item; its user goes behind the class's other users."""
        for users in self._classes.values():
            if users:
                user_id, items = next(iter(users.items()))
                item = items.popleft()
                self._length -= 1
                if items:
                    users.move_to_end(user_id)
                else:
                    del users[user_id]
                return item
        return None

    def remove(self, item: T, user_id: int, priority: PriorityClass) -> bool:
        """Take an item out wherever it is; False when it is not there."""
        users = self._classes[priority]
        items = users.get(user_id)
        if items is None or item not in items:
            return False
        items.remove(item)
        self._length -= 1
        if not items:
            del users[user_id]
        return True

    def in_order(self) -> Iterator[T]:
        """Yield the items in the order in which `pop` would take them."""
        for users in self._classes.values():
            rounds = [list(items) for items in users.values()]
            depth = 0
            while rounds:
                rounds = [items for items in rounds if len(items) > depth]
                for items in rounds:
                    yield items[depth]
                depth += 1
