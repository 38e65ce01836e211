"""Connections of the page to the MQTT broker, which live an hour."""

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "mqtt_connections",
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("projects", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mqtt_connections_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client", name=op.f("pk_mqtt_connections")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_mqtt_connections_secret_hash")),
    )
    op.create_index(op.f("ix_mqtt_connections_user_id"), "mqtt_connections", ["user_id"], unique=False)
    op.create_index(op.f("ix_mqtt_connections_expires_at"), "mqtt_connections", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_mqtt_connections_expires_at"), table_name="mqtt_connections")
    op.drop_index(op.f("ix_mqtt_connections_user_id"), table_name="mqtt_connections")
    op.drop_table("mqtt_connections")
