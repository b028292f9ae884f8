"""The schema's history, for Alembic. Add a revision here and its number to `storage/schema.py`."""
