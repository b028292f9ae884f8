"""Responses that are kept for their tenant: read again, gone on from, deleted."""

# Columns without a name for their type:
# pyright: reportUnknownArgumentType=false
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "response",
        sa.Column("tenant_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel_id", ROW_ID, nullable=False),
        sa.Column("native", sa.Boolean(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("previous_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_response_tenant_id_tenant"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_response"),
    )
    op.create_index("ix_response_expires_at", "response", ["expires_at"], unique=False)
