"""What a vendor itself offers: its list of models, for `--models auto`."""

import msgspec

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.errors import InvalidRequestError, UpstreamError, UpstreamFailure
from nexhina.services.channel_text import read_models
from nexhina.services.vendor_call import explain_failure, explain_status, send_to_vendor
from nexhina.services.vendor_error import read_complaint
from nexhina.services.workspace import Workspace

_INSTEAD = "Or name the models: --models a,b."
_MOST = 10_000


class _Entry(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Entry]


async def fetch_models(workspace: Workspace, channel: Channel) -> tuple[str, ...]:
    """The names that the vendor lists, as it orders them; UpstreamError when it does not say."""
    try:
        status, body = await send_to_vendor(workspace, channel, Operation.MODELS)
    except UpstreamFailure as failure:
        detail, cure = explain_failure(failure)
        raise UpstreamError(
            f"The vendor's list can't be read. {detail} {cure} {_INSTEAD}"
        ) from None
    if status != 200:
        detail, cure = explain_status(status, read_complaint(status, body, channel))
        raise UpstreamError(f"The vendor's list can't be read. {detail} {cure} {_INSTEAD}")
    names = read_list(body)
    if not names:
        raise UpstreamError(f"The vendor's list of models is empty. {_INSTEAD}")
    return names


def read_list(body: bytes) -> tuple[str, ...]:
    """The ids of an OpenAI list; those that can't be a model's name here are left out."""
    try:
        entries = msgspec.json.decode(body, type=_List).data
    except msgspec.MsgspecError:
        raise UpstreamError(
            f"The vendor's answer is not a list of models; check the base URL. {_INSTEAD}"
        ) from None
    return tuple(dict.fromkeys(entry.id for entry in entries[:_MOST] if _is_name(entry.id)))


def _is_name(text: str) -> bool:
    try:
        return read_models(text) == {text: text}
    except InvalidRequestError:
        return False
