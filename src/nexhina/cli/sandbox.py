"""`nexhina sandbox`: the offline vendor alone."""

from pathlib import Path

import click

from nexhina.cli.frame import Command
from nexhina.cli.ready import write_ready


@click.command(
    cls=Command,
    examples=(
        "nexhina sandbox --port 8001\n"
        "curl http://127.0.0.1:8001/v1/chat/completions -H 'Content-Type: application/json' \\\n"
        '    -d \'{"model":"sandbox-chat","messages":[{"role":"user","content":"Hi"}]}\'\n'
    ),
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="H", help="Address to listen on."
)
@click.option(
    "--port",
    default=8001,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="P",
    help="Port to listen on; 0 takes any free one.",
)
@click.option("--ready-file", metavar="F", help="Gets {base_url, pid, version} once it answers.")
def sandbox(host: str, port: int, ready_file: str | None) -> int:
    """Run the offline vendor alone, as an upstream for tests of your own applications.

    It takes any key. Faults are asked for per call, after the model's name or in a header.
    """
    from nexhina.app.sandbox_alone import serve_sandbox

    def announce(base_url: str) -> None:
        print(f"The sandbox answers at {base_url}, with any key.", flush=True)
        if ready_file is not None:
            write_ready(Path(ready_file).absolute(), {"base_url": base_url})

    return serve_sandbox(host, port, announce)
