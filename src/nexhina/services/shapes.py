"""The arguments and results of every service call, as they travel over the control socket.

Plain data and no storage: the command line imports these without the database. Amounts of money
are decimal texts in USD beside integers in nano-USD; times are Unix seconds.
"""

import msgspec


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the arguments of a call."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of a result."""


# --- installation -------------------------------------------------------------------------------


class Install(Arguments, frozen=True):
    """`new_link` False: a set-up link only while the owner can't sign in yet."""

    new_key: bool = False
    new_link: bool = True


class Installed(View, frozen=True):
    """`api_key` is shown this once, None when no key was made."""

    created: bool
    api_key: str | None
    base_url: str
    setup_url: str | None
    sandbox_models: tuple[str, ...]  # names that the sandbox answers in place of their makers


# --- keys ---------------------------------------------------------------------------------------


class CreateKey(Arguments, frozen=True):
    """`models` None: every model. `permissions` are names of domain.identity.PERMISSIONS."""

    name: str
    tenant: str | None = None
    budget_usd: str | None = None
    models: tuple[str, ...] | None = None
    permissions: tuple[str, ...] = ()


class NameKey(Arguments, frozen=True):
    """A key by its id or name."""

    key: str


class KeyView(View, frozen=True):
    """A key as it is shown: without the key. `held_usd`: open holds of the running server."""

    id: int
    name: str
    hint: str
    status: str
    budget_usd: str | None
    spent_usd: str
    held_usd: str
    models: tuple[str, ...] | None
    permissions: tuple[str, ...]
    calls: int
    created_at: float
    last_used_at: float | None
    budget_nano_usd: int | None
    spent_nano_usd: int
    held_nano_usd: int


class CreatedKey(KeyView, frozen=True):
    """A new key, with the key itself: it is not stored and can't be shown again."""

    key: str
    notes: tuple[str, ...] = ()


# --- channels -----------------------------------------------------------------------------------


class AddChannel(Arguments, frozen=True):
    """`models` is a text: "auto", or "a,b" and "public=upstream" parts. `price`: see `price_text`."""

    provider: str
    name: str
    models: str
    key: str = ""
    base_url: str | None = None
    priority: int = 0
    weight: int = 1
    price: str | None = None
    proxy: str | None = None
    ca_file: str | None = None
    public_name: str | None = None


class SetChannel(Arguments, frozen=True):
    """What is None stays as it is; an empty proxy or CA file is taken away."""

    channel: str
    name: str | None = None
    models: str | None = None
    key: str | None = None
    base_url: str | None = None
    priority: int | None = None
    weight: int | None = None
    price: str | None = None
    proxy: str | None = None
    ca_file: str | None = None
    public_name: str | None = None


class NameChannel(Arguments, frozen=True):
    """A channel by its id or name."""

    channel: str


class ProbeChannel(Arguments, frozen=True):
    """`model` None: one that is cheap to ask."""

    channel: str
    model: str | None = None


class ChannelPrice(View, frozen=True):
    """A channel's own price in force: `usd` per `per` units of `kind`; of all its models, or of one."""

    kind: str
    variant: str
    usd: str
    per: int
    model: str | None


class ChannelView(View, frozen=True):
    """A channel without its key. `models`: public name → the vendor's name."""

    id: int
    name: str
    provider: str
    public_name: str
    base_url: str | None
    has_key: bool
    keys: int  # how many; the calls take turns among them
    models: dict[str, str]
    priority: int
    weight: int
    status: str
    proxy: str | None
    ca_file: str | None
    automatic: bool
    created_at: float
    prices: tuple[ChannelPrice, ...] = ()
    removed_aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class KeyProbe(View, frozen=True):
    """The outcome of a small real call with one key of a channel; `number` is its place."""

    number: int
    ok: bool
    status: int | None  # None: no answer came
    ms: int
    detail: str
    cure: str = ""


class Probe(View, frozen=True):
    """The outcome of a small real call to a channel with each of its keys."""

    channel: str
    model: str
    operation: str
    ok: bool
    status: int | None  # None: no answer came
    ms: int
    detail: str
    cure: str = ""
    keys: tuple[KeyProbe, ...] = ()  # of a channel with several; `ok` when all work


# --- models -------------------------------------------------------------------------------------


class PriceView(View, frozen=True):
    """One price in force: `usd` per `per` units of `kind`."""

    kind: str
    variant: str
    usd: str
    per: int
    channel: str | None  # None: the catalog's
    source: str


class ModelView(View, frozen=True):
    """A model that some enabled channel offers. `stand_in`: answered by the sandbox."""

    name: str
    maker: str
    operations: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    context: int | None
    output_limit: int | None
    channels: tuple[str, ...]
    stand_in: bool
    prices: tuple[PriceView, ...]


# --- logs ---------------------------------------------------------------------------------------


class ListLogs(Arguments, frozen=True):
    """Filters; None takes all. `since` in Unix seconds; `key` is a key's id or name."""

    request_id: str | None = None
    key: str | None = None
    model: str | None = None
    status: int | None = None
    since: float | None = None
    limit: int = 50


class ShowLog(Arguments, frozen=True):
    """A log row by x-nexhina-id or x-request-id."""

    id: str


class LogView(View, frozen=True):
    """One call. Times in milliseconds since its first byte came."""

    id: str
    request_id: str
    created_at: float
    key: str
    channel: str
    operation: str
    model: str
    upstream_model: str
    dialect_in: str
    dialect_out: str
    lane: str
    attempts: int
    status: int
    error_code: str
    stream: bool
    estimated: bool
    unpriced: bool
    abandoned: bool
    queue_ms: float
    first_byte_ms: float
    total_ms: float
    cost_usd: str
    charge_nano_usd: int
    hold_nano_usd: int
    usage: dict[str, int]


class Factor(View, frozen=True):
    """One priced quantity: `nano` × `quantity` × `multiplier_ppm` ÷ (`per` × 1,000,000)."""

    kind: str
    quantity: int
    price_id: int | None
    nano: int
    per: int
    multiplier_ppm: int


class LogDetail(LogView, frozen=True):
    """A call with its calculation, done again from the row, and its decision trace."""

    factors: tuple[Factor, ...]
    calculation: tuple[str, ...]  # the same as sentences: one per factor, and the sum
    recomputed_nano_usd: int
    agrees: bool
    trace: tuple[str, ...]


# --- care ---------------------------------------------------------------------------------------


class WriteBackup(Arguments, frozen=True):
    """`file` is an absolute path on the server's machine; it must not exist."""

    file: str


class BackupView(View, frozen=True):
    """The copy that was written."""

    file: str
    size: int


class SettingView(View, frozen=True):
    """A setting in force and where its value came from."""

    name: str
    value: str
    source: str


class Check(View, frozen=True):
    """One thing that `doctor` looked at."""

    name: str
    outcome: str  # ok | warning | broken
    detail: str
    cure: str = ""


class Report(View, frozen=True):
    """`ok`: nothing is broken (warnings may be there)."""

    ok: bool
    version: str
    data_dir: str
    checks: tuple[Check, ...]
    settings: tuple[SettingView, ...]
