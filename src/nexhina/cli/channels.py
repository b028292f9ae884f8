"""`nexhina channels`: accounts at vendors."""

import sys
from pathlib import Path
from typing import Any, Protocol

import click

from nexhina.cli.frame import (
    FAILURE,
    OK,
    Function,
    Group,
    json_option,
    print_json,
    print_table,
    say,
)
from nexhina.cli.installation import call
from nexhina.domain.money import parse_usd
from nexhina.errors import explain_os_error
from nexhina.services.price_text import WrittenPrice, write_prices
from nexhina.services.shapes import (
    AddChannel,
    ChannelView,
    NameChannel,
    Nothing,
    Probe,
    ProbeChannel,
    SetChannel,
)

_LONGEST_PRICES = 40  # characters in the list
_MODELS_HELP = "a,b or public=upstream,… or auto (the vendor's own list, read once)."


@click.group(cls=Group)
def channels() -> None:
    """Add, list, change, test and remove channels: your accounts at model vendors.

    A model may be offered by several channels. Higher --priority is tried first; inside a priority
    --weight shares the calls out; a channel that fails is passed over for the next one.
    """


class _Decorator(Protocol):
    """Keeps the function's own type."""

    def __call__(self, function: Function, /) -> Function: ...


def _shared_options(*, required: bool) -> _Decorator:
    """The options that `add` and `set` share; `set` leaves alone what is not named."""
    usual = " [default: {}]" if required else ""
    options = [
        click.option(
            "--base-url", metavar="U", help="Where the API is; without a path it gets /v1."
        ),
        click.option(
            "--key", metavar="K|-", help="The vendor's key or keys, one per line; - reads stdin."
        ),
        click.option(
            "--key-file",
            metavar="F|-",
            help="A file with the key or keys, one per line; - is stdin.",
        ),
        click.option("--models", metavar="M", required=required, help=_MODELS_HELP),
        click.option(
            "--priority", type=int, metavar="I", help="Higher is tried first." + usual.format(0)
        ),
        click.option(
            "--weight", type=int, metavar="I", help="Share inside a priority." + usual.format(1)
        ),
        click.option(
            "--price",
            metavar="P",
            multiple=True,
            help="IN/OUT in USD per 1M tokens, or KIND=USD/UNIT (image=0.04, video=0.1/second); "
            "…@MODEL for one model. Repeatable.",
        ),
        click.option(
            "--proxy", metavar="URL", help="http://, socks5:// or socks5h:// to go through."
        ),
        click.option("--ca-file", metavar="F", help="Extra CA certificates (PEM) for this vendor."),
        click.option("--public-name", metavar="N", help="What callers without channel:see read."),
        json_option,
        click.pass_context,
    ]

    def decorate(function: Function) -> Function:
        decorated: Any = function
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


@channels.command(
    examples=(
        "nexhina channels add --provider openai --name openai --key-file ~/openai.key --models auto\n"
        "nexhina channels add --provider openai_compatible --name deepseek --key - \\\n"
        "    --base-url https://api.deepseek.com --models deepseek-chat --price 0.28/0.42\n"
        "nexhina channels add --provider openai_compatible --name gpu1 \\\n"
        "    --base-url http://10.0.0.5:8000 --models deepseek-v3=qwen3-32b\n"
        "nexhina channels add --provider dashscope --name wan --key-file ~/dashscope.key \\\n"
        "    --models wan2.7-t2v --price video:720p=0.10/second --price video:1080p=0.15/second\n"
        "nexhina channels add --provider sandbox --name play --models gpt-4o=sandbox-chat\n"
    )
)
@click.option(
    "--provider",
    required=True,
    metavar="P",
    help="cohere, dashscope, deepseek, google, jina, openai, openai_compatible, openai_responses, "
    "sandbox, zhipu.",
)
@click.option("--name", required=True, metavar="N", help="What you call it; X-Channel takes it.")
@_shared_options(required=True)
def add(
    ctx: click.Context, key: str | None, key_file: str | None, as_json: bool, **fields: Any
) -> None:
    """Add a channel; it serves at once.

    The first channel of another provider than the sandbox takes over from it: the sandbox then
    keeps only its sandbox-… names.
    """
    if fields["priority"] is None:
        fields["priority"] = 0
    if fields["weight"] is None:
        fields["weight"] = 1
    fields["ca_file"] = _absolute(fields["ca_file"])
    fields["price"] = _join_prices(fields["price"])
    arguments = AddChannel(key=_read_key(key, key_file) or "", **fields)
    _show_change(call(ctx, "channels.add", arguments), "Added", as_json)


@channels.command(
    "set",
    examples=(
        "nexhina channels set openai --key-file ~/new.key\n"
        "nexhina channels set gpu1 --priority 10 --models auto\n"
        "nexhina channels set deepseek --price 0.30/0.50      from now on\n"
    ),
)
@click.argument("channel", metavar="ID|NAME")
@click.option("--name", metavar="N", help="A new name.")
@_shared_options(required=False)
def set_(
    ctx: click.Context, key: str | None, key_file: str | None, as_json: bool, **fields: Any
) -> None:
    """Change a channel; what is not named stays. An empty --proxy or --ca-file takes it away."""
    fields["ca_file"] = _absolute(fields["ca_file"])
    fields["price"] = _join_prices(fields["price"])
    arguments = SetChannel(key=_read_key(key, key_file), **fields)
    if arguments == SetChannel(channel=arguments.channel):
        raise click.UsageError("Nothing to change was named; give an option, like --priority 10.")
    _show_change(call(ctx, "channels.set", arguments), "Changed", as_json)


@channels.command(
    "list",
    examples=(
        "nexhina channels list\n"
        "nexhina channels list --json | jq -r '.[] | select(.status == \"enabled\") | .name'\n"
    ),
)
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the channels, without their keys."""
    found: tuple[ChannelView, ...] = call(ctx, "channels.list", Nothing())
    if as_json:
        print_json(found)
        return
    head = (
        "ID",
        "NAME",
        "PROVIDER",
        "STATUS",
        "PRIORITY",
        "WEIGHT",
        "MODELS",
        "PRICES",
        "BASE URL",
    )
    print_table(head, [_row(channel) for channel in found])


@channels.command(examples="nexhina channels enable gpu1\n")
@click.argument("channel", metavar="ID|NAME")
@json_option
@click.pass_context
def enable(ctx: click.Context, channel: str, as_json: bool) -> None:
    """Let a channel serve again."""
    changed = call(ctx, "channels.enable", NameChannel(channel=channel))
    _show_change(changed, "Enabled", as_json)


@channels.command(examples="nexhina channels disable gpu1\n")
@click.argument("channel", metavar="ID|NAME")
@json_option
@click.pass_context
def disable(ctx: click.Context, channel: str, as_json: bool) -> None:
    """Stop a channel from serving; calls under way go on."""
    changed = call(ctx, "channels.disable", NameChannel(channel=channel))
    _show_change(changed, "Disabled", as_json)


@channels.command(examples="nexhina channels remove gpu1\n")
@click.argument("channel", metavar="ID|NAME")
@json_option
@click.pass_context
def remove(ctx: click.Context, channel: str, as_json: bool) -> None:
    """Remove a channel with its key and its prices; its log rows stay."""
    removed = call(ctx, "channels.remove", NameChannel(channel=channel))
    _show_change(removed, "Removed", as_json)


@channels.command(
    short_help="Make one small real call with each key of a channel.",
    examples=(
        "nexhina channels test openai\n"
        "nexhina channels test openai --model gpt-4o-mini && echo it works\n"
    ),
)
@click.argument("channel", metavar="ID|NAME")
@click.option("--model", metavar="M", help="The model to ask. Default: one that is cheap to ask.")
@json_option
@click.pass_context
def test(ctx: click.Context, channel: str, model: str | None, as_json: bool) -> int:
    """Make one small real call with each key of a channel; exit code 1 when one fails."""
    probe: Probe = call(ctx, "channels.test", ProbeChannel(channel=channel, model=model))
    if as_json:
        print_json(probe)
    elif probe.ok:
        say(f"The channel {probe.channel!r} works: {probe.detail} ({probe.ms} ms).")
    else:
        works = "only partly works" if any(key.ok for key in probe.keys) else "does not work"
        say(f"The channel {probe.channel!r} {works}: {probe.detail} {probe.cure}")
    return OK if probe.ok else FAILURE


def _show_change(channel: ChannelView, verb: str, as_json: bool) -> None:
    for note in channel.notes:
        say(f"Note: {note}")
    if channel.removed_aliases:
        names = ", ".join(channel.removed_aliases)
        say(f"The sandbox no longer answers for: {names}. Its sandbox-… names stay.")
    if as_json:
        print_json(channel)
        return
    models = ", ".join(channel.models)
    keys = f" {channel.keys} keys." if channel.keys > 1 else ""
    say(
        f"{verb} the channel {channel.name!r} (id {channel.id}, {channel.provider}): {models}.{keys}"
    )


def _row(channel: ChannelView) -> tuple[object, ...]:
    models = [
        public if public == upstream else f"{public}={upstream}"
        for public, upstream in channel.models.items()
    ]
    shown = ",".join(models[:4]) + (f",… ({len(models)})" if len(models) > 4 else "")
    prices = write_prices(
        WrittenPrice(each.kind, each.variant, parse_usd(each.usd), each.per, each.model)
        for each in channel.prices
    )
    return (
        channel.id,
        channel.name,
        channel.provider,
        channel.status,
        channel.priority,
        channel.weight,
        shown,
        prices if len(prices) <= _LONGEST_PRICES else f"{prices[: _LONGEST_PRICES - 1]}…",
        channel.base_url,
    )


def _read_key(key: str | None, key_file: str | None) -> str | None:
    """The vendor's key from wherever it is; None when none was named."""
    if key is not None and key_file is not None:
        raise click.UsageError("--key and --key-file are both given; keep one.")
    if key == "-" or key_file == "-":
        if sys.stdin.isatty():
            return click.prompt("Vendor key", hide_input=True, err=True)
        return _require_key(sys.stdin.read(), "stdin")
    if key_file is None:
        return key
    path = Path(key_file).expanduser()
    try:
        return _require_key(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = explain_os_error(error)
        raise click.UsageError(f"--key-file {path} can't be read: {reason}.") from None


def _require_key(text: str, source: str) -> str:
    if not text.strip():
        raise click.UsageError(f"There is no key in {source}.")
    return text


def _join_prices(prices: tuple[str, ...]) -> str | None:
    return "\n".join(prices) if prices else None


def _absolute(file: str | None) -> str | None:
    """The path as the server must read it; an empty one stays empty."""
    return str(Path(file).expanduser().absolute()) if file else file
