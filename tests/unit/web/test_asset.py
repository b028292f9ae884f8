"""Names of static files hold their hash."""

import hashlib
import re
from pathlib import Path

import pytest

import nexhina.web
from nexhina.web.asset import asset_path, load_assets

STATIC = Path(nexhina.web.__file__).parent / "static"


def test_every_file_of_the_folder_has_a_public_name_with_its_hash() -> None:
    assert len(load_assets()) == len(list(STATIC.iterdir()))
    digest = hashlib.sha256((STATIC / "page.css").read_bytes()).hexdigest()
    assert asset_path("page.css") == f"/static/page.{digest[:16]}.css"


def test_a_template_that_names_an_unknown_file_fails() -> None:
    with pytest.raises(KeyError):
        asset_path("missing.css")


def test_the_style_sheet_asks_no_other_host_for_anything() -> None:
    css = (STATIC / "page.css").read_text()
    assert not re.search(r"url\(|@import|https?:", css)
