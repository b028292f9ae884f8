"""API keys: made, listed, revoked. The key itself leaves once, when it is made."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nexhina.domain.identity import PERMISSIONS, Token
from nexhina.domain.money import NANO, format_usd, parse_usd
from nexhina.errors import InvalidRequestError, NotFoundError
from nexhina.identity.key import digest_key, key_hint, new_key, stored_digest
from nexhina.services.channel_text import read_name
from nexhina.services.shapes import CreatedKey, CreateKey, KeyView, NameKey, Nothing
from nexhina.services.workspace import Workspace, require_owner
from nexhina.storage import channel as channels
from nexhina.storage import token as tokens
from nexhina.storage import user as users

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LARGEST_BUDGET = 1_000_000_000 * NANO


async def create_key(workspace: Workspace, arguments: CreateKey) -> CreatedKey:
    """The new key. InvalidRequestError: a field that can't be; ConflictError: the name is taken."""
    name = read_name(arguments.name, "key")
    budget = _read_budget(arguments.budget_usd)
    permissions = read_permissions(arguments.permissions)
    models = None if arguments.models is None else read_model_names(arguments.models)
    key = new_key(workspace.entropy(32))

    def create(connection: "Connection") -> tuple[Token, tuple[str, ...]]:
        owner = require_owner(connection)
        if arguments.tenant not in (None, "", owner.slug, str(owner.id)):
            raise InvalidRequestError(
                f"There is no tenant {arguments.tenant!r} to make keys for; this installation has "
                f"one, {owner.slug!r}. Leave --tenant away."
            )
        token = save_key(
            connection,
            workspace,
            key,
            tenant_id=owner.id,
            user_id=users.list_users(connection, owner.id)[0].id,
            name=name,
            budget_nano=budget,
            models=models,
            permissions=permissions,
        )
        return token, _unoffered(connection, workspace, models)

    token, notes = await workspace.database.writing(create)
    await workspace.refresh()
    shown = _view(workspace, tokens.TokenUse(token=token, spent_nano=0, calls=0, last_used_at=None))
    fields: dict[str, Any] = {name: getattr(shown, name) for name in shown.__struct_fields__}
    return CreatedKey(**fields, key=key, notes=notes)


def save_key(  # noqa: PLR0913  (the fields of a token, by name)
    connection: "Connection",
    workspace: Workspace,
    key: str,
    *,
    tenant_id: int,
    user_id: int,
    name: str,
    budget_nano: int | None,
    models: tuple[str, ...] | None,
    permissions: tuple[str, ...],
) -> Token:
    """The stored token of a new key."""
    return tokens.save_token(
        connection,
        tenant_id=tenant_id,
        user_id=user_id,
        name=name,
        hint=key_hint(key),
        stored_digest=stored_digest(workspace.pepper, digest_key(key.encode())),
        budget_nano=budget_nano,
        models=models,
        permissions=permissions,
        now=workspace.clock.now(),
    )


async def list_keys(workspace: Workspace, _arguments: Nothing) -> tuple[KeyView, ...]:
    """The owner's keys, oldest first, revoked ones included."""

    def load(connection: "Connection") -> list[tokens.TokenUse]:
        return tokens.list_tokens(connection, require_owner(connection).id)

    uses = await workspace.database.reading(load)
    return tuple(_view(workspace, use) for use in uses)


async def revoke_key(workspace: Workspace, arguments: NameKey) -> KeyView:
    """The key as it is now; revoking it again changes nothing. NotFoundError names the nearest."""

    def revoke(connection: "Connection") -> tokens.TokenUse:
        owner = require_owner(connection)
        token = require_token(connection, owner.id, arguments.key)
        tokens.revoke_token(connection, owner.id, token.id)
        return next(
            use for use in tokens.list_tokens(connection, owner.id) if use.token.id == token.id
        )

    use = await workspace.database.writing(revoke)
    await workspace.refresh()
    return _view(workspace, use)


def require_token(connection: "Connection", tenant_id: int, key: str) -> Token:
    """The token of an id or name; raises NotFoundError that names the nearest."""
    token = tokens.find_token(connection, tenant_id, key)
    if token is None:
        names = [use.token.name for use in tokens.list_tokens(connection, tenant_id)]
        near = get_close_matches(key, names, n=1)
        cure = f"Did you mean {near[0]}?" if near else "`nexhina keys list` shows them."
        raise NotFoundError(f"There is no key {key!r}. {cure}")
    return token


def read_permissions(names: tuple[str, ...]) -> tuple[str, ...]:
    """The permissions, each once, in their own order; InvalidRequestError names the nearest."""
    wanted = {name.strip() for name in names} - {""}
    for name in wanted:
        if name not in PERMISSIONS:
            near = get_close_matches(name, PERMISSIONS, n=1)
            cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(PERMISSIONS)}."
            raise InvalidRequestError(f"There is no permission {name!r}; {cure}")
    return tuple(name for name in PERMISSIONS if name in wanted)


def read_model_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, each once; InvalidRequestError when there are none."""
    models = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not models:
        raise InvalidRequestError("A key that may use no model is of no use; name some, or none.")
    return models


def _read_budget(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        nano = parse_usd(text)
    except ValueError as error:
        raise InvalidRequestError(f"The budget {error}.") from None
    if not 0 <= nano <= _LARGEST_BUDGET:
        raise InvalidRequestError(
            f"The budget {text} USD must lie between 0 and {format_usd(_LARGEST_BUDGET)} USD."
        )
    return nano


def _unoffered(
    connection: "Connection", workspace: Workspace, models: tuple[str, ...] | None
) -> tuple[str, ...]:
    """A note for each allowed model that no channel offers: a slip, or a channel yet to come."""
    if models is None:
        return ()
    offered = {
        name
        for channel in channels.list_channels(connection, workspace.vault)
        for name in channel.models
    }
    notes: list[str] = []
    for model in models:
        if model not in offered:
            near = get_close_matches(model, sorted(offered), n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            notes.append(f"No channel offers the model {model!r} now{hint}")
    return tuple(notes)


def _view(workspace: Workspace, use: tokens.TokenUse) -> KeyView:
    token = use.token
    held = workspace.holds.held_by_token(token.id)
    budget = token.budget_nano
    return KeyView(
        id=token.id,
        name=token.name,
        hint=token.hint,
        status=token.status,
        budget_usd=None if budget is None else format_usd(budget),
        spent_usd=format_usd(use.spent_nano),
        held_usd=format_usd(held),
        models=token.models,
        permissions=token.permissions,
        calls=use.calls,
        created_at=token.created_at,
        last_used_at=use.last_used_at,
        budget_nano_usd=budget,
        spent_nano_usd=use.spent_nano,
        held_nano_usd=held,
    )
