"""Links of others: one meaning or none."""

import pytest

from nexhina.errors import FetchError
from nexhina.upstream.link import LONGEST, Link, follow_link, read_link


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("http://a.test", Link("http", "a.test", 80, "/")),
        ("HTTPS://A.Test:8443/x?y=1#frag", Link("https", "a.test", 8443, "/x?y=1")),
        ("https://a.test/\u56fe.png", Link("https", "a.test", 443, "/%E5%9B%BE.png")),
        ("https://a.test/%20?sig=a%2Bb", Link("https", "a.test", 443, "/%20?sig=a%2Bb")),
        ("http://[2606:4700::1111]/", Link("http", "2606:4700::1111", 80, "/")),
        ("http://8.8.8.8:81/", Link("http", "8.8.8.8", 81, "/")),
    ],
)
def test_a_plain_link_is_taken_apart(text: str, link: Link) -> None:
    assert read_link(text) == link


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.test/x", "//a.test/x", "/x", "http:", "http://", "http:///x", "http:a.test"),
        *("file:///etc/passwd", "ftp://a.test/", "gopher://a.test/", "data:image/png;base64,AA"),
        *("javascript:alert(1)", "http://user@a.test/", "http://user:pass@a.test/"),
        *(
            "http://127.0.0.1@a.test/",
            "http://a.test\\@b.test/",
            "http://a.test/ x",
            "http://a.test/\n",
        ),
        *(
            "http://a.test\r\nHost: b/",
            "\thttp://a.test/",
            "http://a.test:0/",
            "http://a.test:99999/",
        ),
        *("http://a.test:x/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/"),
        *("http://127.1/", "http://127.0.0.1./", "http://0x7f.0.0.1/", "http://1.2.3.4.5/"),
        *("http://[::1/", "http://[::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[v1.x]/"),
        *("http://-a.test/", "http://a..test/", "http://\u2460.test/", "http://a_b\u3002test/"),
        *("http://a.test/%s" % ("x" * LONGEST), "http://%s/" % ("a." * 130), "http://a%2etest/"),
    ],
)
def test_what_could_mean_two_things_or_nothing_is_refused(text: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_link(text)
    assert caught.value.kind == "refused"


def test_a_redirection_is_read_against_the_link_it_came_from() -> None:
    link = read_link("https://a.test/x/y?z=1")
    assert follow_link(link, "../w").text == "https://a.test/w"
    assert follow_link(link, "//b.test/v").text == "https://b.test/v"
    assert follow_link(link, "https://b.test:8443/").text == "https://b.test:8443/"


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "http://a.test/",
        "https://u@a.test/",
        "https://[",
        "\n",
        "https://0x7f.1/",
    ],
)
def test_a_redirection_to_what_is_no_link_or_out_of_https_is_refused(location: str) -> None:
    with pytest.raises(FetchError) as caught:
        follow_link(read_link("https://a.test/"), location)
    assert caught.value.kind == "refused"
