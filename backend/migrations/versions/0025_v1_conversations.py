"""Conversations of `/v1`: lists of items that responses read and lengthen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "v1_conversations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_v1_conversations_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_v1_conversations")),
    )
    op.create_index(op.f("ix_v1_conversations_user_id"), "v1_conversations", ["user_id"])
    op.create_index(op.f("ix_v1_conversations_updated_at"), "v1_conversations", ["updated_at"])
    op.create_table(
        "v1_conversation_items",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=100), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["v1_conversations.id"],
            name=op.f("fk_v1_conversation_items_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "place", name=op.f("pk_v1_conversation_items")),
        sa.UniqueConstraint(
            "conversation_id", "item_id", name=op.f("uq_v1_conversation_items_conversation_id_item_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("v1_conversation_items")
    op.drop_table("v1_conversations")
