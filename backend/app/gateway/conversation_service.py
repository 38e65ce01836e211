"""Conversations of `/v1`: lists of items that responses read and lengthen, whatever model answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from app.auth.errors import NoCredentialError
from app.auth.principal import Principal
from app.db.session import Database
from app.gateway.conversation_errors import ConversationNotFoundError, ItemNotFoundError
from app.gateway.conversation_repository import ConversationRepository
from app.gateway.item_pages import ItemPage, as_read, item_list
from app.gateway.response_bodies import CONVERSATION, metadata_of
from app.gateway.response_items import Item, has_references, input_items
from app.gateway.tables import Conversation
from app.kit.clock import Clock
from app.kit.ids import new_id


class ConversationService:
    """One for the process. Every method takes who asks, and finds nothing of anybody else's. All raise PortalError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, principal: Principal, body: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a conversation, perhaps with items."""
        if principal.is_anonymous:
            raise NoCredentialError
        given = body.get("items")
        items = input_items(given, {}, "items") if given else []
        now = self._clock.now()
        facts = metadata_of(body)
        row = Conversation(
            id=new_id(), user_id=principal.user.id, facts=facts, places=0, created_at=now, updated_at=now
        )
        async with self._database.transaction() as session:
            repository = ConversationRepository(session)
            repository.add(row)
            if items:
                await session.flush()
                await repository.extend(row.id, items, now)
        return _shown(row)

    async def read(self, principal: Principal, conversation_id: str) -> dict[str, Any]:
        """Return a conversation, without its items."""
        async with self._found(principal, conversation_id) as (_, row):
            return _shown(row)

    async def update(
        self, principal: Principal, conversation_id: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Replace the metadata."""
        facts = metadata_of(body)
        async with self._found(principal, conversation_id, is_changed=True) as (_, row):
            row.facts, row.updated_at = facts, self._clock.now()
            return _shown(row)

    async def delete(self, principal: Principal, conversation_id: str) -> dict[str, Any]:
        """Remove a conversation with its items; responses that were stored stay."""
        async with self._found(principal, conversation_id, is_changed=True) as (repository, row):
            await repository.delete(row)
        return {"id": conversation_id, "object": "conversation.deleted", "deleted": True}

    async def add_items(
        self, principal: Principal, conversation_id: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Put items at the end, and return them."""
        async with self._found(principal, conversation_id, is_changed=True) as (repository, row):
            given = body.get("items")
            said = await repository.items(row.id) if has_references(given) else []
            items = input_items(given, {item["id"]: item for item in said}, "items")
            added = await repository.extend(row.id, items, self._clock.now())
            return item_list(added or [])

    async def said(self, principal: Principal, conversation_id: str) -> list[Item]:
        """Return all of the items, the oldest first."""
        async with self._found(principal, conversation_id) as (repository, row):
            return await repository.items(row.id)

    async def items(self, principal: Principal, conversation_id: str, page: ItemPage) -> dict[str, Any]:
        """Return a page of the items."""
        async with self._found(principal, conversation_id) as (repository, row):
            found = await repository.page(row.id, page)
        return item_list(found[: page.limit], has_more=len(found) > page.limit)

    async def item(self, principal: Principal, conversation_id: str, item_id: str) -> Item:
        """Return one item."""
        async with self._found(principal, conversation_id) as (repository, row):
            found = await repository.item(row.id, item_id)
            if found is None:
                raise ItemNotFoundError
            return as_read(found.item)

    async def delete_item(self, principal: Principal, conversation_id: str, item_id: str) -> dict[str, Any]:
        """Remove one item: later responses do not read it."""
        async with self._found(principal, conversation_id, is_changed=True) as (repository, row):
            if not await repository.delete_item(row.id, item_id):
                raise ItemNotFoundError
            return _shown(row)

    @asynccontextmanager
    async def _found(
        self, principal: Principal, conversation_id: str, *, is_changed: bool = False
    ) -> AsyncIterator[tuple[ConversationRepository, Conversation]]:
        """Find the caller's conversation, for the length of one transaction."""
        if principal.is_anonymous:
            raise NoCredentialError
        opened = self._database.transaction if is_changed else self._database.reading
        async with opened() as session:
            repository = ConversationRepository(session)
            row = await repository.find(principal.user.id, conversation_id.removeprefix(CONVERSATION))
            if row is None:
                raise ConversationNotFoundError
            yield repository, row


def _shown(row: Conversation) -> dict[str, Any]:
    return {
        "id": CONVERSATION + row.id,
        "object": "conversation",
        "created_at": int(row.created_at.timestamp()),
        "metadata": row.facts,
    }
