"""The log loses its two indexes by time: every call paid for them, and ids are ordered by time.

Rows stay as they are. `storage/log.py` says how each question is answered without them.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Drops the indexes."""
    op.drop_index("ix_log_tenant_id_created_at", "log")
    op.drop_index("ix_log_token_id_created_at", "log")
