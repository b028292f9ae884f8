"""Pictures and sounds in a message: what the sandbox says of them, and what it refuses."""

import struct
import sys
import zlib
from base64 import b64encode, encodebytes, urlsafe_b64encode
from io import BytesIO
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageDraw

from nexhina.sandbox.child import Child
from nexhina.sandbox.drawing.viewer import look
from nexhina.sandbox.hearing import read_seconds
from nexhina.sandbox.studio import Studio
from support.attachment import make_mp3, make_picture, make_wav, play, say, show
from support.sandbox import CHAT, ask_error, ask_json, join_choices, open_vendor, read_events
from support.sandbox import ask as ask_raw

SIZE = {"type": "object", "properties": {"size": {"type": "string"}}, "required": ["size"]}


def make_call(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": list(parts)}]
    return {"model": "sandbox-chat", "messages": messages, **more}


async def text_of(*parts: dict[str, Any], **more: Any) -> str:
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_call(*parts, **more))
    return answer["choices"][0]["message"]["content"]


async def refuse(*parts: dict[str, Any], **more: Any) -> Any:
    async with open_vendor(**more) as vendor:
        status, error = await ask_error(vendor, CHAT, make_call(*parts))
    return status, error["code"], error["param"], error["message"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize(("colour", "name"), [("#d81e1e", "red"), ("#2244cc", "blue")])
async def test_size_format_and_colour_of_a_picture_are_told(form: str, colour: str, name: str):
    text = await text_of(say("What is this?"), show(make_picture((120, 90), colour, form)))
    assert text.startswith(f"The picture is a {form} of 120 × 90 pixels, mostly {name} (#")
    assert "\n\n" in text  # and the answer to the question comes behind it


async def test_every_picture_of_a_message_is_told_in_its_order():
    text = await text_of(
        show(make_picture((10, 20), "white")), show(make_picture((30, 40), "black"))
    )
    assert "Picture 1 is a PNG of 10 × 20 pixels, mostly white" in text
    assert "Picture 2 is a PNG of 30 × 40 pixels, mostly black" in text


async def test_a_chinese_question_is_answered_in_chinese():
    text = await text_of(say("这张图片是什么？"), show(make_picture((64, 64), "#228833")))
    assert text.startswith("这张图片是 PNG，64 × 64 像素，主要颜色是绿色")


def encode(image: Image.Image, form: str, **more: Any) -> bytes:
    file = BytesIO()
    image.save(file, form, **more)
    return file.getvalue()


RED = Image.new("RGB", (120, 90), (215, 30, 30))
GREY = Image.new("I;16", (120, 90), 128 * 257)
TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (encode(RED.quantize(4), "PNG"), "red"),
        (encode(RED.convert("RGBA"), "PNG"), "red"),
        (encode(RED.convert("CMYK"), "JPEG"), "red"),
        (encode(RED, "JPEG", progressive=True), "red"),
        (encode(RED, "WEBP", lossless=True), "red"),
        (encode(RED, "WEBP", quality=50), "red"),
        (encode(RED, "JPEG", exif=TURNED), "red"),
        (encode(RED, "GIF", save_all=True, append_images=[Image.new("RGB", (120, 90))]), "red"),
        (encode(RED.convert("L"), "JPEG"), "grey"),
        (encode(RED.convert("LA"), "PNG"), "grey"),
        (encode(GREY, "PNG"), "grey"),
        (encode(RED.convert("1", dither=Image.Dither.NONE), "PNG"), "black"),
    ],
)
def test_a_picture_of_every_mode_is_seen(data: bytes, colour: str):
    seen = look(data)
    assert (seen.width, seen.height, seen.colour) == (120, 90, colour)
    assert seen.is_turned is (b"Exif" in data)


@pytest.mark.parametrize(
    ("name", "colours"),
    [
        ("red", "red crimson tomato firebrick"),
        ("orange", "orange darkorange orangered coral"),
        ("yellow", "yellow gold khaki"),
        ("green", "green lime darkgreen palegreen seagreen springgreen yellowgreen"),
        ("cyan", "cyan teal turquoise darkcyan"),
        ("blue", "blue navy royalblue dodgerblue steelblue midnightblue cornflowerblue"),
        ("purple", "purple indigo rebeccapurple blueviolet"),
        ("pink", "pink hotpink deeppink lightpink"),
        ("brown", "brown saddlebrown sienna tan"),
        ("grey", "grey silver dimgrey lightgrey #555555 #a0a0a0"),
        ("white", "white whitesmoke ivory snow"),
        ("black", "black #0a0a14 #1c1c1c"),
    ],
)
def test_colours_are_called_what_people_call_them(name: str, colours: str):
    for colour in colours.split():
        seen = look(encode(Image.new("RGB", (8, 8), colour), "PNG"))
        assert seen.colour == name, colour


def test_the_colour_that_most_of_a_picture_has_is_told():
    stripes = Image.new("RGB", (96, 96), "white")
    drawing = ImageDraw.Draw(stripes)
    for x in range(0, 96, 4):
        drawing.rectangle((x, 0, x + 2, 96), fill="green")
    assert look(encode(stripes, "PNG")).colour == "green"
    clear = Image.new("RGBA", (100, 100))
    ImageDraw.Draw(clear).rectangle((0, 0, 100, 20), fill="red")
    assert look(encode(clear, "PNG")).colour == "transparent"
    sky = Image.linear_gradient("L").convert("RGB").point([grey // 3 for grey in range(256)] * 3)
    sky.paste((30, 60, 220), (0, 0, 256, 160))
    assert look(encode(sky, "PNG")).colour == "blue"


async def test_a_picture_turned_by_its_camera_is_told_so():
    url = "data:image/jpeg;base64," + b64encode(encode(RED, "JPEG", exif=TURNED)).decode()
    assert "120 × 90 pixels, shown as 90 × 120, mostly red" in await text_of(show(url))
    assert "120 × 90 像素，显示为 90 × 120，" in await text_of(say("这是什么？"), show(url))


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64," + encodebytes(encode(RED, "PNG")).decode(),
        "data:image/png;base64," + urlsafe_b64encode(encode(RED, "PNG")).decode().rstrip("="),
        "data:image/png;name=a.png;charset=utf-8;base64," + b64encode(encode(RED, "PNG")).decode(),
        "DATA:IMAGE/JPG;BASE64," + b64encode(encode(RED, "PNG")).decode(),
    ],
    ids=["line breaks", "alphabet of addresses", "parameters", "capitals"],
)
async def test_base64_is_read_as_encoders_write_it(url: str):
    assert "a PNG of 120 × 90 pixels, mostly red" in await text_of(show(url))


async def test_a_transparent_picture_has_no_colour():
    assert "mostly transparent." in await text_of(show(make_picture((9, 9), "#00000000")))


async def test_what_is_seen_is_streamed_too_and_costs_tokens():
    call = make_call(say("Look"), show(make_picture()), stream=True)
    async with open_vendor() as vendor:
        whole = await ask_json(vendor, CHAT, {**call, "stream": False})
        _, raw = await ask_raw(vendor, CHAT, call)
        without = await ask_json(vendor, CHAT, make_call(say("Look")))
    assert join_choices(read_events(raw))[0] == whole["choices"][0]["message"]["content"]
    assert whole["usage"]["prompt_tokens"] == without["usage"]["prompt_tokens"] + 85


async def test_pictures_of_earlier_turns_are_not_looked_at():
    call = make_call(show("data:image/png;base64,AAAA"))
    call["messages"] += [
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "Thanks"},
    ]
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, call)
        assert vendor.studio.drawing.pid is None
    assert "picture is" not in answer["choices"][0]["message"]["content"]


async def test_tools_and_schemas_work_beside_a_picture():
    tool = {"type": "function", "function": {"name": "save_size", "parameters": SIZE}}
    form = {"type": "json_schema", "json_schema": {"name": "size", "schema": SIZE}}
    call = make_call(say("Save its size"), show(make_picture()))
    async with open_vendor() as vendor:
        called = await ask_json(vendor, CHAT, {**call, "tools": [tool]})
        formed = await ask_json(vendor, CHAT, {**call, "response_format": form})
    assert called["choices"][0]["finish_reason"] == "tool_calls"
    value = msgspec.json.decode(formed["choices"][0]["message"]["content"])
    assert "64 × 48" in value["size"]


async def test_an_address_is_refused_with_what_to_do_instead():
    status, code, param, message = await refuse(show("https://example.com/cat.png"))
    assert (status, code, param) == (400, "invalid_image_url", "messages[0].content[0].image_url")
    assert "data URL" in message


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,AAAA",
        "data:image/png;base64,!!!",
        "data:image/png;base64,",
        "data:text/html;base64,AAAA",
        "data:image/svg+xml;base64,AAAA",
        "ftp://example.com/x.png",
        "",
        make_picture()[:-40],
    ],
)
async def test_a_broken_picture_is_refused_by_its_place(url: str):
    status, code, param, _ = await refuse(say("hi"), show(make_picture()), show(url))
    assert (status, code, param) == (400, "invalid_image", "messages[0].content[2].image_url")


async def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", 9000, 9000, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    url = "data:image/png;base64," + b64encode(bomb).decode()
    status, code, _, message = await refuse(show(url))
    assert (status, code) == (400, "invalid_image")
    assert "9000 × 9000" in message
    assert Image.MAX_IMAGE_PIXELS is not None


async def test_too_many_files_are_refused():
    status, _, param, message = await refuse(*[show(make_picture((1, 1)))] * 33)
    assert (status, param) == (400, "messages[0].content")
    assert "32" in message


@pytest.mark.parametrize(("part", "status"), [(show(make_picture()), 501), (play(make_wav()), 200)])
async def test_without_pillow_pictures_are_refused_with_the_install_line_and_sounds_are_not(
    part: dict[str, Any], status: int
):
    script = (
        "import sys; sys.modules['PIL'] = None\n"
        "from nexhina.sandbox.worker import serve\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer)"
    )
    async with open_vendor(studio=Studio(drawing=Child((sys.executable, "-c", script)))) as vendor:
        reply, raw = await ask_raw(vendor, CHAT, make_call(part))
    assert reply.status == status
    assert (b"pip install 'nexhina[sandbox]'" in raw) is (status == 501)


@pytest.mark.parametrize(
    ("data", "form", "seconds"),
    [
        (make_wav(1.5), "wav", "1.50"),
        (make_wav(0.25), "wav", "0.25"),
        (make_mp3(100), "mp3", "2.61"),
    ],
)
async def test_the_length_of_a_sound_is_told(data: bytes, form: str, seconds: str):
    assert f"The sound is {seconds} seconds long." in await text_of(play(data, form))
    assert f"这段音频长 {seconds} 秒。" in await text_of(say("听一下这个"), play(data, form))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"", "wav"),
        (b"RIFF....WAVE", "wav"),
        (make_mp3(), "wav"),
        (make_wav(), "mp3"),
        (make_wav()[:20], "wav"),
        (b"\xff\xfb\x90\x00" * 50, "mp3"),
        (bytes(200_000), "mp3"),
    ],
)
async def test_a_broken_sound_is_refused_by_its_place(data: bytes, form: str):
    status, code, param, _ = await refuse(play(data, form))
    assert (status, code, param) == (400, "invalid_audio", "messages[0].content[0].input_audio")


@pytest.mark.parametrize("sound", [None, {}, {"data": "AAAA"}, {"data": "AAAA", "format": "ogg"}])
async def test_a_sound_without_data_or_of_another_format_is_refused(sound: Any):
    status, _, param, _ = await refuse({"type": "input_audio", "input_audio": sound})
    assert status == 400
    assert param.startswith("messages[0].content[0].input_audio")


def test_a_recorder_that_does_not_know_its_size_is_measured_by_what_came():
    data = bytearray(make_wav(2.0))
    struct.pack_into("<I", data, 40, 0xFFFFFFFF)
    assert read_seconds("wav", bytes(data)) == 2.0
