"""Starts the command line. Runs on any Python 3, to say in one line that it is too old."""

import gc
import sys

OLDEST = (3, 11)


def main():  # noqa: ANN201  (old Pythons must be able to read this file)
    """The exit code of `nexhina`; entry point of the installed command and of `python -m nexhina`."""
    if sys.version_info < OLDEST:
        sys.stderr.write(
            "nexhina: it needs Python %d.%d or newer, and this is %s at %s. "  # noqa: UP031  (as above)
            "Install a newer Python and make the environment again with it.\n"
            % (OLDEST[0], OLDEST[1], sys.version.split()[0], sys.executable)
        )
        return 2
    # Start-up makes a great many objects and hardly any garbage: don't walk them again and again.
    gc.set_threshold(400000, 20, 20)
    try:
        from nexhina.cli.main import main as run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "nexhina":
            raise
        sys.stderr.write(
            "nexhina: the package %s is missing in the environment of %s. "  # noqa: UP031
            "Install nexhina again: pip install --force-reinstall nexhina\n"
            % (error.name, sys.executable)
        )
        return 1
    return run()


if __name__ == "__main__":
    sys.exit(main())
