"""Every service call by name: its arguments, its result, and where its function is.

The command line without a server and the control socket with one look a call up here, so both do
the same. Functions are named, not imported: a command that only sends a call needs no database.
"""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.services import shapes


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`function` takes (Workspace, arguments). With `stream`, it yields results until cancelled."""

    arguments: type[msgspec.Struct]
    result: Any
    function: str
    stream: bool = False

    def load(self) -> Any:
        """The function itself."""
        module, _, name = self.function.partition(":")
        return getattr(import_module(f"nexhina.services.{module}"), name)


CALLS: dict[str, Call] = {
    "install": Call(
        arguments=shapes.Install, result=shapes.Installed, function="installation:install"
    ),
    "keys.create": Call(
        arguments=shapes.CreateKey, result=shapes.CreatedKey, function="key:create_key"
    ),
    "keys.list": Call(
        arguments=shapes.Nothing, result=tuple[shapes.KeyView, ...], function="key:list_keys"
    ),
    "keys.revoke": Call(arguments=shapes.NameKey, result=shapes.KeyView, function="key:revoke_key"),
    "channels.add": Call(
        arguments=shapes.AddChannel, result=shapes.ChannelView, function="channel:add_channel"
    ),
    "channels.list": Call(
        arguments=shapes.Nothing,
        result=tuple[shapes.ChannelView, ...],
        function="channel:list_channels",
    ),
    "channels.set": Call(
        arguments=shapes.SetChannel, result=shapes.ChannelView, function="channel:set_channel"
    ),
    "channels.enable": Call(
        arguments=shapes.NameChannel, result=shapes.ChannelView, function="channel:enable_channel"
    ),
    "channels.disable": Call(
        arguments=shapes.NameChannel, result=shapes.ChannelView, function="channel:disable_channel"
    ),
    "channels.remove": Call(
        arguments=shapes.NameChannel, result=shapes.ChannelView, function="channel:remove_channel"
    ),
    "channels.test": Call(
        arguments=shapes.ProbeChannel, result=shapes.Probe, function="probe:probe_channel"
    ),
    "models.list": Call(
        arguments=shapes.Nothing, result=tuple[shapes.ModelView, ...], function="model:list_models"
    ),
    "logs.list": Call(
        arguments=shapes.ListLogs, result=tuple[shapes.LogView, ...], function="log:list_logs"
    ),
    "logs.follow": Call(
        arguments=shapes.ListLogs, result=shapes.LogView, function="log:follow_logs", stream=True
    ),
    "logs.show": Call(arguments=shapes.ShowLog, result=shapes.LogDetail, function="log:show_log"),
    "backup": Call(
        arguments=shapes.WriteBackup, result=shapes.BackupView, function="backup:write_backup"
    ),
    "doctor": Call(arguments=shapes.Nothing, result=shapes.Report, function="doctor:examine"),
}


def require_call(name: str) -> Call:
    """The call of this name; raises InvalidRequestError that names the nearest."""
    call = CALLS.get(name)
    if call is None:
        near = get_close_matches(name, CALLS, n=1)
        cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(CALLS)}."
        raise InvalidRequestError(f"There is no call {name!r}; {cure}")
    return call
