"""Who may serve a request: the snapshot compiled into offers, and the rules that pick from them.

An offer is made once per version of the configuration: for each operation and model the candidates
by tier, each with its address, head bytes and prices ready. Looking one up is a dict access.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from heapq import nlargest
from typing import NamedTuple

import msgspec

from nexhina.billing.tariff import Tariff, choose_tariff
from nexhina.contract.operation import Operation
from nexhina.contract.route import ROUTES, Route
from nexhina.dialects.dialect import Dialect, Peek
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.registry import BRIDGES, DIALECTS
from nexhina.domain.channel import Channel
from nexhina.domain.identity import CHANNEL_PIN, Principal
from nexhina.domain.model import Model, Price
from nexhina.domain.snapshot import Snapshot
from nexhina.errors import (
    InvalidRequestError,
    ModelNotFoundError,
    NexhinaError,
    NoAvailableChannelError,
    PermissionDeniedError,
)
from nexhina.pipeline.bound import IMAGES, is_priced, make_bound
from nexhina.ports import Directory, Target
from nexhina.providers.endpoint import at_resource, build_targets
from nexhina.providers.registry import PROVIDERS
from nexhina.providers.spec import Provider
from nexhina.routing.choice import group_tiers

SANDBOX = "sandbox"
_MOST_COMPARED = 16  # names, letter by letter, with one that does not exist
_LONGEST_COMPARED = 64  # letters of that name


FORMATS = {
    route.dialect: route.operation
    for route in ROUTES
    if "POST" in route.methods and route.dialect in DIALECTS
}
"""The callers' formats that name a model, and what is wanted in each."""


_BY_PRIORITY = "candidates by priority: "
_PINNED = "the caller chose the channel "
CHOICES = (_BY_PRIORITY, _PINNED)
"""How the lines of a trace begin that tell among whom was chosen, and nothing else."""


class Way(NamedTuple):
    """How one of the callers' formats is served: what is asked of the vendor, and in which dialect."""

    operation: Operation
    dialect: Dialect
    bridged: bool


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that may serve one operation of one model, with all that an attempt needs."""

    channel: Channel
    provider: Provider
    dialect: Dialect
    targets: tuple[Target, ...]  # one per key
    upstream_model: str
    tariff: Tariff
    priced: bool  # whether the tariff says what this operation costs
    quirks: Quirks | None
    label: bytes  # x-nexhina-channel for those with channel:see
    public_label: bytes  # … and for everyone else
    key: tuple[int, str]  # channel and its model: what rests when the vendor is busy
    rewrites: bool  # answers must be given the public name, the caller's format, or what they lack
    bound: Callable[[Peek], int]  # the most that a call can cost here, in nano-USD

    @property
    def priority(self) -> int:
        """The channel's: higher is tried first."""
        return self.channel.priority

    @property
    def weight(self) -> int:
        """The channel's share inside its tier."""
        return self.channel.weight


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of one model in one of the callers' formats."""

    name: str
    operation: Operation
    model: Model | None
    tiers: tuple[tuple[Candidate, ...], ...]
    switched_off: int = 0  # real channels that offer it but can't be tried
    told: tuple[str, ...] = ()  # the choice as a log row's trace tells it; nothing where is none

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All tiers in one row."""
        return tuple(candidate for tier in self.tiers for candidate in tier)


Offers = dict[tuple[str, str], Offer]
"""By the caller's dialect and the public model name."""


class Plan(msgspec.Struct, frozen=True):
    """What was decided before the first attempt."""

    offer: Offer
    tiers: tuple[tuple[Candidate, ...], ...]
    links: bool = False  # pictures in the answer are to be links
    told: tuple[str, ...] = ()  # what the log row's trace says of the choice, trouble or not


class Planner:
    """Offers of the newest snapshot. `now` (Unix seconds) decides which prices are in force."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.stale_at = 0.0  # Unix seconds; nothing is compiled yet
        self.version = 0  # counts the compilations
        self._offers: Offers = {}
        self._by_operation: dict[tuple[Operation, str], Offer] = {}

    def refresh(self, now: float) -> None:
        """Compiles the newest snapshot: after each change, and when a price's date has come."""
        self.version += 1
        self._offers, self.stale_at = compile_offers(self.directory.snapshot(), now)
        self._by_operation = {}
        for (_, name), offer in self._offers.items():
            known = self._by_operation.setdefault((offer.operation, name), offer)
            if offer.tiers and not known.tiers:
                self._by_operation[offer.operation, name] = offer

    def offers(self, now: float) -> dict[tuple[Operation, str], Offer]:
        """All offers, by operation and public name."""
        if now >= self.stale_at:
            self.refresh(now)
        return self._by_operation

    def plan(
        self, principal: Principal, route: Route, peek: Peek, pin: bytes | None, now: float
    ) -> Plan:
        """The candidates for this call, or the documented refusal."""
        model = peek.model
        operation = route.operation
        if now >= self.stale_at:
            self.refresh(now)
        offer = self._offers.get((route.dialect, model))
        if offer is None:
            offer = self._find_with_suffix(route.dialect, model)
        if offer is None:
            raise self._unknown_model(principal, operation, model, now)
        allowed = principal.token.models
        if allowed is not None and offer.name not in allowed:
            raise PermissionDeniedError(
                f"This API key may not use the model {model!r}. {self._nearest(principal, operation, model, now)}",
                param="model",
                code="model_not_allowed",
            )
        links = operation in IMAGES and wants_links(peek, offer.model)
        tiers, told = offer.tiers, offer.told
        if pin:
            tiers = self._pin(principal, offer, pin.decode("latin-1"))
            told = (f"{_PINNED}{tiers[0][0].channel.name}",)
        if not tiers:
            raise NoAvailableChannelError(
                f"{model} is offered, but its channels are switched off. Ask the operator, or choose another model."
            )
        return Plan(offer, tiers, links, told)

    def _find_with_suffix(self, dialect: str, model: str) -> Offer | None:
        """The offer of "name;controls" where the provider takes controls in the model's name."""
        name, mark, controls = model.partition(";")
        offer = self._offers.get((dialect, name)) if mark else None
        return None if offer is None else _add_controls(offer, controls)

    def _pin(
        self, principal: Principal, offer: Offer, pin: str
    ) -> tuple[tuple[Candidate, ...], ...]:
        refusal = PermissionDeniedError(
            f"This API key may not choose the channel {pin!r}, or there is no such channel. "
            "Leave X-Channel away, or use a key with the permission channel:pin.",
            param="X-Channel",
        )
        if not principal.may(CHANNEL_PIN):
            raise refusal
        if not any(channel.name == pin for channel in self.directory.snapshot().channels):
            raise refusal
        pinned = tuple(c for c in offer.candidates if c.channel.name == pin)
        if not pinned:
            raise NoAvailableChannelError(
                f"The channel {pin!r} can't serve {offer.name} now: it does not offer it, or is switched off. "
                "Leave X-Channel away, or choose another channel.",
                param="X-Channel",
            )
        return (pinned,)

    def _unknown_model(
        self, principal: Principal, operation: Operation, model: str, now: float
    ) -> NexhinaError:
        elsewhere = sorted({op.value for op, name in self.offers(now) if name == model})
        if elsewhere and principal.may_use(model):
            return InvalidRequestError(
                f"The model {model!r} can't do {operation.value}; it does {', '.join(elsewhere)}. "
                f"{self._nearest(principal, operation, model, now)}",
                param="model",
            )
        return ModelNotFoundError(
            f"The model {model!r} does not exist here. {self._nearest(principal, operation, model, now)}",
            param="model",
        )

    def _nearest(self, principal: Principal, operation: Operation, model: str, now: float) -> str:
        usable = [
            name for op, name in self.offers(now) if op is operation and principal.may_use(name)
        ]
        near = name_nearest(model, usable)
        if not near:
            return "This key may use no model for this operation; GET /v1/models lists what it may use."
        return f"{near} GET /v1/models lists all."


def write_choice(tiers: tuple[tuple[Candidate, ...], ...]) -> str:
    """The candidates as a line of a trace."""
    names = (" | ".join(each.channel.name for each in tier) for tier in tiers)
    return f"{_BY_PRIORITY}{' > '.join(names)}"


def name_nearest(model: str, usable: Iterable[str]) -> str:
    """A sentence with those of the usable models that are most like it, or a few; "" for no models."""
    names = sorted(usable)
    near = get_close_matches(model, choose_likely(model, names), n=3, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"There are {', '.join(names[:3])}{' and others' if names[3:] else ''}." if names else ""


def choose_likely(model: str, names: list[str]) -> list[str]:
    """The names that share most pairs of letters with the model, at most 16.

    To compare it with each of hundreds would hold up all other callers for milliseconds.
    """
    if len(names) <= _MOST_COMPARED:
        return names
    pairs = [model[at : at + 2] for at in range(min(len(model), _LONGEST_COMPARED) - 1)]

    def likeness(name: str) -> float:
        return sum([pair in name for pair in pairs]) / (len(name) + len(model))

    return sorted(nlargest(_MOST_COMPARED, names, likeness))


def wants_links(peek: Peek, model: Model | None) -> bool:
    """Whether the caller of an image model wants links; refuses what the model can't draw."""
    if model is not None:
        from nexhina.dialects.image_operation import require_image_request  # on first use

        require_image_request(peek, model)
    if peek.stream:  # pictures of events are never links
        return False
    return (peek.response_format or (model.image_reply if model is not None else "url")) == "url"


def compile_offers(snapshot: Snapshot, now: float) -> tuple[Offers, float]:
    """The offers of one snapshot, and the time (Unix seconds) at which a price changes next."""
    models = {model.name: model for model in snapshot.models}
    prices: dict[str, list[Price]] = {}
    for price in snapshot.prices:
        prices.setdefault(price.model, []).append(price)
    found: dict[tuple[str, str], list[Candidate]] = {}
    stand_ins: dict[tuple[str, str], list[Candidate]] = {}
    off: dict[tuple[str, str], int] = {}
    stale_at = float("inf")
    for channel in snapshot.channels:
        provider = PROVIDERS.get(channel.provider)
        if provider is None:  # written by a newer version: not servable here
            continue
        stands_in = provider.scheme == SANDBOX
        for public in channel.models:
            tariff = choose_tariff(prices.get(public, ()), public, channel.id, now)
            if tariff.next_change is not None:
                stale_at = min(stale_at, tariff.next_change)
            upstream_model = channel.models[public]
            # An operator's own name does what the model behind it does.
            known = models.get(public) or models.get(upstream_model)
            for caller, way in _list_ways(provider, known, upstream_model):
                key = (caller, public)
                candidate = _candidate(channel, provider, way, public, tariff, models.get(public))
                if candidate is not None:
                    (stand_ins if stands_in else found).setdefault(key, []).append(candidate)
                else:
                    off[key] = off.get(key, 0) + (not stands_in)
    offers: Offers = {}
    for key in {*found, *off, *stand_ins}:
        # The sandbox never takes over a model that a real channel offers, switched off or not.
        serving = found.get(key) or ([] if off.get(key) else stand_ins.get(key, []))
        tiers = group_tiers(serving)
        offers[key] = Offer(
            name=key[1],
            operation=FORMATS[key[0]],
            model=models.get(key[1]),
            tiers=tiers,
            switched_off=off.get(key, 0),
            told=(write_choice(tiers),) if len(serving) > 1 else (),
        )
    return offers, stale_at


def _list_ways(
    provider: Provider, model: Model | None, upstream_model: str
) -> list[tuple[str, Way]]:
    """For each of the callers' formats that the provider can serve: how. A bridge only where the
    provider does not speak the format itself, or not for this model; an unknown model is trusted to do all.
    """
    ways: list[tuple[str, Way]] = []
    for caller, operation in FORMATS.items():
        if model is not None and not _can(model, operation):
            continue
        service = provider.service(operation, upstream_model)
        if (service and service.dialect == caller) or caller in provider.below:
            ways.append((caller, Way(operation, DIALECTS[caller], bridged=False)))
            continue
        # The operation itself first: what a vendor does it need not be asked for in another way.
        for spoken in sorted(provider.operations(), key=lambda each: each is not operation):
            service = provider.service(spoken, upstream_model)
            bridge = service and BRIDGES.get((caller, service.dialect))
            if bridge is not None and (model is None or _can(model, spoken)):
                ways.append((caller, Way(spoken, bridge, bridged=True)))
                break
    return ways


def _can(model: Model, operation: Operation) -> bool:
    """Whether the catalog says so. Who chats can answer in the form of Responses."""
    if operation is Operation.RESPONSES:
        operation = Operation.CHAT
    return operation.value in model.operations


def _candidate(
    channel: Channel,
    provider: Provider,
    way: Way,
    public: str,
    tariff: Tariff,
    model: Model | None,
) -> Candidate | None:
    """The candidate; None when the channel is switched off or its address can't be used."""
    if channel.status != "enabled":
        return None
    upstream_model = channel.models[public]
    try:
        targets = build_targets(provider, channel, way.operation, upstream_model)
    except ValueError:  # `doctor` and `channels test` name the cause
        return None
    below = provider.below.get(way.dialect.name)
    if below is not None:
        targets = tuple(at_resource(each, "POST", below) for each in targets)
    return Candidate(
        channel=channel,
        provider=provider,
        dialect=way.dialect,
        targets=targets,
        upstream_model=upstream_model,
        tariff=tariff,
        priced=is_priced(way.operation, tariff),
        quirks=provider.quirks_for(way.operation, upstream_model),
        label=channel.name.encode("ascii", "backslashreplace"),
        public_label=channel.public_name.encode("ascii", "backslashreplace"),
        key=(channel.id, upstream_model),
        rewrites=way.bridged or upstream_model != public or way.operation in IMAGES,
        bound=make_bound(way.operation, model, tariff),
    )


def _add_controls(offer: Offer, controls: str) -> Offer | None:
    tiers = tuple(
        tuple(
            msgspec.structs.replace(
                candidate, upstream_model=f"{candidate.upstream_model};{controls}", rewrites=True
            )
            for candidate in tier
            if candidate.provider.model_suffix == ";"
        )
        for tier in offer.tiers
    )
    tiers = tuple(tier for tier in tiers if tier)
    return msgspec.structs.replace(offer, tiers=tiers) if tiers else None
