"""Providers asked on routes of their own, and responses that are stored at one."""

import sqlalchemy as sa
from alembic import op


revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("providers", sa.Column("own_routes", sa.Text(), nullable=True))
    op.add_column("responses", sa.Column("upstream", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("responses", "upstream")
    op.drop_column("providers", "own_routes")
