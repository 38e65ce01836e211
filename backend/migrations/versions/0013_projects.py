"""Projects that somebody edited or made."""

import sqlalchemy as sa
from alembic import op


revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("past_prompts", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_projects_owner_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projects")),
    )


def downgrade() -> None:
    op.drop_table("projects")
