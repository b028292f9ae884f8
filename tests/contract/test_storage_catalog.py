"""Channels, models, prices and the built-in catalog on both databases."""

from pathlib import Path

import msgspec
import pytest

from nexhina.domain.model import Model, Price
from nexhina.domain.secret import Secret
from nexhina.errors import ConflictError
from nexhina.storage import channel, meta, model, price
from nexhina.storage.catalog_loader import load_catalog, load_catalog_if_new, read_catalog
from nexhina.storage.database import Database
from support.ledger_rows import a_channel, a_vault, make_people

MODEL = Model(name="gpt-4o", maker="openai", operations=("chat",), context=128_000, builtin=False)
PRICE = Price(
    id=0,
    model="gpt-4o",
    channel_id=None,
    kind="input",
    nano=2_500_000_000,
    per=1_000_000,
    since=1.0,
    source="contract",
)

CATALOG = """
maker = "openai"
[[model]]
name = "gpt-4o"
operations = ["chat"]
context = 128000
[[model.price]]
kind = "input"
usd = "2.50"
per = 1000000
since = 2024-05-13
source = "https://vendor.example/pricing"
[[model]]
name = "gpt-image-1"
operations = ["image"]
image_sizes = ["1024x1024"]
[[model.price]]
kind = "image"
variant = "1024x1024/high"
usd = "0.167"
per = 1
since = "2025-04-23"
source = "https://vendor.example/pricing"
"""


def test_a_channel_comes_back_with_its_key(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        saved = channel.save_channel(connection, vault, a_channel(owner, proxy="http://p:1"), 5.0)
        assert saved.key == Secret("sk-vendor")
        assert saved.created_at == 5.0
        assert channel.list_channels(connection, vault) == [saved]
        assert channel.find_channel(connection, vault, owner.id, "first") == saved
        assert channel.find_channel(connection, vault, owner.id, str(saved.id)) == saved
        assert channel.find_channel(connection, vault, owner.id + 1, "first") is None


def test_the_database_never_holds_a_vendor_key_in_plain_text(database: Database) -> None:
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        channel.save_channel(connection, a_vault(), a_channel(owner), 5.0)
        row = connection.exec_driver_sql("SELECT * FROM channel").one()
    assert "sk-vendor" not in repr(tuple(row))


def test_a_sealed_key_does_not_open_in_another_row_or_with_another_secret(
    database: Database,
) -> None:
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        channel.save_channel(connection, a_vault(), a_channel(owner), 5.0)
        with pytest.raises(ValueError, match="channel 'first' does not open"):
            channel.list_channels(connection, a_vault(b"x" * 32))
        channel.save_channel(connection, a_vault(), a_channel(owner, "second"), 5.0)
        connection.exec_driver_sql(
            "UPDATE channel SET sealed_key ="
            " (SELECT sealed_key FROM channel WHERE name = 'first') WHERE name = 'second'"
        )
        with pytest.raises(ValueError, match="'second'"):
            channel.list_channels(connection, a_vault())


def test_every_save_seals_with_a_new_nonce(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        saved = channel.save_channel(connection, vault, a_channel(owner), 5.0)
        nonces = {connection.exec_driver_sql("SELECT key_nonce FROM channel").scalar_one()}
        channel.save_channel(connection, vault, saved, 6.0)
        nonces.add(connection.exec_driver_sql("SELECT key_nonce FROM channel").scalar_one())
    assert len(nonces) == 2


def test_a_channel_without_a_key_needs_no_cipher(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        saved = channel.save_channel(connection, vault, a_channel(owner, key=Secret("")), 5.0)
        assert connection.exec_driver_sql("SELECT sealed_key FROM channel").scalar_one() == ""
    assert not saved.key


def test_a_channel_is_replaced_whole(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        saved = channel.save_channel(connection, vault, a_channel(owner), 5.0)
        changed = msgspec.structs.replace(
            saved, name="renamed", key=Secret("new"), models={}, priority=3, ca_file="/ca.pem"
        )
        assert channel.save_channel(connection, vault, changed, 9.0) == changed
        with pytest.raises(KeyError):
            channel.save_channel(connection, vault, msgspec.structs.replace(saved, id=99), 9.0)


def test_two_channels_of_a_tenant_can_not_share_a_name(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        channel.save_channel(connection, vault, a_channel(owner), 5.0)
        second = channel.save_channel(connection, vault, a_channel(owner, "second"), 5.0)
        with pytest.raises(ConflictError, match="'first'"):
            channel.save_channel(connection, vault, a_channel(owner), 5.0)
        with pytest.raises(ConflictError, match="'first'"):
            channel.save_channel(
                connection, vault, msgspec.structs.replace(second, name="first"), 5.0
            )
        assert [item.name for item in channel.list_channels(connection, vault, owner.id)] == [
            "first",
            "second",
        ]


def test_a_channel_is_switched_off_and_removed_by_its_own_tenant_only(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        other, _, _ = make_people(connection)
        saved = channel.save_channel(connection, vault, a_channel(owner), 5.0)
        price.save_price(connection, msgspec.structs.replace(PRICE, channel_id=saved.id))
        assert not channel.set_channel_status(connection, other.id, saved.id, "disabled")
        assert not channel.remove_channel(connection, other.id, saved.id)
        assert channel.set_channel_status(connection, owner.id, saved.id, "disabled")
        assert channel.list_channels(connection, vault)[0].status == "disabled"
        assert channel.remove_channel(connection, owner.id, saved.id)
        assert not channel.remove_channel(connection, owner.id, saved.id)
        assert price.list_prices(connection) == []
        again = channel.save_channel(connection, vault, a_channel(owner), 5.0)
        assert again.id > saved.id  # a log row's channel never becomes another one


def test_a_model_is_written_over_and_removed(database: Database) -> None:
    with database.write() as connection:
        model.save_model(connection, MODEL)
        changed = msgspec.structs.replace(MODEL, title="Four", image_sizes=("1024x1024",))
        model.save_model(connection, changed)
        assert model.list_models(connection) == [changed]
        assert model.find_model(connection, "gpt-4o") == changed
        assert model.find_model(connection, "gpt-5") is None
        assert model.remove_model(connection, "gpt-4o")
        assert not model.remove_model(connection, "gpt-4o")


def test_a_price_is_kept_changed_and_removed(database: Database) -> None:
    with database.write() as connection:
        first = price.save_price(connection, PRICE)
        later = price.save_price(connection, msgspec.structs.replace(PRICE, since=2.0, nano=7))
        assert price.list_prices(connection, model="gpt-4o") == [first, later]
        assert price.list_prices(connection, model="other") == []
        changed = price.save_price(connection, msgspec.structs.replace(later, nano=8))
        assert price.list_prices(connection)[1] == changed
        with pytest.raises(KeyError):
            price.save_price(connection, msgspec.structs.replace(later, id=99))
        assert price.remove_price(connection, first.id)
        assert not price.remove_price(connection, first.id)


def test_every_change_of_the_configuration_raises_its_version(database: Database) -> None:
    vault = a_vault()
    with database.write() as connection:
        owner, _, _ = make_people(connection)
        versions = [meta.load_version(connection)]
        saved = channel.save_channel(connection, vault, a_channel(owner), 5.0)
        versions.append(meta.load_version(connection))
        channel.set_channel_status(connection, owner.id, saved.id, "disabled")
        versions.append(meta.load_version(connection))
        channel.remove_channel(connection, owner.id, saved.id)
        versions.append(meta.load_version(connection))
        model.save_model(connection, MODEL)
        versions.append(meta.load_version(connection))
        kept = price.save_price(connection, PRICE)
        versions.append(meta.load_version(connection))
        price.remove_price(connection, kept.id)
        versions.append(meta.load_version(connection))
        model.remove_model(connection, "gpt-4o")
        versions.append(meta.load_version(connection))
    assert versions == sorted(set(versions))


def test_the_catalog_is_loaded_once_and_again_when_its_files_change(
    database: Database, tmp_path: Path
) -> None:
    files = tmp_path / "catalog"
    files.mkdir()
    (files / "openai.toml").write_text(CATALOG)
    with database.write() as connection:
        first = load_catalog(connection, files)
        assert (first.models, first.prices) == (2, 2)
        again = load_catalog(connection, files)
        assert (again.models, again.prices) == (0, 0)
        (files / "openai.toml").write_text(CATALOG.replace("0.167", "0.2"))
        changed = load_catalog(connection, files)
        assert (changed.models, changed.prices) == (0, 1)
        found = model.find_model(connection, "gpt-4o")
        assert found is not None
        assert found.builtin
        (image,) = price.list_prices(connection, model="gpt-image-1")
        assert (image.nano, image.per, image.variant) == (200_000_000, 1, "1024x1024/high")
        assert image.since == 1_745_366_400.0


def test_an_upgrade_leaves_operators_rows_alone(database: Database, tmp_path: Path) -> None:
    files = tmp_path / "catalog"
    files.mkdir()
    (files / "openai.toml").write_text(CATALOG)
    with database.write() as connection:
        model.save_model(connection, MODEL)
        own = price.save_price(connection, PRICE)
        load_catalog(connection, files)
        assert model.find_model(connection, "gpt-4o") == MODEL
        assert own in price.list_prices(connection, model="gpt-4o")


def test_a_version_of_the_program_loads_its_catalog_once(database: Database) -> None:
    with database.write() as connection:
        assert load_catalog_if_new(connection, "1.0")
        assert not load_catalog_if_new(connection, "1.0")
        assert load_catalog_if_new(connection, "1.1")
        names = {item.name for item in model.list_models(connection)}
    assert "sandbox-chat" in names


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("context = 128000", "contxt = 128000", "openai.toml: model 'gpt-4o': .*contxt"),
        ('kind = "input"', 'kind = "inputs"', "'inputs' is none of"),
        ('usd = "2.50"', "usd = 2.5", "Expected `str`"),
        ('usd = "2.50"', 'usd = "-1"', "usd ≥ 0"),
        ("per = 1000000", "", "per"),
        ('operations = ["chat"]', "", "operations"),
        ('maker = "openai"', 'makers = "openai"', "makers"),
        ('maker = "openai"', "maker = ", "openai.toml: "),
    ],
)
def test_a_mistake_in_a_catalog_file_is_named(before: str, after: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_catalog(CATALOG.replace(before, after, 1), "openai.toml")


def test_a_model_in_two_files_is_refused(sqlite: Database, tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(CATALOG)
    with sqlite.write() as connection, pytest.raises(ValueError, match="'gpt-4o' twice"):
        load_catalog(connection, tmp_path)
