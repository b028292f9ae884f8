"""What a server loads before its first request: each package costs time and memory at every start."""

import subprocess
import sys

import pytest

UNUSED = (
    "alembic",
    "argon2",
    "cryptography",
    "jinja2",
    "mako",
    "nexhina.console",
    "nexhina.dialects.multipart",
    "nexhina.dialects.openai_embeddings",
    "nexhina.dialects.openai_images",
    "nexhina.dialects.openai_responses",
    "nexhina.domain.sound",
    "nexhina.jobs.video",
    "nexhina.pipeline.listing",
    "nexhina.pipeline.stored",
    "nexhina.pipeline.video",
    "nexhina.sandbox.chat",
    "nexhina.sandbox.vendor",
    "PIL",
    "pydantic",
    "python_socks",
    "sqlalchemy.dialects.postgresql",
    "starlette",
)


@pytest.mark.parametrize("module", ["nexhina.app.serve", "nexhina.cli.serve"])
def test_a_server_loads_only_what_its_first_request_needs(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert module in loaded
    assert loaded.isdisjoint(UNUSED)
