"""Which requests of the bridge's inbox are of one session, and which of them a game's states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("bridge_requests", sa.Column("line", sa.String(length=32), nullable=True))
    op.add_column(
        "bridge_requests", sa.Column("is_state", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index("ix_bridge_requests_line", "bridge_requests", ["line", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_bridge_requests_line", table_name="bridge_requests")
    op.drop_column("bridge_requests", "is_state")
    op.drop_column("bridge_requests", "line")
