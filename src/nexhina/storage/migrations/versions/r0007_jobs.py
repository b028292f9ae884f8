"""Jobs that outlive their request, and the money that is set aside for them."""

# Columns without a name for their type:
# pyright: reportUnknownArgumentType=false
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "job",
        sa.Column("number", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", ROW_ID, nullable=False),
        sa.Column("token_id", ROW_ID, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("channel_id", ROW_ID, nullable=True),
        sa.Column("upstream_model", sa.Text(), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=False),
        sa.Column("key_mark", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("taken_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("deadline_at", sa.Double(), nullable=False),
        sa.Column("poll_at", sa.Double(), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_tenant_id_tenant"),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name="fk_job_token_id_token"),
        sa.PrimaryKeyConstraint("number", name="pk_job"),
        sa.UniqueConstraint("id", name="uq_job_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_job_token_id_key", "job", ["token_id", "key"], unique=True)
    op.create_index("ix_job_tenant_id_number", "job", ["tenant_id", "number"], unique=False)
    op.create_index("ix_job_state_poll_at", "job", ["state", "poll_at"], unique=False)
    op.create_table(
        "earmark",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("tenant_id", ROW_ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_earmark_job_id_job"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_earmark_account_account"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_earmark_tenant_id_tenant"),
        sa.PrimaryKeyConstraint("job_id", "account", name="pk_earmark"),
    )
    op.create_index("ix_earmark_account", "earmark", ["account"], unique=False)
