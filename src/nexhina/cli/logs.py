"""`nexhina logs`: the log of calls."""

from typing import Any

import click
import msgspec

from nexhina.cli.frame import Group, json_option, print_json, print_table
from nexhina.cli.installation import call, stream
from nexhina.cli.when import read_since, show_time
from nexhina.services.shapes import ListLogs, LogDetail, LogView, ShowLog
from nexhina.telemetry.clock import SystemClock

_HEAD = ("TIME", "ID", "KEY", "MODEL", "CHANNEL", "STATUS", "MS", "COST USD")


@click.group(cls=Group)
def logs() -> None:
    """Read the log: one row per call, written when it has ended."""


@logs.command(
    "list",
    examples=(
        "nexhina logs list --key app --since 1h\n"
        "nexhina logs list --status 502 --json\n"
        "nexhina logs list --request-id my-trace-7\n"
        "nexhina logs list --follow --since 15m\n"
    ),
)
@click.option("--request-id", metavar="R", help="The caller's X-Request-Id, or x-nexhina-id.")
@click.option("--key", metavar="K", help="Calls of this key (id or name).")
@click.option("--model", metavar="M", help="Calls that asked for this model.")
@click.option("--status", type=int, metavar="S", help="Calls that ended with this HTTP status.")
@click.option("--since", metavar="T", help="15m, 2h, 7d, or a date or time (UTC).")
@click.option(
    "--limit", type=int, default=50, show_default=True, metavar="N", help="At most so many."
)
@click.option(
    "--follow",
    "-f",
    is_flag=True,
    help="Go on with calls as they end, until Ctrl-C; --since shows earlier ones first.",
)
@json_option
@click.pass_context
def list_(
    ctx: click.Context, since: str | None, follow: bool, as_json: bool, **filters: Any
) -> None:
    """List calls, newest first. With --follow oldest first; --json then prints one line per call."""
    moment = None if since is None else read_since(since, SystemClock().now())
    arguments = ListLogs(since=moment, **filters)
    if follow:
        _follow(ctx, arguments, as_json)
        return
    found: tuple[LogView, ...] = call(ctx, "logs.list", arguments)
    if as_json:
        print_json(found)
    else:
        print_table(_HEAD, [_row(view) for view in found])


@logs.command(
    short_help="Show one call, and how its charge came about.",
    examples=(
        "nexhina logs show 01a21838-3dd6-74b5-bfcb-142a46064d82\n"
        "nexhina logs show my-trace-7 --json | jq .calculation\n"
    ),
)
@click.argument("id_", metavar="ID")
@json_option
@click.pass_context
def show(ctx: click.Context, id_: str, as_json: bool) -> None:
    """Show one call: its row, how its charge came about, and what was decided on the way.

    ID is the answer's x-nexhina-id or x-request-id.
    """
    detail: LogDetail = call(ctx, "logs.show", ShowLog(id=id_))
    if as_json:
        print_json(detail)
        return
    for label, value in _facts(detail):
        print(f"{label:<14}{value}")
    print("\nCharge")
    for line in detail.calculation:
        print(f"  {line}")
    if not detail.agrees:
        print(f"  but the row says {detail.cost_usd} USD: it does not agree with its own factors")
    print("\nDecisions")
    for line in detail.trace:
        print(f"  {line}")


def _follow(ctx: click.Context, arguments: ListLogs, as_json: bool) -> None:
    for view in stream(ctx, "logs.follow", arguments):
        if as_json:
            print(msgspec.json.encode(view).decode(), flush=True)
        else:
            print("  ".join(str(cell) for cell in _row(view)), flush=True)


def _row(view: LogView) -> tuple[object, ...]:
    return (
        show_time(view.created_at),
        view.id,
        view.key,
        view.model,
        view.channel,
        f"{view.status} {view.error_code}".strip(),
        f"{view.total_ms:.0f}",
        view.cost_usd,
    )


def _facts(view: LogDetail) -> list[tuple[str, object]]:
    marks = [
        name for name in ("stream", "estimated", "unpriced", "abandoned") if getattr(view, name)
    ]
    usage = ", ".join(f"{kind} {quantity:,}" for kind, quantity in view.usage.items())
    times = (
        f"{view.queue_ms:.1f} ms until sent, {view.first_byte_ms:.1f} ms first byte, "
        f"{view.total_ms:.1f} ms total"
    )
    return [
        ("id", view.id),
        ("request id", view.request_id),
        ("began", show_time(view.created_at)),
        ("key", view.key),
        ("operation", view.operation),
        ("model", f"{view.model} → {view.upstream_model or '-'}"),
        ("channel", f"{view.channel or '-'} (attempts {view.attempts}, lane {view.lane or '-'})"),
        ("status", f"{view.status} {view.error_code}".strip()),
        ("marks", ", ".join(marks) or "-"),
        ("times", times),
        ("usage", usage or "-"),
        ("cost", f"{view.cost_usd} USD"),
    ]
