"""The sandbox's film in a real browser: by the link that the site's call answers, it plays."""

import time

import pytest

from support.browser import PATIENCE, Browser, Tab
from support.product import Product

pytestmark = pytest.mark.browser

ASKED = {
    "model": "sandbox-video",
    "prompt": "A red kite",
    "width": 320,
    "height": 240,
    "duration": 2,
}
PLAYER = "document.querySelector('video')"


def wait_until(tab: Tab, condition: str) -> None:
    """Returns when a JavaScript expression has become true; fails with what the player says."""
    deadline = time.monotonic() + PATIENCE
    while not tab.value(f"Boolean({condition})"):
        state = f"[{PLAYER}.readyState, {PLAYER}.currentTime, {PLAYER}.error?.message]"
        assert time.monotonic() < deadline, (condition, tab.value(state))
        time.sleep(0.02)


@pytest.fixture(scope="module")
def film(product: Product) -> str:
    """The link of a film that was made just now."""
    made = product.call("POST", "/v1/video/generations", ASKED)
    assert made.status == 200, made.body
    link: str = made.json()["data"][0]["url"]
    return link if link.startswith("http") else product.base_url.removesuffix("/v1") + link


def test_the_film_plays_in_its_size_from_its_beginning_to_its_end(
    browser: Browser, film: str
) -> None:
    tab = browser.new_tab()
    tab.send("Page.navigate", url=film)
    wait_until(tab, f"{PLAYER} && {PLAYER}.readyState >= 2")
    assert tab.value(f"[{PLAYER}.videoWidth, {PLAYER}.videoHeight]") == [320, 240]
    assert tab.value(f"{PLAYER}.duration") == pytest.approx(2, abs=0.2)
    tab.value(f"void ({PLAYER}.muted = true, {PLAYER}.loop = false, {PLAYER}.play())")
    wait_until(tab, f"{PLAYER}.currentTime > 0.2")
    wait_until(tab, f"{PLAYER}.ended")
    assert tab.value(f"{PLAYER}.getVideoPlaybackQuality().totalVideoFrames") > 5
    assert tab.value(f"{PLAYER}.error") is None


def test_the_browser_can_jump_in_the_film(browser: Browser, film: str) -> None:
    tab = browser.new_tab()
    tab.send("Page.navigate", url=film)
    wait_until(tab, f"{PLAYER} && {PLAYER}.readyState >= 2")
    tab.value(f"void ({PLAYER}.pause(), {PLAYER}.currentTime = 1.5)")
    wait_until(tab, f"!{PLAYER}.seeking && {PLAYER}.readyState >= 2")
    assert tab.value(f"{PLAYER}.currentTime") == pytest.approx(1.5, abs=0.1)
