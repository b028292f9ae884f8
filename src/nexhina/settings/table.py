"""The settings of a server as one typed table.

A setting is one field of `Settings`: its type, default, bounds, unit, and its text in English and
Chinese; `SETTINGS` is the same table as data (docs, `--help` and `doctor` read it). Secrets are plain
texts here, since `domain.secret` lives above; `Setting.show` never prints one.
"""

from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

import msgspec

ENV_PREFIX = "NEXHINA_"


class About(msgspec.Struct, frozen=True):
    """What a field's type does not say. Bounds are inclusive."""

    en: str
    zh: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    kind: str  # text | integer | number | switch | list
    default: Any
    about: About

    @property
    def env(self) -> str:
        """The name of its environment variable."""
        return ENV_PREFIX + self.name.upper()

    def show(self, value: object) -> str:
        """The value as a person reads it; of a secret only whether it is set."""
        if value is None or value == ():
            return "(none)"
        if self.about.secret:
            return "(set)" if value else "(none)"
        if self.kind == "switch":
            return "on" if value else "off"
        if self.kind == "list":
            return ",".join(cast("tuple[str, ...]", value))
        return hide_password(value) if isinstance(value, str) else str(value)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The values in force. Its repr shows none of them: some are secret."""

    def __repr__(self) -> str:
        return "Settings(…)"

    # where it listens
    host: Annotated[
        str,
        About("Address to listen on; 0.0.0.0 for all", "监听地址；0.0.0.0 表示所有网卡"),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        About(
            "Port to listen on; 0 takes any free one", "监听端口；0 表示任选空闲端口", "", 0, 65535
        ),
    ] = 8000
    tls_cert: Annotated[
        str | None,
        About(
            "PEM file with the certificate chain; turns HTTPS on",
            "证书链 PEM 文件；设置后启用 HTTPS",
        ),
    ] = None
    tls_key: Annotated[
        str | None,
        About("PEM file with the certificate's private key", "证书私钥 PEM 文件"),
    ] = None
    public_url: Annotated[
        str | None,
        About(
            "Address under which callers reach this server, for links in answers",
            "调用方访问本服务的地址，用于响应中的链接",
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        About(
            "Networks of reverse proxies whose X-Forwarded-For is believed",
            "可信反向代理的网段，采信其 X-Forwarded-For",
        ),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        About(
            "Host names that requests may name; none listed allows all",
            "允许的 Host 名称；留空表示全部允许",
        ),
    ] = ()

    # where it keeps things
    database_url: Annotated[
        str | None,
        About(
            "Database, like postgresql://user:password@host/name; none = SQLite in the data folder",
            "数据库地址，如 postgresql://user:password@host/name；留空则用数据目录中的 SQLite",
        ),
    ] = None
    secret_key: Annotated[
        str | None,
        About(
            "Master key as 64 hexadecimal digits; none = secret.key in the data folder",
            "主密钥，64 位十六进制；留空则用数据目录中的 secret.key",
            secret=True,
        ),
    ] = None
    secret_key_file: Annotated[
        str | None,
        About("File with the master key", "存放主密钥的文件"),
    ] = None
    journal_sync: Annotated[
        str,
        About(
            "When the journal is forced to disk: off, interval (every 50 ms), always",
            "流水落盘方式：off、interval（每 50 毫秒）、always",
            choices=("off", "interval", "always"),
        ),
    ] = "interval"
    journal_flush_ms: Annotated[
        int,
        About(
            "Longest time until a call's row is in the database",
            "调用记录写入数据库的最长延迟",
            "ms",
            10,
            5000,
        ),
    ] = 200
    blob_url: Annotated[
        str | None,
        About(
            "Where generated files lie: file:///folder, s3://bucket/prefix, gs://… or az://…; "
            "none: in the database",
            "生成文件的存放位置：file:///目录、s3://存储桶/前缀、gs://… 或 az://…；不设则存入数据库",
        ),
    ] = None
    fetch_networks: Annotated[
        tuple[str, ...],
        About(
            "Private networks that links of vendors and callers may lead to",
            "允许厂商和调用方的链接指向的内网网段",
        ),
    ] = ()
    media_ttl_h: Annotated[
        float,
        About(
            "How long a generated file and its link live",
            "生成文件及其链接的有效期",
            "h",
            0.01,
            8760,
        ),
    ] = 24.0
    video_wait_s: Annotated[
        float,
        About(
            "Longest time that POST /v1/video/generations waits for its film; then it answers the job",
            "POST /v1/video/generations 等待视频的最长时间；超时后返回任务",
            "s",
            0,
            7200,
        ),
    ] = 600.0
    video_timeout_s: Annotated[
        float,
        About(
            "Longest time that a vendor may take for a film; then the job has failed",
            "供应商生成一段视频的最长时间；超时后任务失败",
            "s",
            10,
            172_800,
        ),
    ] = 7200.0
    media_quota_mib: Annotated[
        int,
        About(
            "Largest sum of a tenant's generated files",
            "每个租户生成文件的总量上限",
            "MiB",
            1,
            1_048_576,
        ),
    ] = 1024
    log_retention_days: Annotated[
        int,
        About(
            "Days until log rows are deleted; 0 keeps them",
            "调用日志保留天数；0 表示永久保留",
            "d",
            0,
            36500,
        ),
    ] = 0

    # what a caller may take
    head_timeout_s: Annotated[
        float,
        About("Longest time for a request's head", "接收请求头的最长时间", "s", 0.1, 3600),
    ] = 10.0
    body_timeout_s: Annotated[
        float,
        About("Longest pause inside a request's body", "接收请求体时的最长停顿", "s", 0.1, 3600),
    ] = 60.0
    keepalive_s: Annotated[
        float,
        About("How long an idle connection is kept", "空闲连接保留时间", "s", 0, 3600),
    ] = 75.0
    drain_s: Annotated[
        float,
        About(
            "How long running calls may go on after SIGTERM",
            "收到 SIGTERM 后等待进行中调用的时间",
            "s",
            0,
            3600,
        ),
    ] = 30.0
    max_headers: Annotated[
        int,
        About("Most header fields of a request", "请求头字段数上限", "", 10, 1000),
    ] = 100
    max_header_kib: Annotated[
        int,
        About("Largest head of a request", "请求头总大小上限", "KiB", 1, 1024),
    ] = 64
    max_body_mib: Annotated[
        int,
        About(
            "Largest body of a request, packed and unpacked",
            "请求体大小上限（压缩前后均计）",
            "MiB",
            1,
            4096,
        ),
    ] = 64
    max_upload_mib: Annotated[
        int,
        About(
            "Largest form with files (multipart/form-data); above 1 MiB it is kept on disk",
            "带文件的表单（multipart/form-data）大小上限；超过 1 MiB 时暂存磁盘",
            "MiB",
            1,
            4096,
        ),
    ] = 256
    background_most: Annotated[
        int,
        About(
            "Most responses that run in the background at once",
            "同时在后台运行的响应数上限",
            "",
            1,
            10_000,
        ),
    ] = 256
    background_most_per_key: Annotated[
        int,
        About(
            "Most of one API key that run in the background at once",
            "其中每个 API Key 的上限",
            "",
            1,
            10_000,
        ),
    ] = 64

    # what a vendor may take
    connect_timeout_s: Annotated[
        float,
        About("Longest time to connect to a vendor", "连接上游的最长时间", "s", 0.1, 3600),
    ] = 10.0
    first_byte_timeout_s: Annotated[
        float,
        About(
            "Longest wait for a vendor's answer to begin",
            "等待上游首字节的最长时间",
            "s",
            0.1,
            86400,
        ),
    ] = 600.0
    stream_idle_timeout_s: Annotated[
        float,
        About("Longest pause inside a vendor's answer", "上游响应中的最长停顿", "s", 0.1, 86400),
    ] = 120.0
    total_timeout_s: Annotated[
        float,
        About("Longest time for one call", "单次调用的最长总时间", "s", 1, 86400),
    ] = 1800.0
    commit_after_s: Annotated[
        float,
        About(
            "Silence after which a streamed answer sends its head and a comment",
            "流式响应静默多久后先发送响应头与注释",
            "s",
            0.1,
            3600,
        ),
    ] = 15.0
    max_attempts: Annotated[
        int,
        About("Most channels that one call may try", "单次调用最多尝试的渠道数", "", 1, 100),
    ] = 5
    sandbox: Annotated[
        bool,
        About(
            "Whether a new installation gets the offline sandbox channel",
            "新安装是否自带离线 sandbox 渠道",
        ),
    ] = True

    # what it tells
    log_level: Annotated[
        str,
        About(
            "Least severity that is logged",
            "日志级别",
            choices=("debug", "info", "warning", "error"),
        ),
    ] = "info"
    log_format: Annotated[
        str,
        About("Form of a log line", "日志格式", choices=("text", "json")),
    ] = "text"
    metrics_token: Annotated[
        str | None,
        About(
            "Bearer token for /metrics, besides the owner's key",
            "/metrics 的访问令牌（所有者密钥之外）",
            secret=True,
        ),
    ] = None


def _kind_of(annotation: Any) -> str:
    if get_origin(annotation) is tuple:
        return "list"
    plain = next((part for part in get_args(annotation) if part is not type(None)), annotation)
    return {str: "text", int: "integer", float: "number", bool: "switch"}[plain]


def _table() -> tuple[Setting, ...]:
    hints = get_type_hints(Settings, include_extras=True)
    rows: list[Setting] = []
    for field in msgspec.structs.fields(Settings):
        annotation, about = get_args(hints[field.name])
        rows.append(
            Setting(name=field.name, kind=_kind_of(annotation), default=field.default, about=about)
        )
    return tuple(rows)


SETTINGS: tuple[Setting, ...] = _table()


def hide_password(text: str) -> str:
    """The text, with the password inside a URL replaced by ***."""
    scheme, mark, rest = text.partition("://")
    login, at, host = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}{mark}{user}:***@{host}" if mark and at and colon else text
