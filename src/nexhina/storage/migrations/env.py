"""What Alembic runs: it works on the connection and inside the transaction of `storage.migrate`."""

from alembic import context

from nexhina.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
