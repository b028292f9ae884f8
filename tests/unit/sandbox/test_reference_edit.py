import base64
from typing import Any

import msgspec
import pytest

from nexhina.dialects.multipart import read_form_of
from nexhina.errors import InvalidRequestError
from nexhina.sandbox.reference_edit import write_edit_form
from support.pictures import make_png

PNG, MASK = make_png(8, 6), make_png(8, 6, alpha=True)


def url(data: bytes) -> dict[str, str]:
    return {"image_url": f"data:image/png;base64,{base64.b64encode(data).decode()}"}


def ask(**more: Any) -> bytes:
    asked = {"model": "sandbox-image", "prompt": "é", "images": [url(PNG)], **more}
    return msgspec.json.encode(asked)


def test_json_becomes_the_form_that_it_stands_for() -> None:
    body, kind = write_edit_form(
        ask(images=[url(PNG), url(MASK)], mask=url(MASK), n=2, stream=True)
    )
    form = read_form_of(body, kind)
    assert [form.read(part) for part in form.files("image")] == [PNG, MASK]
    assert form.read(form.files("mask")[0]) == MASK
    texts = {part.name: form.text(part.name) for part in form.parts if not part.is_file}
    assert texts == {"model": "sandbox-image", "prompt": "é", "n": "2", "stream": "true"}


@pytest.mark.parametrize(
    ("image", "param", "code"),
    [
        ({"file_id": "file-1"}, "images[0].file_id", "invalid_image_url"),
        ({"image_url": "https://x.example/a.png"}, "images[0].image_url", "invalid_image_url"),
        ({"image_url": "data:image/png;base64,***"}, "images[0].image_url", "invalid_image"),
    ],
)
def test_what_is_not_in_the_request_is_refused(image: Any, param: str, code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        write_edit_form(ask(images=[image]))
    assert (caught.value.param, caught.value.code) == (param, code)
