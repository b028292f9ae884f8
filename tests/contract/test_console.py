"""The console's pages, called in the process as a browser would call them."""

import re
from html.parser import HTMLParser

import pytest

from nexhina.console.app import build_app
from nexhina.console.text import TEXTS
from nexhina.errors import NotFoundError
from nexhina.web.csrf import COOKIE, FIELD
from support.asgi import Page, Visitor

TOKEN = "link-token"
PASSWORD = "a walk along the quiet river"
WEAK = "aaaaaaaaaaaaaaaa"
TAKEN = "taken@example.com"


class Owner:
    """A set-up service in memory: one link, a rule for passwords."""

    def __init__(self) -> None:
        self.open = {TOKEN}
        self.accounts: list[tuple[str, str]] = []
        self.race = False  # the link dies between the two questions
        self.broken = False

    async def is_open(self, token: str) -> bool:
        return token in self.open

    async def set_owner(self, token: str, email: str, password: str) -> None:
        if self.broken:
            raise RuntimeError("the database is on fire: secret-detail")
        if self.race or token not in self.open:
            raise NotFoundError
        if email == TAKEN:
            raise ValueError("this e-mail address is taken")
        self.open.remove(token)
        self.accounts.append((email, password))


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def visitor(owner: Owner) -> Visitor:
    return Visitor(build_app(is_setup_open=owner.is_open, set_owner=owner.set_owner))


class Outline(HTMLParser):
    """Labels, inputs and outside references of a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.links: list[str] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.attributes.extend(values)
        if tag == "label":
            self.labels.add(values["for"] or "")
        if tag == "input":
            self.inputs.append(values)
        self.links += [v for k, v in attrs if k in {"href", "src", "action"} and v]


def form_of(page: Page, **values: str) -> dict[str, str]:
    """The form as the browser would send it, with these values typed in."""
    sent = {str(i["name"]): i.get("value") or "" for i in Outline(page).inputs}
    return {**sent, **values}


async def open_form(visitor: Visitor, token: str = TOKEN) -> Page:
    page = await visitor.get(f"/setup?token={token}")
    assert page.status == 200
    return page


async def submit(visitor: Visitor, **values: str) -> Page:
    page = await open_form(visitor)
    typed = {"email": "owner@example.com", "password": PASSWORD, "repeat": PASSWORD, **values}
    return await visitor.post("/setup", form_of(page, **typed))


async def test_the_owner_sets_an_address_and_a_password(visitor: Visitor, owner: Owner) -> None:
    answer = await submit(visitor, email="  owner@example.com ")
    assert (answer.status, answer.headers["location"]) == (303, "/setup/done")
    assert owner.accounts == [("owner@example.com", PASSWORD)]
    done = await visitor.get("/setup/done")
    assert (done.status, TEXTS["en"].done_about in done.text) == (200, True)


async def test_a_used_link_is_gone_and_says_how_to_get_another(visitor: Visitor) -> None:
    page = await open_form(visitor)
    await submit(visitor)
    again = await visitor.get(f"/setup?token={TOKEN}")
    assert (again.status, "nexhina init" in again.text) == (410, True)
    typed = {"email": "thief@example.com", "password": PASSWORD, "repeat": PASSWORD}
    assert (await visitor.post("/setup", form_of(page, **typed))).status == 410


@pytest.mark.parametrize("query", ["", "?token=", "?token=guess", "?tokem=link-token"])
async def test_without_a_living_token_there_is_no_form(visitor: Visitor, query: str) -> None:
    page = await visitor.get(f"/setup{query}")
    assert (page.status, "<form" in page.text) == (410, False)


async def test_a_link_that_dies_while_the_form_is_sent_is_gone(
    visitor: Visitor, owner: Owner
) -> None:
    owner.race = True
    assert (await submit(visitor)).status == 410


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": f"{'x' * 65}@example.com"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "<b>@example.com"}, "email"),
        ({"password": "", "repeat": ""}, "password"),
        ({"password": "short", "repeat": "short"}, "password"),
        ({"password": "x" * 257, "repeat": "x" * 257}, "password"),
        ({"password": WEAK, "repeat": WEAK}, "password"),
        ({"repeat": "something else"}, "repeat"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_the_link_lives_on(
    visitor: Visitor, owner: Owner, typed: dict[str, str], field: str
) -> None:
    page = await submit(visitor, **typed)
    assert page.status == 400
    wrong = {str(i["name"]) for i in Outline(page).inputs if i.get("aria-invalid") == "true"}
    assert wrong == {field}
    assert 'role="alert"' in page.text
    assert owner.accounts == []
    assert (await submit(visitor)).status == 303


async def test_the_services_reason_is_shown_and_the_link_lives_on(visitor: Visitor) -> None:
    page = await submit(visitor, email=TAKEN)
    assert (page.status, "this e-mail address is taken" in page.text) == (400, True)
    assert (await submit(visitor)).status == 303


async def test_the_address_is_kept_but_no_password(visitor: Visitor) -> None:
    page = await submit(visitor, password=WEAK, repeat=WEAK)
    kept = {i["name"]: i.get("value") for i in Outline(page).inputs}
    assert kept["email"] == "owner@example.com"
    assert (kept["password"], kept["repeat"]) == (None, None)
    assert WEAK not in page.text


async def test_what_was_typed_is_shown_as_text_never_as_markup(visitor: Visitor) -> None:
    page = await submit(visitor, email='"><script>alert(1)</script>')
    assert (page.status, "<script" in page.text) == (400, False)


async def test_pages_speak_the_visitors_language(owner: Owner) -> None:
    app = build_app(is_setup_open=owner.is_open, set_owner=owner.set_owner)
    chinese = Visitor(app, language="zh-CN,zh;q=0.9")
    page = await open_form(chinese)
    assert '<html lang="zh-CN">' in page.text
    assert TEXTS["zh"].setup_title in page.text
    assert page.headers["vary"] == "accept-language"
    assert TEXTS["zh"].not_repeated in (await submit(chinese, repeat="another")).text


async def test_every_field_has_a_label_and_the_page_needs_no_script(visitor: Visitor) -> None:
    outline = Outline(await open_form(visitor))
    visible = {str(i["id"]) for i in outline.inputs if i["type"] != "hidden"}
    assert visible == outline.labels == {"email", "password", "repeat"}
    assert "script" not in outline.tags
    assert not {a for a in outline.attributes if a == "style" or a.startswith("on")}
    assert all(link.startswith("/") and not link.startswith("//") for link in outline.links)


async def test_every_answer_carries_the_security_headers(visitor: Visitor) -> None:
    gone = await visitor.get("/setup?token=x")
    missing = await visitor.get("/nothing")
    for page in (await visitor.get("/"), await open_form(visitor), gone, missing):
        policy = page.headers["content-security-policy"].split("; ")
        assert {
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
        } <= set(policy)
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "http://nexhina.test.evil.test"},
        {"sec_fetch_site": "cross-site", "origin": "null"},
        {"sec_fetch_site": "same-site"},
    ],
)
async def test_a_form_of_another_site_is_refused(
    visitor: Visitor, owner: Owner, headers: dict[str, str]
) -> None:
    typed = {"email": "a@example.com", "password": PASSWORD, "repeat": PASSWORD}
    form = form_of(await open_form(visitor), **typed)
    answer = await visitor.post("/setup", form, **headers)
    assert (answer.status, owner.accounts) == (403, [])


async def test_a_form_without_the_cookies_other_half_is_refused(
    visitor: Visitor, owner: Owner
) -> None:
    typed = {"email": "a@example.com", "password": PASSWORD, "repeat": PASSWORD}
    form = form_of(await open_form(visitor), **typed)
    for cookies, field in (
        ({}, form[FIELD]),
        ({COOKIE: ""}, ""),
        ({COOKIE: "x"}, "x"),
        ({COOKIE: "A" * 43}, form[FIELD]),
        ({COOKIE: form[FIELD]}, "é" * 43),
    ):
        visitor.cookies = dict(cookies)
        answer = await visitor.post("/setup", {**form, FIELD: field})
        assert (answer.status, owner.accounts) == (403, []), cookies


async def test_our_own_form_works_where_browsers_hide_the_origin(visitor: Visitor) -> None:
    typed = {"email": "a@example.com", "password": PASSWORD, "repeat": PASSWORD}
    form = form_of(await open_form(visitor), **typed)
    assert (await visitor.post("/setup", form, origin="null")).status == 303


async def test_the_cookie_is_strict_and_out_of_reach_of_scripts(visitor: Visitor) -> None:
    cookie = (await open_form(visitor)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_two_open_tabs_both_work(visitor: Visitor) -> None:
    first, second = await open_form(visitor), await open_form(visitor)
    assert form_of(first)[FIELD] == form_of(second)[FIELD]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"token=x", "application/json", 415),
        (b"token=x", "multipart/form-data; boundary=x", 415),
        (b"token=x", "", 415),
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % i for i in range(40)), "application/x-www-form-urlencoded", 400),
        (b"token=x&token=y", "application/x-www-form-urlencoded", 400),
        (b"email=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"email=\xff", "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
async def test_a_form_that_is_none_is_refused(
    visitor: Visitor, body: bytes, content_type: str, status: int
) -> None:
    answer = await visitor.send("POST", "/setup", body, {"content-type": content_type})
    assert answer.status == status


async def test_a_failure_of_ours_is_a_page_without_details(visitor: Visitor, owner: Owner) -> None:
    owner.broken = True
    with pytest.raises(RuntimeError):  # for the server's log, after the answer
        await submit(visitor)
    assert visitor.last is not None
    assert visitor.last.status == 500
    assert "secret-detail" not in visitor.last.text
    assert visitor.last.headers["x-content-type-options"] == "nosniff"


async def test_the_front_page_shows_how_to_call(owner: Owner) -> None:
    app = build_app(
        is_setup_open=owner.is_open,
        set_owner=owner.set_owner,
        public_url="https://ai.example.com/",
        docs_url="https://docs.example.com",
    )
    page = await Visitor(app).get("/")
    assert "curl https://ai.example.com/v1/chat/completions" in page.text
    assert 'href="https://docs.example.com"' in page.text


async def test_without_a_public_url_the_front_page_takes_the_requests_address(
    visitor: Visitor,
) -> None:
    assert "curl http://nexhina.test/v1/chat/completions" in (await visitor.get("/")).text


async def test_a_hostile_host_header_is_text(owner: Owner) -> None:
    app = build_app(is_setup_open=owner.is_open, set_owner=owner.set_owner)
    page = await Visitor(app, host="x<script>alert(1)</script>").get("/")
    assert "<script" not in page.text


async def test_the_style_sheet_is_kept_for_ever_under_a_name_with_its_hash(
    visitor: Visitor,
) -> None:
    page = await visitor.get("/")
    found = re.search(r'href="(/static/page\.[0-9a-f]{16}\.css)"', page.text)
    assert found
    sheet = await visitor.get(found[1])
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in sheet.headers["cache-control"]
    for other in ("/static/page.css", "/static/page.0000000000000000.css", "/static/..%2fpage.py"):
        assert (await visitor.get(other)).status == 404


async def test_errors_are_pages_for_browsers_and_json_for_others(visitor: Visitor) -> None:
    page = await visitor.get("/nothing<b>")
    assert (page.status, "<b>" in page.text) == (404, False)
    data = await visitor.get("/nothing", accept="*/*")
    assert data.headers["content-type"] == "application/json"
    assert '"code":"not_found"' in data.text


async def test_a_wrong_method_is_told_the_right_ones(visitor: Visitor) -> None:
    answer = await visitor.send("DELETE", "/", b"", {})
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


async def test_head_is_answered_like_get(visitor: Visitor) -> None:
    assert (await visitor.send("HEAD", "/", b"", {})).status == 200
