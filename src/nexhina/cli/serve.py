"""`nexhina serve`: settings from flags, environment and file, then `app.serve`; and its greeting."""

import os
import shutil
import sys
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from nexhina import __version__
from nexhina.cli.frame import USAGE, Command
from nexhina.cli.installation import find_data_dir, load_settings
from nexhina.cli.ready import write_ready
from nexhina.errors import StartError
from nexhina.services.shapes import Installed
from nexhina.settings import SETTINGS, Setting

SEED_CURL = """\
curl --location '{base_url}/images/generations' \\
--header 'X-Request-Id;' \\
--header 'X-Tenant-Id;' \\
--header 'X-Channel;' \\
--header 'Authorization: Bearer {key}' \\
--header 'Content-Type: application/json' \\
--data '{{
    "model": "wanx-v2",
    "prompt": "Futuristic technology city",
    "size": "1024x1024",
    "quality": "high",
    "n": 1
}}'"""
"""The documentation's Generate Image call, word for word but for host and key."""


def _flag(setting: Setting) -> click.Option:
    about = setting.about
    kind = {"integer": "N", "number": "N", "switch": "on|off", "list": "A,B", "text": "TEXT"}
    metavar = "|".join(about.choices) or kind[setting.kind]
    default = (
        "" if setting.default in (None, ()) else f" [default: {setting.show(setting.default)}]"
    )
    unit = f" ({about.unit})" if about.unit else ""
    name = setting.name.replace("_", "-")
    return click.Option(
        [f"--{name}", setting.name], metavar=metavar, help=f"{about.en}{unit}.{default}"
    )


def serve_flags() -> list[click.Parameter]:
    """A flag for every setting but secrets, which other users could read in the process list."""
    return [_flag(setting) for setting in SETTINGS if not setting.about.secret]


def _serve(ready_file: str | None, **flags: Any) -> int:
    from nexhina.storage.folder import explain_held, holder, open_folder

    folder = open_folder(find_data_dir(click.get_current_context()))
    pid = holder(folder)
    if pid is not None:  # `app` holds it for good; before any setting is looked at, this is said
        raise explain_held(folder, pid)
    settings, sources = load_settings(folder, flags)
    for name in ("tls_cert", "tls_key"):
        file = getattr(settings, name)
        if file is not None and not os.access(file, os.R_OK):
            raise StartError(
                f"The setting {name} ({sources[name]}) names {file}, which can't be read.",
                exit_code=USAGE,
            )
    ready = None if ready_file is None else Path(ready_file).absolute()
    from nexhina.app.serve import serve as run_server

    def announce(_product: object, installed: Installed) -> None:
        print(welcome_text(installed, name_program(sys.argv[0])), flush=True)
        if ready is not None:
            write_ready(ready, {"base_url": installed.base_url, "setup_url": installed.setup_url})

    return run_server(settings, sources, folder.path, announce)


serve = Command(
    "serve",
    callback=_serve,
    params=[
        click.Option(
            ["--ready-file"],
            metavar="F",
            help="Gets {base_url, setup_url, pid, version} as JSON once requests are answered.",
        ),
        *serve_flags(),
    ],
    help="""Start the server. It runs until Ctrl-C or SIGTERM, and then lets running calls finish.

    The first run makes the installation and prints the owner's key, once. Every option is also
    NEXHINA_<NAME> in the environment and <name> in nexhina.toml in the data folder; a flag wins
    over the environment, the environment over the file. The secrets (secret_key, metrics_token)
    have no flag.""",
    examples="""\
nexhina serve
nexhina serve --port 0 --ready-file /run/nexhina.json
nexhina serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
NEXHINA_PORT=9000 nexhina serve --data-dir /srv/nexhina
""",
)


def name_program(called: str) -> str:
    """How the person who called it as `called` calls it again: `nexhina` where their PATH finds it."""
    if not called.endswith("nexhina"):
        return "nexhina"
    found = shutil.which("nexhina")
    try:  # who can't look at them must still be shown the key
        return "nexhina" if found is not None and Path(found).samefile(called) else called
    except OSError:
        return called


def welcome_text(installed: Installed, program: str = "nexhina") -> str:
    """What the person who starts the server reads; a key is in it on the first run only."""
    lines = [f"Nexhina {__version__} is ready.", "", f"  Base URL     {installed.base_url}"]
    if installed.api_key is not None:
        lines.append(f"  API key      {installed.api_key}")
        lines.append(f"               (shown this once; `{program} init --new-key` makes another)")
    if installed.setup_url is not None:
        lines.append(f"  Set-up link  {installed.setup_url}")
        lines.append("               (works once, for an hour: the owner's e-mail and password)")
    if installed.api_key is not None:
        curl = SEED_CURL.format(base_url=installed.base_url, key=installed.api_key)
        lines += ["", "Try it:", "", curl]
    if installed.sandbox_models:
        names = ", ".join(installed.sandbox_models)
        notice = (
            f"The built-in offline sandbox, not their makers, answers for {names} until you add a "
            "channel:"
        )
        lines += [
            "",
            *wrap(notice, 100, break_long_words=False, break_on_hyphens=False),
            "",
            f"  {program} channels add --provider openai --name openai --key - --models auto",
        ]
    return "\n".join(lines) + "\n"
