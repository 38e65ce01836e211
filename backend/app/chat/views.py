"""Rows as the API shows them: pure functions from tables to schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from app.chat.excerpts import snippet_around
from app.chat.repository import Hit
from app.chat.schemas import (
    ErrorRead,
    LedgerRead,
    SearchHit,
    SessionDetail,
    SessionRead,
    TurnRead,
)
from app.chat.tables import MessageRow, SessionRow, TurnRow
from app.chat.tree import Node


def session_read(row: SessionRow, active_turn_id: str | None) -> SessionRead:
    return SessionRead.model_validate(_session_fields(row, active_turn_id))


def session_detail(
    row: SessionRow, nodes: Mapping[str, Node], facts: Mapping[str, Row[Any]], active_turn: TurnRow | None
) -> SessionDetail:
    turn = turn_read(active_turn, row.public_id) if active_turn else None
    return SessionDetail.model_validate(
        _session_fields(row, turn.id if turn else None)
        | {
            "system_prompt": row.system_prompt,
            "active_leaf_id": row.active_leaf_id,
            "messages": [_message_fields(node, facts) for node in nodes.values()],
            "active_turn": turn,
        }
    )


def turn_read(row: TurnRow, session_id: str) -> TurnRead:
    return TurnRead.model_validate(
        {
            "id": row.id,
            "session_id": session_id,
            "status": row.status,
            "user_message_id": row.user_message_id,
            "assistant_message_id": row.assistant_message_id,
            "model": row.model,
            "usage": row.usage,
            "timings": row.timings,
            "error": _error(row.error_code, row.error_message),
            "finish_reason": row.finish_reason,
            "created_at": row.created_at,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
        }
    )


def ledger_read(row: TurnRow) -> LedgerRead:
    return LedgerRead.model_validate({"turn_id": row.id, **(row.ledger or {})})


def search_hit(hit: Hit, folded_query: str) -> SearchHit:
    session, message = hit
    return SearchHit(
        session_id=session.public_id,
        title=session.title,
        message_id=message.id if message else None,
        role=message.role if message else None,
        snippet=snippet_around(_hit_text(message) if message else session.title, folded_query),
        created_at=message.created_at if message else session.created_at,
    )


def _hit_text(message: MessageRow) -> str:
    """Return what a search went through: the text and the names of the files."""
    return " ".join([message.content, *(ref["name"] for ref in message.attachments or ())])


def _session_fields(row: SessionRow, active_turn_id: str | None) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "title": row.title or "New chat",
        "title_source": row.title_source,
        "model": row.model,
        "folder": row.folder,
        "pinned": row.pinned,
        "archived": row.archived,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "active_turn_id": active_turn_id,
    }


def _message_fields(node: Node, facts: Mapping[str, Row[Any]]) -> dict[str, Any]:
    fact = facts.get(node.turn_id or "") if node.role == "assistant" else None
    return {
        "id": node.id,
        "parent_id": node.parent_id,
        "role": node.role,
        "content": node.content,
        "reasoning": node.reasoning,
        "status": node.status,
        "model": node.model,
        "turn_id": node.turn_id,
        "usage": fact.usage if fact else None,
        "timings": fact.timings if fact else None,
        "finish_reason": fact.finish_reason if fact else None,
        "error": _error(fact.error_code, fact.error_message) if fact else None,
        "attachments": node.attachments or [],
        "created_at": node.created_at,
    }


def _error(code: str | None, message: str | None) -> ErrorRead | None:
    return ErrorRead(code=code, message=message or "") if code else None
