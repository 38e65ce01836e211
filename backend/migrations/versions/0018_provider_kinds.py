"""Stored providers: mappings and Python modules."""

import sqlalchemy as sa
from alembic import op


revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("providers", sa.Column("module", sa.String(length=64), nullable=True))
    op.add_column("providers", sa.Column("mapping", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("providers", "mapping")
    op.drop_column("providers", "module")
