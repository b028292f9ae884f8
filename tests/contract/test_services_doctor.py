"""Doctor and the small real call to a channel, with a scripted vendor."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from nexhina.errors import ConflictError, InvalidRequestError, NotFoundError
from nexhina.services import channel as channel_service
from nexhina.services.backup import write_backup
from nexhina.services.doctor import check_rights, examine
from nexhina.services.probe import probe_channel
from nexhina.services.shapes import (
    AddChannel,
    Check,
    NameChannel,
    Nothing,
    ProbeChannel,
    Report,
    WriteBackup,
)
from nexhina.upstream.fake import Play
from support.object_store import run_object_store
from support.workspace import Bench, bench, stocked

__all__ = ["bench", "stocked"]

KEY = "sk-vendor-0123456789abcdef"
JSON = {b"content-type": b"application/json"}
ANSWER = b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"OK"},"finish_reason":"stop"}]}'


async def add(
    bench: Bench,
    name: str = "one",
    models: str = "m",
    key: str = KEY,
    provider: str = "openai_compatible",
) -> None:
    await channel_service.add_channel(
        bench.workspace,
        AddChannel(
            provider=provider,
            name=name,
            base_url="http://127.0.0.1:9000",
            models=models,
            key=key,
        ),
    )


def check(report: Report, name: str) -> Check:
    return next(each for each in report.checks if each.name == name)


async def test_doctor_writes_reads_and_removes_a_file_where_media_lie(
    bench: Bench, tmp_path: Path
) -> None:
    await bench.install()
    for _ in range(2):
        bench.vendor.answer(200, JSON, ANSWER)
    assert "the database" in check(await examine(bench.workspace, Nothing()), "media").detail
    folder = tmp_path / "media"
    settings = bench.workspace.settings
    bench.workspace.settings = msgspec.structs.replace(settings, blob_url=f"file://{folder}")
    found = check(await examine(bench.workspace, Nothing()), "media")
    assert (found.outcome, str(folder) in found.detail) == ("ok", True)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    with bench.workspace.database.read() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM blob").scalar() == 0


@pytest.mark.parametrize(
    "url", ["file:///proc/none/media", "http://a.test/", "file://host/x", "file:relative", "s3:/x"]
)
async def test_doctor_names_a_place_where_media_can_not_lie(bench: Bench, url: str) -> None:
    await bench.install()
    bench.vendor.answer(200, JSON, ANSWER)
    settings = bench.workspace.settings
    bench.workspace.settings = msgspec.structs.replace(settings, blob_url=url)
    found = check(await examine(bench.workspace, Nothing()), "media")
    assert (found.outcome, "blob_url" in found.detail) == ("broken", True)


async def test_doctor_tells_why_a_store_refuses(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.install()
    bench.vendor.answer(200, JSON, ANSWER)
    settings = bench.workspace.settings
    bench.workspace.settings = msgspec.structs.replace(settings, blob_url="s3://media/nexhina")
    with run_object_store() as server:
        server.broken = True
        for name, value in {
            "ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "ALLOW_HTTP": "true",
            "ACCESS_KEY_ID": "key",
            "SECRET_ACCESS_KEY": "secret",
            "REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        found = check(await examine(bench.workspace, Nothing()), "media")
    assert (found.outcome, "privileges" in found.detail) == ("broken", True)


async def test_nothing_is_broken_on_a_fresh_installation(bench: Bench) -> None:
    await bench.install()
    bench.workspace.folder.secret_key.write_text("00" * 32)
    bench.workspace.folder.secret_key.chmod(0o600)
    bench.vendor.answer(200, JSON, ANSWER)
    report = await examine(bench.workspace, Nothing())
    assert report.ok, report.checks
    [play] = bench.vendor.plays
    assert play.target.origin.scheme == "sandbox"
    assert check(report, "channel sandbox").outcome == "ok"
    assert check(report, "database").outcome == "ok"
    assert check(report, "rights of secret.key").outcome == "ok"


async def test_settings_are_shown_with_their_source_and_secrets_are_not(bench: Bench) -> None:
    await bench.install()
    bench.workspace.settings = msgspec.structs.replace(
        bench.workspace.settings, metrics_token="let-me-in", port=9
    )
    bench.workspace.sources["port"] = "NEXHINA_PORT"
    bench.vendor.answer(200, JSON, ANSWER)
    report = await examine(bench.workspace, Nothing())
    shown = {setting.name: (setting.value, setting.source) for setting in report.settings}
    assert shown["port"] == ("9", "NEXHINA_PORT")
    assert shown["metrics_token"] == ("(set)", "default")
    assert b"let-me-in" not in msgspec.json.encode(report)


async def test_a_dead_channel_is_named_with_the_cure(bench: Bench) -> None:
    await bench.install()
    await add(bench)

    def moves(play: Play) -> None:  # the channels are asked at the same time
        if play.target.origin.scheme == "sandbox":
            play.answer(200, JSON, ANSWER)
        else:
            play.fail("connect", "connection refused")

    bench.vendor.script(moves)
    bench.vendor.script(moves)
    report = await examine(bench.workspace, Nothing())
    assert not report.ok
    dead = check(report, "channel one")
    assert dead.outcome == "broken"
    assert "connection refused" in dead.detail
    assert "base URL" in dead.cure
    assert check(report, "channel sandbox").outcome == "ok"


async def test_a_disabled_channel_is_not_called_and_breaks_nothing(bench: Bench) -> None:
    await bench.install()
    await add(bench)
    await channel_service.disable_channel(bench.workspace, NameChannel(channel="one"))
    bench.vendor.answer(200, JSON, ANSWER)
    report = await examine(bench.workspace, Nothing())
    assert report.ok
    assert len(bench.vendor.plays) == 1


async def test_an_installation_without_an_enabled_channel_is_broken(bench: Bench) -> None:
    await bench.install()
    await channel_service.disable_channel(bench.workspace, NameChannel(channel="sandbox"))
    report = await examine(bench.workspace, Nothing())
    assert check(report, "channels").outcome == "broken"
    assert "channels add" in check(report, "channels").cure


async def test_a_key_that_does_not_open_is_a_finding_not_a_crash(bench: Bench) -> None:
    await bench.install()
    await add(bench)
    from nexhina.services.workspace import CHANNEL_KEY_ID, channel_keys
    from nexhina.storage.vault import Vault

    bench.workspace.vault = Vault(channel_keys(bytes(32)), CHANNEL_KEY_ID, bench.workspace.entropy)
    report = await examine(bench.workspace, Nothing())
    assert check(report, "secret.key").outcome == "broken"


async def test_an_open_address_without_https_is_a_warning(bench: Bench) -> None:
    await bench.install()
    bench.workspace.settings = msgspec.structs.replace(bench.workspace.settings, host="0.0.0.0")
    bench.vendor.answer(200, JSON, ANSWER)
    report = await examine(bench.workspace, Nothing())
    assert check(report, "host").outcome == "warning"
    assert report.ok


@pytest.mark.parametrize(("mode", "outcome"), [(0o600, "ok"), (0o640, "broken"), (0o604, "broken")])
def test_a_secret_that_others_can_read_is_broken(bench: Bench, mode: int, outcome: str) -> None:
    file = bench.workspace.folder.path / "secret.key"
    file.write_text("x")
    file.chmod(mode)
    found = check_rights(file, "it")
    assert found.outcome == outcome
    assert ("chmod go-rwx" in found.cure) is (outcome == "broken")


async def test_a_probe_asks_a_chat_model_for_a_few_tokens(bench: Bench) -> None:
    await bench.install()
    await add(bench, models="text-embedding-3-small,fast=m-1")
    bench.vendor.answer(200, JSON, ANSWER)
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert outcome.ok
    assert (outcome.model, outcome.operation, outcome.status) == ("fast", "chat", 200)
    [play] = bench.vendor.plays
    assert play.target.path == "/v1/chat/completions"
    body = msgspec.json.decode(play.body)
    assert body["model"] == "m-1"
    assert body["max_tokens"] <= 16


async def test_a_probe_speaks_the_newer_name_of_the_limit_when_the_old_one_is_refused(
    bench: Bench,
) -> None:
    await bench.install()
    await add(bench)
    bench.vendor.answer(400, JSON, b'{"error":{"message":"use max_completion_tokens"}}')
    bench.vendor.answer(200, JSON, ANSWER)
    assert (await probe_channel(bench.workspace, ProbeChannel(channel="one"))).ok
    assert "max_completion_tokens" in msgspec.json.decode(bench.vendor.plays[1].body)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai_responses", "o3"), ("openai_responses", "unheard-of"), ("openai", "unheard-of-pro")],
)
async def test_a_probe_where_there_is_no_chat_asks_for_a_response_that_is_not_kept(
    bench: Bench, provider: str, model: str
) -> None:
    await bench.install()
    await add(bench, provider=provider, models=model)
    bench.vendor.answer(200, JSON, b"{}")
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert (outcome.ok, outcome.operation) == (True, "responses")
    [play] = bench.vendor.plays
    assert play.target.path == "/v1/responses"
    body = msgspec.json.decode(play.body)
    assert (body["model"], body["max_output_tokens"], body["store"]) == (model, 16, False)


async def test_a_probe_of_pictures_reads_the_list_and_buys_none(bench: Bench) -> None:
    await bench.install()
    await add(bench, models="dall-e-3")
    bench.vendor.answer(200, JSON, b'{"data":[]}')
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert outcome.ok
    assert bench.vendor.plays[0].target.method == "GET"


@pytest.mark.parametrize("model", ["whisper-1", "near=whisper-1"])
async def test_a_probe_of_recordings_reads_the_list_and_buys_none(bench: Bench, model: str) -> None:
    await bench.install()
    await add(bench, provider="openai", models=model)
    bench.vendor.answer(200, JSON, b'{"data":[]}')
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert (outcome.ok, outcome.operation) == (True, "models"), outcome
    [play] = bench.vendor.plays
    assert (play.target.method, play.target.path) == ("GET", "/v1/models")


async def test_a_probe_of_a_channel_that_only_speaks_buys_one_word(bench: Bench) -> None:
    await bench.install()
    await add(bench, provider="openai", models="tts-1")
    bench.vendor.answer(200, {b"content-type": b"audio/mpeg"}, b"\xff\xfb\x90\x00")
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert (outcome.ok, outcome.detail) == (True, "tts-1 answered (speech)")
    [play] = bench.vendor.plays
    assert play.target.path == "/v1/audio/speech"
    asked = msgspec.json.decode(play.body)
    assert asked == {"model": "tts-1", "input": "OK.", "voice": "alloy"}


@pytest.mark.parametrize("models", ["veo-2", "unheard-of", "film=veo-9"])
@pytest.mark.parametrize(
    ("status", "said", "ok", "part"),
    [
        (200, "", True, "can't be tried without cost: reached the address, which took the key"),
        (405, "no GET here", True, "answered 405 and did not refuse the key"),
        (400, "API key not valid. Please pass a valid one", False, "answered 400: API key not"),
        (403, "This project is closed", False, "answered 403: This project"),
        (429, "too fast", False, "answered 429"),
        (503, "later", False, "answered 503"),
    ],
)
async def test_a_vendor_of_films_alone_is_asked_nothing_that_costs(
    bench: Bench, models: str, status: int, said: str, ok: bool, part: str
) -> None:
    await bench.install()
    await add(bench, provider="google", models=models)
    body = msgspec.json.encode({"error": {"code": status, "message": said}})
    bench.vendor.answer(status, JSON, body)
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert (outcome.ok, outcome.status, outcome.operation) == (ok, status, "video")
    assert part in outcome.detail
    assert ("channels set one --key -" in outcome.cure) is (status in (400, 403))
    [play] = bench.vendor.plays
    assert (play.target.method, play.body) == ("GET", b"")
    assert play.target.headers[b"x-goog-api-key"] == KEY.encode()
    assert b"content-type" not in play.target.head.lower()


async def test_the_sandbox_s_film_is_tried_without_making_one(bench: Bench) -> None:
    await bench.install()
    bench.vendor.answer(200, JSON, b'{"object":"list","data":[]}')
    asked = ProbeChannel(channel="sandbox", model="sandbox-video")
    outcome = await probe_channel(bench.workspace, asked)
    assert (outcome.ok, outcome.operation) == (True, "video")
    [play] = bench.vendor.plays
    assert (play.target.method, play.target.path) == ("GET", "/v1/videos")


@pytest.mark.parametrize(
    ("status", "part"),
    [
        (401, "channels set one --key -"),
        (402, "no money"),
        (404, "name of the model"),
        (429, "limit"),
        (503, "later"),
    ],
)
async def test_a_refusal_is_explained_and_never_quotes_the_key(
    bench: Bench, status: int, part: str
) -> None:
    await bench.install()
    await add(bench)
    said = msgspec.json.encode({"error": {"message": f"no: {KEY}"}})
    bench.vendor.answer(status, JSON, said)
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert not outcome.ok
    assert outcome.status == status
    assert str(status) in outcome.detail
    assert part in outcome.cure
    assert KEY not in outcome.detail


def refuse(*bad: str) -> Callable[[Play], None]:
    """Answers well, but for these keys, whatever order they are asked in."""

    def moves(play: Play) -> None:
        key = play.target.headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        if key in bad:
            play.answer(401, JSON, msgspec.json.encode({"error": {"message": f"bad key {key}"}}))
        else:
            play.answer(200, JSON, ANSWER)

    return moves


async def test_a_probe_tries_every_key_and_says_which_is_refused(bench: Bench) -> None:
    await bench.install()
    await add(bench, key="sk-one\nsk-two\nsk-three")
    for _ in range(3):
        bench.vendor.script(refuse("sk-two"))
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert not outcome.ok
    assert [(key.number, key.ok, key.status) for key in outcome.keys] == [
        (1, True, 200),
        (2, False, 401),
        (3, True, 200),
    ]
    told = "1 of its 3 keys does not work. Key 2 of 3: The vendor answered 401: bad key ***."
    assert (outcome.status, outcome.detail) == (401, told)
    assert outcome.cure.endswith("channels set one --key - (all its keys anew, one per line)")
    for _ in range(3):
        bench.vendor.script(refuse())
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert outcome.ok
    assert outcome.detail.endswith(" with each of its 3 keys")


async def test_a_vendor_that_can_not_be_reached_is_asked_with_one_key_only(bench: Bench) -> None:
    await bench.install()
    await add(bench, key="sk-one\nsk-two")
    bench.vendor.fail("connect", "connection refused")
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert "connection refused" in outcome.detail
    assert "Key" not in outcome.detail
    assert len(bench.vendor.plays) == 1


async def test_the_doctor_warns_of_a_channel_whose_keys_work_in_part(bench: Bench) -> None:
    await bench.install()
    await add(bench, key="sk-one\nsk-two")
    for _ in range(3):  # the sandbox is asked too
        bench.vendor.script(refuse("sk-one"))
    report = await examine(bench.workspace, Nothing())
    assert report.ok
    found = check(report, "channel one")
    assert found.outcome == "warning"
    assert "Key 1 of 2" in found.detail


async def test_a_probe_of_a_model_that_the_channel_does_not_offer_is_refused(bench: Bench) -> None:
    await bench.install()
    await add(bench)
    with pytest.raises(InvalidRequestError, match="'o3'"):
        await probe_channel(bench.workspace, ProbeChannel(channel="one", model="o3"))
    with pytest.raises(NotFoundError):
        await probe_channel(bench.workspace, ProbeChannel(channel="two"))
    assert bench.vendor.plays == []


async def test_a_backup_is_written_once_and_is_its_owner_s_alone(bench: Bench) -> None:
    await bench.install()
    bench.workspace.folder.secret_key.write_text("00" * 32)
    file = bench.workspace.folder.path.parent / "copy.tar"
    written = await write_backup(bench.workspace, WriteBackup(file=str(file)))
    assert written.size == file.stat().st_size > 0
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConflictError, match="exists"):
        await write_backup(bench.workspace, WriteBackup(file=str(file)))
    with pytest.raises(InvalidRequestError, match="absolute"):
        await write_backup(bench.workspace, WriteBackup(file="copy.tar"))


@pytest.mark.parametrize(
    ("provider", "models", "body"),
    [
        (
            "cohere",
            "rerank-v9,embed-v9",
            {
                "model": "embed-v9",
                "texts": ["OK"],
                "input_type": "search_document",
                "embedding_types": ["float"],
            },
        ),
        ("cohere", "near=rerank-v9", {"model": "rerank-v9", "query": "OK", "documents": ["OK"]}),
        ("jina", "vectors-v9", {"model": "vectors-v9", "input": "OK"}),
    ],
)
async def test_a_vendor_without_chat_is_asked_for_what_it_does(
    bench: Bench, provider: str, models: str, body: dict[str, object]
) -> None:
    await bench.install()
    await channel_service.add_channel(
        bench.workspace,
        AddChannel(provider=provider, name="one", base_url=None, models=models, key=KEY),
    )
    bench.vendor.answer(200, JSON, b"{}")
    outcome = await probe_channel(bench.workspace, ProbeChannel(channel="one"))
    assert outcome.ok, outcome
    assert msgspec.json.decode(bench.vendor.plays[-1].body) == body
