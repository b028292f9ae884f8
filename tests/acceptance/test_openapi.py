"""The OpenAPI document from the running product."""

from pathlib import Path

import msgspec

from nexhina import __version__
from nexhina.contract.openapi import build_document
from support.installation import Installation
from support.served import serve_installation


def test_the_document_is_served_without_a_key_and_lists_routes_that_answer(
    installation: Installation, tmp_path: Path
) -> None:
    with serve_installation(installation, tmp_path) as product:
        answer = product.call("GET", "/openapi.json", headers={"authorization": ""})
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        document = answer.json()
        assert document == msgspec.json.decode(msgspec.json.encode(build_document(__version__)))
        listed = {
            f"{method.upper()} {path}"
            for path, item in document["paths"].items()
            for method in item
        }
        index = product.call("GET", "/v1").json()["routes"]
        assert listed == {
            f"{method} {each['path']}" for each in index for method in each["methods"]
        }
        for name in listed:
            method, _, path = name.partition(" ")
            refused = product.call(method, path, headers={"authorization": "Bearer sk-wrong"})
            assert refused.status == 401, name
        assert product.call("POST", "/openapi.json").status == 405
