"""Queries on conversations and their items. A caller's look-up is by owner."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.gateway.item_pages import ItemPage
from app.gateway.response_bodies import CONVERSATION
from app.gateway.response_items import Item, renamed
from app.gateway.tables import Conversation, ConversationItem
from app.kit.ids import is_id

_ID = re.compile(r"[\x21-\x7e]{1,100}")  # what a database takes and an address can hold


class ConversationRepository:
    """Conversations of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: Conversation) -> None:
        self._session.add(row)

    async def find(self, user_id: int, row_id: str) -> Conversation | None:
        """Return the owner's conversation."""
        if not is_id(row_id):
            return None
        query = select(Conversation).where(Conversation.id == row_id, Conversation.user_id == user_id)
        return (await self._session.scalars(query)).first()

    async def delete(self, row: Conversation) -> None:
        """Remove a conversation with its items."""
        await self._session.delete(row)

    async def extend(self, row_id: str, items: Sequence[Item], now: datetime) -> list[Item] | None:
        """Put items at the end, all of them side by side, and return them; None for a conversation that is gone.

        An id that the conversation has already, or that is too long to be kept, is replaced.
        """
        # who takes the places holds the row until the transaction ends: two that lengthen it follow one another
        taking = (
            update(Conversation)
            .where(Conversation.id == row_id)
            .values(places=Conversation.places + len(items), updated_at=now)
            .returning(Conversation.places)
        )
        places = (await self._session.execute(taking)).scalar()
        if places is None:
            return None
        named = await self._named(row_id, items)
        self._session.add_all(
            ConversationItem(conversation_id=row_id, place=place, item_id=item["id"], item=item)
            for place, item in enumerate(named, places - len(items))
        )
        return named

    async def take_up(self, response: Mapping[str, Any], put_in: Sequence[Item], now: datetime) -> None:
        """Put what a response was asked and has answered at the end of its conversation; nothing of one that failed."""
        conversation = response.get("conversation")
        if conversation and response["status"] in ("completed", "incomplete"):
            output = [item for item in response["output"] if isinstance(item, dict)]
            await self.extend(conversation["id"].removeprefix(CONVERSATION), [*put_in, *output], now)

    async def _named(self, row_id: str, items: Sequence[Item]) -> list[Item]:
        column = ConversationItem.item_id
        wanted = [str(item.get("id")) for item in items]
        usable = [wish for wish in wanted if _ID.fullmatch(wish)]
        query = select(column).where(ConversationItem.conversation_id == row_id, column.in_(usable))
        taken = set((await self._session.scalars(query)).all())
        named: list[Item] = []
        for item, wish in zip(items, wanted, strict=True):
            is_usable = item.get("id") == wish and wish not in taken and _ID.fullmatch(wish)
            named.append(item if is_usable else renamed(item))
            taken.add(wish)
        return named

    async def items(self, row_id: str) -> list[Item]:
        """Return all of a conversation's items, the oldest first."""
        query = select(ConversationItem.item).where(ConversationItem.conversation_id == row_id)
        return list((await self._session.scalars(query.order_by(ConversationItem.place))).all())

    async def page(self, row_id: str, page: ItemPage) -> list[Item]:
        """Return a page of the items, and one more where there are more; all from the beginning after an unknown item."""
        place = ConversationItem.place
        query = select(ConversationItem.item).where(ConversationItem.conversation_id == row_id)
        if page.after is not None and (last := await self.item(row_id, page.after)) is not None:
            query = query.where(place < last.place if page.is_newest_first else place > last.place)
        query = query.order_by(place.desc() if page.is_newest_first else place).limit(page.limit + 1)
        return list((await self._session.scalars(query)).all())

    async def item(self, row_id: str, item_id: str) -> ConversationItem | None:
        """Return one item of a conversation."""
        if not _ID.fullmatch(item_id):
            return None
        query = select(ConversationItem).where(
            ConversationItem.conversation_id == row_id, ConversationItem.item_id == item_id
        )
        return (await self._session.scalars(query)).first()

    async def delete_item(self, row_id: str, item_id: str) -> bool:
        """Remove an item; whether there was one."""
        if not _ID.fullmatch(item_id):
            return False
        query = delete(ConversationItem).where(
            ConversationItem.conversation_id == row_id, ConversationItem.item_id == item_id
        )
        return bool((await self._session.execute(query.returning(ConversationItem.place))).first())
