"""What a vendor itself offers: its list of models, for `--models auto`."""

from typing import NamedTuple

import msgspec

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.errors import InvalidRequestError, UpstreamError
from nexhina.ports import Target
from nexhina.services.channel_text import read_models
from nexhina.services.vendor_call import (
    ask_with_each_key,
    explain_failure,
    explain_status,
    prepare_targets,
    send_to_vendor,
    write_place,
)
from nexhina.services.vendor_error import read_complaint
from nexhina.services.workspace import Workspace

_INSTEAD = "Or name the models: --models a,b."
_MOST = 10_000
_MOST_TOLD = 5


class _Entry(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Entry]


class Offered(NamedTuple):
    """The names that every key of a channel may use, and those that only some of them may."""

    names: tuple[str, ...]
    partly: tuple[str, ...]


async def fetch_models(workspace: Workspace, channel: Channel) -> Offered:
    """What the vendor lists, as it orders it; UpstreamError when it does not say to every key."""
    targets = prepare_targets(channel, Operation.MODELS)

    async def ask(target: Target) -> tuple[str, ...] | UpstreamError:
        status, body = await send_to_vendor(workspace, target)
        if status != 200:
            detail, cure = explain_status(status, read_complaint(status, body, channel))
            return UpstreamError(f"{detail} {cure}")
        try:
            return read_list(body)
        except UpstreamError as error:
            return error

    answers = await ask_with_each_key(targets, ask)
    troubles: list[str] = []
    lists: list[tuple[str, ...]] = []
    for number, found in enumerate(answers, 1):
        if isinstance(found, tuple):
            lists.append(found)
            continue
        said = (
            found.message if isinstance(found, UpstreamError) else " ".join(explain_failure(found))
        )
        troubles.append(write_place(number, len(answers)) + said)
    if troubles:
        told = " ".join(troubles[:_MOST_TOLD])
        more = f" And {len(troubles) - _MOST_TOLD} more." if len(troubles) > _MOST_TOLD else ""
        raise UpstreamError(f"The vendor's list can't be read. {told}{more} {_INSTEAD}")
    every = set(lists[0]).intersection(*lists[1:])
    names = tuple(name for name in lists[0] if name in every)
    if not names:
        what = "is empty" if len(lists) == 1 else "has none that every key may use"
        raise UpstreamError(f"The vendor's list of models {what}. {_INSTEAD}")
    some = dict.fromkeys(name for one in lists for name in one)
    return Offered(names, tuple(name for name in some if name not in every))


def read_list(body: bytes) -> tuple[str, ...]:
    """The ids of an OpenAI list; those that can't be a model's name here are left out."""
    try:
        entries = msgspec.json.decode(body, type=_List).data
    except msgspec.MsgspecError:
        raise UpstreamError(
            "The vendor's answer is not a list of models; check the base URL."
        ) from None
    return tuple(dict.fromkeys(entry.id for entry in entries[:_MOST] if _is_name(entry.id)))


def _is_name(text: str) -> bool:
    try:
        return read_models(text) == {text: text}
    except InvalidRequestError:
        return False
