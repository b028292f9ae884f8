"""Counters on each token, so that a list of keys needs no sum over the log.

They are filled once from the log that is there, and from then on by every batch of rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns and counts what the log holds."""
    zero = sa.text("0")
    op.add_column(
        "token", sa.Column("spent_nano", sa.BigInteger(), server_default=zero, nullable=False)
    )
    op.add_column("token", sa.Column("calls", sa.BigInteger(), server_default=zero, nullable=False))
    op.add_column("token", sa.Column("last_used_at", sa.Double(), nullable=True))
    op.execute(
        "UPDATE token SET"
        " spent_nano = COALESCE((SELECT SUM(charge_nano) FROM log WHERE token_id = token.id), 0),"
        " calls = (SELECT COUNT(*) FROM log WHERE token_id = token.id),"
        " last_used_at = (SELECT MAX(created_at) FROM log WHERE token_id = token.id)"
    )
