"""The set-up page in a real browser, served by the real product. Order matters: the link works once."""

import pytest

from nexhina.console.text import TEXTS
from support.browser import Browser, Tab
from support.needs import WORK
from support.product import Product

pytestmark = pytest.mark.browser

PASSWORD = "a walk along the quiet river"


@pytest.fixture
def link(product: Product) -> str:
    """A fresh link, as `nexhina init` prints it on an installation that exists."""
    return str(product.run("init")["setup_url"])


def has_focus(tab: Tab) -> str:
    return tab.value("document.activeElement.id || document.activeElement.tagName")


def fits(tab: Tab) -> bool:
    return tab.value("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_page_looks_right_and_the_browser_has_no_complaint(browser: Browser, link: str) -> None:
    tab = browser.new_tab()
    tab.resize(1200, 900)
    assert tab.open(link) == 200
    tab.screenshot(WORK / "screens" / "setup-wide.png")
    assert tab.value("getComputedStyle(document.querySelector('.card')).borderRadius") == "14px"
    assert tab.value("document.querySelector('.brand img').naturalWidth") > 0
    assert has_focus(tab) == "email"
    assert tab.complaints == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_hangs_over_on_a_narrow_screen(browser: Browser, link: str, width: int) -> None:
    tab = browser.new_tab()
    tab.resize(width, 700)
    for address in (link, link.partition("/setup")[0] + "/", link + "wrong"):
        tab.open(address)
        assert fits(tab), address
    tab.open(link)
    tab.screenshot(WORK / "screens" / f"setup-{width}.png")


def test_chinese_readers_get_chinese(browser: Browser, link: str) -> None:
    tab = browser.new_tab("zh-CN")
    assert tab.open(link) == 200
    assert tab.value("document.querySelector('h1').textContent") == TEXTS["zh"].setup_title
    tab.screenshot(WORK / "screens" / "setup-zh.png")


def test_the_browser_runs_no_foreign_script_on_the_page(browser: Browser, link: str) -> None:
    tab = browser.new_tab()
    tab.open(link)
    tab.value(
        "{ const s = document.createElement('script'); s.textContent = 'window.pwned = 1';"
        " document.body.append(s) }"
    )
    assert tab.value("window.pwned") is None
    assert any("Content Security Policy" in text for text in tab.complaints)


def test_the_owner_is_set_up_with_the_keyboard_alone_and_then_the_link_is_dead(
    browser: Browser, link: str
) -> None:
    tab = browser.new_tab()
    tab.open(link)
    tab.type("owner@example.com")
    tab.key("Tab", 9)
    tab.type(PASSWORD)
    tab.key("Tab", 9)
    tab.type("something else")
    tab.key("Tab", 9)
    assert has_focus(tab) == "BUTTON"
    assert tab.enter() == 400
    assert tab.value("document.querySelector('[role=alert]').innerText").endswith(
        TEXTS["en"].not_repeated
    )
    tab.screenshot(WORK / "screens" / "setup-problem.png")
    assert tab.value("document.querySelector('#email').value") == "owner@example.com"

    for field in ("password", "repeat"):
        tab.click(f"#{field}")
        tab.type(PASSWORD)
    assert tab.press("button") == 200
    assert tab.value("location.pathname") == "/setup/done"
    tab.screenshot(WORK / "screens" / "setup-done.png")

    assert browser.new_tab().open(link) == 410
