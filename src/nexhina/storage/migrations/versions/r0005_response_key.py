"""With which of its channel's keys a response was made: the vendor shows it to that key only."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column; of older responses it is not known."""
    op.add_column(
        "response", sa.Column("key_mark", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
