import pytest

from nexhina import __version__
from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.domain.secret import Secret
from nexhina.providers.endpoint import (
    MOST_KEYS,
    build_target,
    build_targets,
    clean_base_url,
    read_base_url,
    require_key,
    require_keys,
    write_extra_head,
)
from nexhina.providers.spec import HeaderAuth, Provider
from nexhina.providers.vendors.openai import OPENAI
from nexhina.providers.vendors.openai_compatible import OPENAI_COMPATIBLE
from nexhina.providers.vendors.sandbox import SANDBOX


def make_channel(base_url: str | None = None, key: str = "sk-vendor", **more: str) -> Channel:
    return Channel(
        id=1,
        tenant_id=1,
        name="c",
        provider="p",
        public_name="p",
        base_url=base_url,
        key=Secret(key),
        models={},
        proxy=more.get("proxy"),
        ca_file=more.get("ca_file"),
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        (" https://Api.Example.COM/v1/ \n", "https://api.example.com/v1"),
        ("https://api.example.com:443/openai/v1", "https://api.example.com/openai/v1"),
        ("http://host:80/v1//", "http://host/v1"),
        ("http://[::1]:11434", "http://[::1]:11434/v1"),
        ("http://[FE80::1]/x", "http://[fe80::1]/x"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("http://my_host.internal./a/b%20c", "http://my_host.internal./a/b%20c"),
    ],
)
def test_a_base_url_is_brought_into_one_form(text: str, url: str) -> None:
    assert read_base_url(text).write() == url
    assert read_base_url(url).write() == url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "http:// or https://"),
        ("api.example.com/v1", "http:// or https://"),
        ("ftp://host/v1", "http:// or https://"),
        ("http:///v1", "name a host"),
        ("https://host/v1?key=x", "query"),
        ("https://host/v1#x", "fragment"),
        ("https://host/v1?", "query"),
        ("https://user:secret@host/v1", "user or password"),
        ("https://host:99999/v1", "not a base URL"),
        ("https://host:abc/v1", "not a base URL"),
        ("https://host:0/v1", "port 0"),
        ("https://host/v1/chat/completions", "leave '/chat/completions' away: …/v1"),
        ("https://host/embeddings", "leave '/embeddings' away: …/v1"),
        ("https://ho st/v1", "host name"),
        ("https://-host/v1", "host name"),
        ("https://a..b/v1", "host name"),
        ("https://host/v 1", "path"),
        ("https://host/a/../b", "path"),
        ("https://host/a//b", "path"),
        ("https://host/v1\u00e9", "path"),
        ("http://[::1%eth0]/v1", "IPv6"),
        ("http://[zz]/v1", "not a base URL"),
        ("http://" + "a" * 300 + "/v1", "host name"),
    ],
)
def test_what_is_no_base_url_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="is not a base URL") as caught:
        read_base_url(text)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["https://host/v1\r\nX-Evil: 1", "https://host\r\nX: 1/v1", "https://host/\x00"]
)
def test_a_line_break_in_a_base_url_adds_no_header(text: str) -> None:
    try:
        target = build_target(OPENAI, make_channel(text), Operation.CHAT)
    except ValueError:
        return
    assert target.head.count(b"\r\n") == 6
    assert b"X: 1" not in target.head
    assert b"\r" not in target.path.encode()


def test_only_a_provider_without_its_own_needs_a_base_url() -> None:
    assert clean_base_url(None, OPENAI) is None
    assert clean_base_url("https://host", OPENAI) == "https://host/v1"
    with pytest.raises(ValueError, match="needs a base URL"):
        clean_base_url("", OPENAI_COMPATIBLE)
    assert clean_base_url(None, SANDBOX) is None
    with pytest.raises(ValueError, match="takes no base URL"):
        clean_base_url("http://host", SANDBOX)


def test_a_target_is_ready_bytes() -> None:
    channel = make_channel("http://127.0.0.1:9000/x/", "sk-1", proxy="socks5://p:1", ca_file="ca")
    target = build_target(OPENAI_COMPATIBLE, channel, Operation.CHAT)
    assert (target.method, target.path) == ("POST", "/x/chat/completions")
    assert (target.origin.scheme, target.origin.host, target.origin.port) == (
        "http",
        "127.0.0.1",
        9000,
    )
    assert (target.origin.proxy, target.origin.ca_file) == ("socks5://p:1", "ca")
    assert target.head == (
        b"Host: 127.0.0.1:9000\r\n"
        b"Authorization: Bearer sk-1\r\n"
        b"Content-Type: application/json\r\n"
        b"Accept: application/json, text/event-stream\r\n"
        b"Accept-Encoding: identity\r\n"
        b"User-Agent: nexhina/" + __version__.encode() + b"\r\n"
    )
    assert target.headers[b"authorization"] == b"Bearer sk-1"
    assert len(target.headers) == 6


def test_the_vendors_own_address_serves_when_the_channel_has_none() -> None:
    target = build_target(OPENAI, make_channel(), Operation.MODELS)
    assert (target.method, target.path) == ("GET", "/v1/models")
    assert (target.origin.scheme, target.origin.host, target.origin.port) == (
        "https",
        "api.openai.com",
        443,
    )
    assert b"Content-Type" not in target.head


def test_a_channel_without_a_key_sends_none() -> None:
    target = build_target(OPENAI_COMPATIBLE, make_channel("http://h", " \n"), Operation.EMBEDDINGS)
    assert b"Authorization" not in target.head


def test_the_sandbox_stays_in_the_process_and_gets_no_key() -> None:
    target = build_target(SANDBOX, make_channel(), Operation.IMAGES)
    assert target.origin.scheme == "sandbox"
    assert target.path == "/v1/images/generations"
    assert b"sk-vendor" not in target.head
    with pytest.raises(ValueError, match="does not offer models"):
        build_target(SANDBOX, make_channel(), Operation.MODELS)


def test_a_key_may_come_in_another_header() -> None:
    provider = Provider(
        name="x",
        title="X",
        base_url="https://x.example",
        speaks=OPENAI.speaks,
        paths=OPENAI.paths,
        auth=HeaderAuth(name="x-api-key", prefix=""),
    )
    head = build_target(provider, make_channel(key=" k1\n"), Operation.CHAT).head
    assert b"x-api-key: k1\r\n" in head


@pytest.mark.parametrize("key", ["a b", "a\r\nX: 1", "schlüssel", "a\tb", "a\x00"])
def test_a_key_that_would_break_the_head_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="paste it again") as caught:
        require_key(OPENAI, key)
    assert key not in str(caught.value)


def test_a_key_is_asked_for_where_it_is_needed() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        require_key(OPENAI, " ")
    assert require_key(OPENAI_COMPATIBLE, "") == ""


def test_only_listed_headers_of_the_caller_are_forwarded() -> None:
    headers = {b"openai-beta": b"x=1", b"cookie": b"c", b"authorization": b"Bearer sk-caller"}
    assert write_extra_head(OPENAI, headers) == b"openai-beta: x=1\r\n"
    assert write_extra_head(OPENAI, {b"openai-beta": b"a\r\nX: 1"}) == b""
    assert write_extra_head(OPENAI, {b"openai-beta": b""}) == b""
    assert write_extra_head(OPENAI, {}) == b""
    assert write_extra_head(OPENAI_COMPATIBLE, headers) == b""
    assert write_extra_head(SANDBOX, {b"x-sandbox": b"latency=5"}) == b"x-sandbox: latency=5\r\n"


def test_each_line_is_a_key_with_its_own_target_and_a_doubled_one_counts_once():
    channel = make_channel(key=" k1\r\n\nk2\nk1\n")
    heads = [
        target.headers[b"authorization"]
        for target in build_targets(OPENAI, channel, Operation.CHAT)
    ]
    assert heads == [b"Bearer k1", b"Bearer k2"]


def test_a_channel_without_a_key_has_one_target():
    assert require_keys(OPENAI_COMPATIBLE, " \n ") == ()
    (target,) = build_targets(OPENAI_COMPATIBLE, make_channel("http://h", ""), Operation.CHAT)
    assert b"authorization" not in target.headers


@pytest.mark.parametrize(
    "text", ["k1\nk 2", "k1\nk\u00fc", "\n".join(f"k{number}" for number in range(MOST_KEYS + 1))]
)
def test_one_bad_key_among_several_or_too_many_is_refused_without_showing_any(text):
    with pytest.raises(ValueError, match="key") as caught:
        require_keys(OPENAI, text)
    assert "k1" not in str(caught.value)
