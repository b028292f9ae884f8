"""`nexhina doctor`: what is broken, and what to do."""

import click

from nexhina import __version__
from nexhina.cli.frame import FAILURE, OK, Command, json_option, print_json, print_table
from nexhina.cli.installation import call, find_data_dir
from nexhina.errors import EXIT_USAGE, StartError
from nexhina.services.shapes import Check, Nothing, Report

_MARKS = {"ok": "ok", "warning": "look", "broken": "BROKEN"}


@click.command(
    cls=Command,
    examples=(
        "nexhina doctor\nnexhina doctor --json | jq '.checks[] | select(.outcome != \"ok\")'\n"
    ),
)
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:
    """Check settings, database, file rights and each channel with a small real call.

    Exit code 0 when nothing is broken, 1 otherwise. A call to a paid vendor may cost a fraction of
    a cent; disabled channels are not called.
    """
    report = _examine(ctx)
    if as_json:
        print_json(report)
        return OK if report.ok else FAILURE
    print(f"Nexhina {report.version}, data folder {report.data_dir}\n")
    if report.settings:
        print_table(
            ("SETTING", "VALUE", "FROM"), [(s.name, s.value, s.source) for s in report.settings]
        )
        print()
    for check in report.checks:
        print(f"{_MARKS[check.outcome]:<7} {check.name}: {check.detail}")
        if check.cure:
            print(f"        → {check.cure}")
    broken = [check.name for check in report.checks if check.outcome == "broken"]
    print(f"\nBroken: {', '.join(broken)}." if broken else "\nNothing is broken.")
    return OK if report.ok else FAILURE


def _examine(ctx: click.Context) -> Report:
    """The report; where the installation can't even be opened, one that says why."""
    try:
        return call(ctx, "doctor", Nothing())
    except StartError as error:
        if error.exit_code not in {FAILURE, EXIT_USAGE}:
            raise
        detail = f"it can't be examined: {str(error).rstrip('.')}."
        why = Check(name="installation", outcome="broken", detail=detail)
        return Report(
            ok=False,
            version=__version__,
            data_dir=str(find_data_dir(ctx)),
            checks=(why,),
            settings=(),
        )
