"""Limits: budgets of keys, all limits of people, prices of providers."""

import sqlalchemy as sa
from alembic import op


revision = "0012"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("budget", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("tokens_per_minute", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("budget", sa.Text(), nullable=True))
    op.add_column("providers", sa.Column("price", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("providers", "price")
    for name in ("budget", "tokens_per_minute", "requests_per_minute"):
        op.drop_column("users", name)
    op.drop_column("api_keys", "budget")
