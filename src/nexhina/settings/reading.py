"""Which of several values of a setting wins, and what a value may be.

A value comes from a flag, else `NEXHINA_<NAME>`, else `nexhina.toml` in the data folder, else the
default. An unknown name is an error: a misspelt setting that is passed over in silence is worse than
none.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from nexhina.errors import EXIT_USAGE, StartError
from nexhina.settings.table import ENV_PREFIX, SETTINGS, Setting, Settings, hide_password

FILE_NAME = "nexhina.toml"
NOT_SETTINGS = frozenset(
    {"DATA_DIR", "API_KEY", "BASE_URL", "MODEL", "TENANT_ID", "CHANNEL", "REQUEST_ID"}
)
"""Names after NEXHINA_ that belong to the command line or to client applications."""

_TRUE = frozenset({"on", "true", "yes", "1"})
_FALSE = frozenset({"off", "false", "no", "0"})
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def read_settings(
    flags: Mapping[str, Any], environ: Mapping[str, str], toml_text: str = ""
) -> tuple[Settings, dict[str, str]]:
    """The settings in force, and by name where each value came from.

    `flags` holds values by setting name, None = not given. Raises StartError (exit code 2) on an
    unknown name, a wrong type or a value outside its bounds.
    """
    values: dict[str, Any] = {}
    sources = {setting.name: "default" for setting in SETTINGS}
    for raw, origins in (
        _read_file(toml_text),
        _read_environ(environ),
        _read_flags(flags),
    ):
        for name, given in raw.items():
            values[name] = _read_value(_BY_NAME[name], given, origins[name])
            sources[name] = origins[name]
    settings = Settings(**values)
    _check_together(settings, sources)
    return settings, sources


Layer = tuple[dict[str, Any], dict[str, str]]
"""Raw values by setting name, and the words for where each stands."""


def _read_file(text: str) -> Layer:
    if not text:
        return {}, {}
    import tomllib

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StartError(
            f"{FILE_NAME} is not TOML: {error}; write lines like port = 9000, texts in quotes.",
            exit_code=EXIT_USAGE,
        ) from None
    for name, value in raw.items():
        if isinstance(value, dict):
            raise StartError(
                f"{FILE_NAME} has a section [{name}]; write the settings without sections.",
                exit_code=EXIT_USAGE,
            )
        if name not in _BY_NAME:
            raise _unknown(name, f"in {FILE_NAME}", list(_BY_NAME))
    return raw, dict.fromkeys(raw, FILE_NAME)


def _read_environ(environ: Mapping[str, str]) -> Layer:
    raw: dict[str, Any] = {}
    for variable, value in environ.items():
        rest = variable.removeprefix(ENV_PREFIX)
        if rest == variable or rest in NOT_SETTINGS or _is_service_link(rest, value):
            continue
        name = rest.lower()
        if name not in _BY_NAME or rest != rest.upper():
            raise _unknown(variable, "in the environment", list(_BY_NAME), ENV_PREFIX)
        raw[name] = value
    return raw, {name: ENV_PREFIX + name.upper() for name in raw}


def _is_service_link(rest: str, value: str) -> bool:
    """Whether Kubernetes wrote this variable: it does for every Service, so for one named nexhina."""
    if rest.startswith("SERVICE_"):
        return True
    return rest.startswith("PORT_") or (rest == "PORT" and "://" in value)


def _read_flags(flags: Mapping[str, Any]) -> Layer:
    raw = {name: value for name, value in flags.items() if value is not None}
    for name in raw:
        if name not in _BY_NAME:
            raise _unknown(name, "among the flags", list(_BY_NAME))
    return raw, {name: "--" + name.replace("_", "-") for name in raw}


def _unknown(name: str, where: str, known: list[str], prefix: str = "") -> StartError:
    from difflib import get_close_matches

    near = get_close_matches(name.removeprefix(prefix).lower(), known, n=1, cutoff=0.5)
    right = prefix + near[0].upper() if near and prefix else "".join(near)
    cure = f"did you mean {right}?" if near else "`nexhina doctor` lists the settings."
    return StartError(f"There is no setting {name} ({where}); {cure}", exit_code=EXIT_USAGE)


Refuse = Callable[[str], StartError]


def _read_value(setting: Setting, given: Any, origin: str) -> Any:
    def refuse(want: str) -> StartError:
        shown = "this value" if setting.about.secret else hide_password(repr(given))
        return StartError(
            f"The setting {setting.name} must be {want}, but {origin} says {shown}.",
            exit_code=EXIT_USAGE,
        )

    if setting.kind in ("integer", "number"):
        return _read_number(setting, given, refuse)
    if setting.kind == "switch":
        if isinstance(given, bool):
            return given
        word = str(given).strip().lower()
        if word not in _TRUE | _FALSE:
            raise refuse("on or off")
        return word in _TRUE
    if setting.kind == "list":
        return _read_list(given, refuse)
    return _read_text(setting, given, refuse)


def _read_text(setting: Setting, given: Any, refuse: Refuse) -> str | None:
    if not isinstance(given, str):
        raise refuse("a text in quotes")
    text = given.strip()
    if setting.about.choices and text not in setting.about.choices:
        raise refuse("one of " + ", ".join(setting.about.choices))
    if not text and setting.default is None:
        return None  # NEXHINA_X= takes a value away again
    if not text:
        raise refuse("a text that is not empty")
    return text


def _read_number(setting: Setting, given: Any, refuse: Refuse) -> int | float:
    whole = setting.kind == "integer"
    want = _bounds_text(setting)
    if isinstance(given, str):
        try:
            given = int(given) if whole else float(given)
        except ValueError:
            raise refuse(want) from None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise refuse(want)
    if whole and not isinstance(given, int):
        raise refuse(want)
    low, high = setting.about.low, setting.about.high
    if not (low is None or given >= low) or not (high is None or given <= high):
        raise refuse(want)
    return given if whole else float(given)


def _bounds_text(setting: Setting) -> str:
    about = setting.about
    noun = "a whole number" if setting.kind == "integer" else "a number"
    unit = {"s": " seconds", "ms": " milliseconds", "h": " hours", "d": " days"}.get(
        about.unit, f" {about.unit}" if about.unit else ""
    )
    return f"{noun} from {about.low:g} to {about.high:g}{unit}"


def _read_list(given: Any, refuse: Refuse) -> tuple[str, ...]:
    if isinstance(given, str):
        given = given.split(",")
    items = cast("list[object]", given)
    if not isinstance(given, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise refuse("a list of texts, separated by commas")
    return tuple(text for item in cast("list[str]", given) if (text := item.strip()))


def _check_together(settings: Settings, sources: Mapping[str, str]) -> None:
    """Rules that one value alone can't break."""
    if (settings.tls_cert is None) != (settings.tls_key is None):
        given, missing = ("tls_cert", "tls_key") if settings.tls_cert else ("tls_key", "tls_cert")
        raise StartError(
            f"The setting {given} ({sources[given]}) needs {missing} beside it: HTTPS takes a certificate and its key.",
            exit_code=EXIT_USAGE,
        )
    if settings.secret_key is not None and settings.secret_key_file is not None:
        raise StartError(
            f"The settings secret_key ({sources['secret_key']}) and secret_key_file ({sources['secret_key_file']}) "
            "are both set; keep one.",
            exit_code=EXIT_USAGE,
        )
    for name in ("trusted_proxies", "fetch_networks"):
        for network in getattr(settings, name):
            if not _is_network(network):
                raise StartError(
                    f"The setting {name} names {network!r} ({sources[name]}), which is not an "
                    "address or network; write it like 10.0.0.0/8.",
                    exit_code=EXIT_USAGE,
                )
    if settings.public_url is not None and not _is_site(settings.public_url):
        raise StartError(
            f"The setting public_url must be like https://api.example.com, but {sources['public_url']} "
            f"says {settings.public_url!r}.",
            exit_code=EXIT_USAGE,
        )


def _is_network(text: str) -> bool:
    from ipaddress import ip_network

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises on a port that is none
    except ValueError:
        return False
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bare
