"""A request id that is the call's own id is not stored twice: `log.request_id` is then empty."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

GIVEN = "request_id <> ''"


def upgrade() -> None:
    """Empties the repeated ids, and indexes those that callers gave."""
    op.drop_index("ix_log_request_id", "log")
    op.execute("UPDATE log SET request_id = '' WHERE request_id = id")
    op.create_index(
        "ix_log_request_id",
        "log",
        ["request_id"],
        sqlite_where=sa.text(GIVEN),
        postgresql_where=sa.text(GIVEN),
    )
