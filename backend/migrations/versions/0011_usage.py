"""Usage: a row for each request, and their sums by day."""

import sqlalchemy as sa
from alembic import op


revision = "0011"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "usage_rows",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("key_id", sa.String(length=32), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("operation", sa.String(length=24), nullable=False),
        sa.Column("asked_model", sa.String(length=200), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("target", sa.String(length=300), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        sa.Column("is_cache_hit", sa.Boolean(), nullable=False),
        sa.Column("cost_nanos", sa.BigInteger(), nullable=False),
        sa.Column("ttft_ms", sa.Double(), nullable=True),
        sa.Column("total_ms", sa.Double(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_rows")),
    )
    op.create_index("ix_usage_rows_created_at", "usage_rows", ["created_at"], unique=False)
    op.create_index("ix_usage_rows_user", "usage_rows", ["user_id", "created_at"], unique=False)
    sums = (
        "requests", "errors", "cancelled", "cache_hits",
        "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "cost_nanos",
    )
    op.create_table(
        "usage_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
        sa.PrimaryKeyConstraint(
            "day", "user_id", "key_id", "device", "door", "model", name=op.f("pk_usage_days")
        ),
    )
    op.create_index("ix_usage_days_user", "usage_days", ["user_id", "day"], unique=False)
    op.create_index("ix_usage_days_key", "usage_days", ["key_id", "day"], unique=False)


def downgrade() -> None:
    op.drop_table("usage_days")
    op.drop_table("usage_rows")
