"""Secrets are masked wherever they stand, and what helps stays readable."""

import pytest

from nexhina.telemetry.redaction import MASK, Redactor

OURS = "sk-" + "a1B2c3D4" * 5
REDACTOR = Redactor()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {OURS} refused", OURS),
        (f"Authorization: Bearer {OURS}", OURS),
        ("authorization: bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
        ("it sent Bearer abc123 and Basic dXNlcjpwYXNz0A==", "abc123"),
        ("it sent Bearer onlyletterswithoutanydigit", "onlyletters"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
        ('{"authorization": "Bearer eyJhbGciOi.xyz"}', "eyJhbGciOi"),
        ("b'authorization', b'Bearer sk-proj-aaaaaaaaaaaa'", "sk-proj-aaaaaaaaaaaa"),
        ("x-api-key: plain-private-key", "plain-private-key"),
        ("x-goog-api-key=AIzaSyA1234567890abcdefghijk", "AIzaSyA1234567890"),
        ('"api_key": "anything at all"', "anything"),
        ("password='hunter22222'", "hunter22222"),
        ("GET /v1/models?key=AIzaSyA1234567890abcdefghijk HTTP/1.1", "AIzaSyA"),
        ("GET /v1/models?alt=sse&key=whatever123", "whatever123"),
        ("/media/abc.png?exp=1700000000&sig=Zm9vYmFy_-x", "Zm9vYmFy"),
        ("proxy socks5://user:pa55w0rd@10.0.0.1:1080 is down", "pa55w0rd"),
        ("postgresql://nexhina:s3cret@db/nexhina", "s3cret"),
        ("https://token-without-name@host/path", "token-without-name"),
        ("sk-ant-api03-abcdefghijklmnop", "abcdefghijklmnop"),
        ("gsk_abcdefghijklmnop and hf_abcdefghijklmnop", "abcdefghijklmnop"),
        ("xai-abcdefghijklmnop", "abcdefghijklmnop"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
        (
            "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.sk-abcdefghijk",
            "sk-abcdefghijk",
        ),
        ("Cookie: session=abcdef123456", "abcdef123456"),
    ],
)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    redacted = REDACTOR.redact(text)
    assert secret not in redacted
    assert MASK in redacted


@pytest.mark.parametrize(
    "text",
    [
        "model gpt-4o of channel main answered 200 in 1.2 s",
        "sandbox-chat, sk-, task-runner, risk-averse people",
        "https://api.example.com/v1/chat/completions?stream=true",
        "user@example.com wrote to https://example.com/a@b",
        "the key of the map is missing",
        "send a Bearer token, basic understanding suffices",
        "tokens: 123, max_tokens 400, keys create",
        "",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert REDACTOR.redact(text) == text


def test_what_helps_to_find_the_place_stays() -> None:
    assert REDACTOR.redact("GET /a?key=abc123456&x=1") == f"GET /a?key={MASK}&x=1"
    assert REDACTOR.redact("http://u:p@host:80/path") == f"http://{MASK}@host:80/path"
    assert REDACTOR.redact(f"Bearer {OURS}!") == f"Bearer {MASK}!"


def test_a_watched_secret_of_no_known_shape_is_masked_from_then_on() -> None:
    redactor = Redactor()
    assert "my private thing" in redactor.redact("it was my private thing")
    redactor.watch("my private thing")
    redactor.watch("my private thing 2")
    assert redactor.redact("it was my private thing.") == f"it was {MASK}."
    assert redactor.redact("and my private thing 2") == f"and {MASK}"
    assert redactor.redact("a.b (c) [d]") == "a.b (c) [d]"


def test_a_very_short_text_is_not_watched_because_it_would_mask_everything() -> None:
    redactor = Redactor()
    redactor.watch("")
    redactor.watch("ab")
    assert redactor.redact("about") == "about"


def test_a_long_hostile_text_is_redacted_in_linear_time() -> None:
    import timeit

    def spent(length: int) -> float:
        text = "a" * length + "://" + "Bearer " * (length // 7) + "?key" * (length // 4)
        return min(timeit.repeat(lambda: REDACTOR.redact(text), number=1, repeat=3))

    assert spent(80_000) < 40 * max(spent(8_000), 1e-3)
