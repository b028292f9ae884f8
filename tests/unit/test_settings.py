"""The settings table: what wins, and what a person who mistypes is told."""

import pytest

from nexhina.errors import StartError
from nexhina.settings import SETTINGS, Setting, Settings, hide_password, read_settings


def refused(**given: object) -> str:
    flags = given.get("flags", {})
    with pytest.raises(StartError) as caught:
        read_settings(flags, given.get("environ", {}), given.get("toml", ""))  # type: ignore[arg-type]
    assert caught.value.exit_code == 2
    text = str(caught.value)
    assert "\n" not in text
    return text


def row(name: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.name == name)


def test_the_table_and_the_struct_are_the_same_settings() -> None:
    assert tuple(setting.name for setting in SETTINGS) == Settings.__struct_fields__
    assert Settings() == read_settings({}, {})[0]
    assert all(getattr(Settings(), setting.name) == setting.default for setting in SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_explained_in_both_languages_and_every_number_is_bounded(
    setting: Setting,
) -> None:
    assert setting.about.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in setting.about.zh)
    if setting.kind in ("integer", "number"):
        assert setting.about.low is not None
        assert setting.about.high is not None
        assert setting.about.low <= setting.default <= setting.about.high
    if setting.about.choices:
        assert setting.default in setting.about.choices


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default() -> None:
    toml = "port = 1\nhost = '::1'\ndrain_s = 3"
    settings, sources = read_settings({"port": 3}, {"NEXHINA_PORT": "2", "NEXHINA_HOST": "h"}, toml)
    assert (settings.port, settings.host, settings.drain_s) == (3, "h", 3.0)
    assert sources["port"] == "--port"
    assert sources["host"] == "NEXHINA_HOST"
    assert sources["drain_s"] == "nexhina.toml"
    assert sources["log_level"] == "default"


def test_a_flag_that_was_not_given_takes_nothing_away() -> None:
    assert read_settings({"port": None}, {"NEXHINA_PORT": "2"})[0].port == 2


def test_an_unknown_name_is_an_error_that_names_the_nearest() -> None:
    text = refused(environ={"NEXHINA_DRIAN_S": "3"})
    assert "NEXHINA_DRIAN_S" in text
    assert "NEXHINA_DRAIN_S" in text
    text = refused(toml="prot = 8000")
    assert "prot" in text
    assert "nexhina.toml" in text
    assert "did you mean port?" in text
    assert "among the flags" in refused(flags={"hots": "x"})
    assert "nexhina doctor" in refused(environ={"NEXHINA_ZZZZZZ": "3"})


def test_an_environment_name_in_mixed_case_is_not_passed_over() -> None:
    assert "NEXHINA_PORT" in refused(environ={"NEXHINA_Port": "3"})


def test_client_variables_and_the_data_folder_are_not_settings() -> None:
    environ = {"NEXHINA_DATA_DIR": "/x", "NEXHINA_API_KEY": "sk-x", "NEXHINA_BASE_URL": "http://x"}
    assert read_settings({}, environ)[0] == Settings()


def test_variables_that_kubernetes_writes_for_a_service_are_passed_over() -> None:
    environ = {
        "NEXHINA_PORT": "tcp://10.0.0.7:80",
        "NEXHINA_PORT_80_TCP": "tcp://10.0.0.7:80",
        "NEXHINA_PORT_80_TCP_ADDR": "10.0.0.7",
        "NEXHINA_SERVICE_HOST": "10.0.0.7",
    }
    assert read_settings({}, environ)[0].port == 8000


@pytest.mark.parametrize(
    ("environ", "parts"),
    [
        ({"NEXHINA_PORT": "70000"}, ("port", "0 to 65535", "70000", "NEXHINA_PORT")),
        ({"NEXHINA_PORT": "-1"}, ("0 to 65535", "-1")),
        ({"NEXHINA_PORT": "80.5"}, ("a whole number", "80.5")),
        ({"NEXHINA_PORT": "eighty"}, ("eighty",)),
        ({"NEXHINA_DRAIN_S": "nan"}, ("0 to 3600 seconds", "nan")),
        ({"NEXHINA_DRAIN_S": "inf"}, ("0 to 3600 seconds", "inf")),
        ({"NEXHINA_LOG_LEVEL": "loud"}, ("debug, info, warning, error", "loud")),
        ({"NEXHINA_SANDBOX": "perhaps"}, ("on or off", "perhaps")),
        ({"NEXHINA_HOST": "  "}, ("not empty",)),
    ],
)
def test_a_value_out_of_bounds_names_value_bound_and_origin(
    environ: dict[str, str], parts: tuple[str, ...]
) -> None:
    text = refused(environ=environ)
    assert all(part in text for part in parts), text


@pytest.mark.parametrize(
    ("toml", "part"),
    [
        ("port = true", "a whole number"),
        ("port = 80.0", "a whole number"),
        ("port = [80]", "a whole number"),
        ("host = 3", "a text in quotes"),
        ("allowed_hosts = [1]", "a list of texts"),
        ("allowed_hosts = 1", "a list of texts"),
        ("port = ", "not TOML"),
        ("[server]\nport = 1", "section [server]; write the settings without sections"),
    ],
)
def test_a_wrong_type_in_the_file_is_refused(toml: str, part: str) -> None:
    assert part in refused(toml=toml)


def test_switches_lists_and_numbers_are_read_in_each_form() -> None:
    for word, value in (("on", True), ("OFF", False), ("1", True), ("no", False)):
        assert read_settings({}, {"NEXHINA_SANDBOX": word})[0].sandbox is value
    assert read_settings({}, {}, "sandbox = false")[0].sandbox is False
    hosts = read_settings({}, {"NEXHINA_ALLOWED_HOSTS": "a.example, b.example,"})[0].allowed_hosts
    assert hosts == ("a.example", "b.example")
    assert read_settings({}, {}, "allowed_hosts = ['a']")[0].allowed_hosts == ("a",)
    drain = read_settings({}, {}, "drain_s = 5")[0].drain_s
    assert isinstance(drain, float)


def test_an_empty_variable_takes_an_optional_value_away() -> None:
    toml = "public_url = 'https://x.example'"
    assert read_settings({}, {"NEXHINA_PUBLIC_URL": ""}, toml)[0].public_url is None


def test_values_that_need_each_other_are_checked_together() -> None:
    assert "needs tls_key" in refused(flags={"tls_cert": "c.pem"})
    assert "needs tls_cert" in refused(environ={"NEXHINA_TLS_KEY": "k.pem"})
    both = {"NEXHINA_SECRET_KEY": "a" * 64, "NEXHINA_SECRET_KEY_FILE": "/f"}
    text = refused(environ=both)
    assert "keep one" in text
    assert "aaaa" not in text


@pytest.mark.parametrize(
    "url", ["x.example", "ftp://x", "https://x/v1", "https://x:99999", "https://u@x"]
)
def test_a_public_url_that_is_not_a_site_is_refused(url: str) -> None:
    assert url in refused(environ={"NEXHINA_PUBLIC_URL": url})


def test_a_trusted_proxy_that_is_no_network_is_refused() -> None:
    assert "10.0.0.0/8" in refused(environ={"NEXHINA_TRUSTED_PROXIES": "10.0.0.1,proxy"})
    good = read_settings({}, {"NEXHINA_TRUSTED_PROXIES": "10.0.0.1/8,::1"})[0]
    assert good.trusted_proxies == ("10.0.0.1/8", "::1")


def test_no_secret_is_shown_or_printed() -> None:
    settings = Settings(secret_key="ab" * 32, metrics_token="let-me-in")
    assert row("secret_key").show(settings.secret_key) == "(set)"
    assert row("metrics_token").show(settings.metrics_token) == "(set)"
    assert row("secret_key").show(None) == "(none)"
    assert "let-me-in" not in repr(settings)
    url = "postgresql://nexhina:hunter2@db/nexhina"
    assert row("database_url").show(url) == "postgresql://nexhina:***@db/nexhina"
    assert "secret-token" not in refused(toml="metrics_token = ['secret-token']")


def test_values_are_shown_as_a_person_writes_them() -> None:
    assert row("sandbox").show(True) == "on"
    assert row("allowed_hosts").show(("a", "b")) == "a,b"
    assert row("allowed_hosts").show(()) == "(none)"
    assert row("port").show(8000) == "8000"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://u:p@h:1/x", "http://u:***@h:1/x"),
        ("http://u@h", "http://u@h"),
        ("http://h:1", "http://h:1"),
        ("plain", "plain"),
    ],
)
def test_a_password_inside_a_url_is_hidden(text: str, shown: str) -> None:
    assert hide_password(text) == shown
