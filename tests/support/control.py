"""Asks a running server through its control socket, as the command line does, without a process."""

import socket
from typing import Any

import msgspec

from support.product import Product
from support.scripted_upstream import ScriptedUpstream, json_answer

VENDOR_KEY = "sk-vendor-must-not-be-seen"
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
PRICE = "1/2"  # USD per million tokens
CHARGE = 20_000  # nano-USD of USAGE at PRICE


def ask(product: Product, call: str, **arguments: Any) -> Any:
    """The result of a service call; AssertionError when it is refused."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(20)
        sock.connect(str(product.data / "control.sock"))
        sock.sendall(msgspec.json.encode({"call": call, "arguments": arguments}) + b"\n")
        with sock.makefile("rb") as lines:
            response = msgspec.json.decode(lines.readline())
    assert not response.get("error"), response["error"]
    return response["result"]


def add_vendor(
    product: Product,
    vendor: ScriptedUpstream,
    name: str = "vendor",
    models: str = "m=scripted",
    **more: Any,
) -> Any:
    """Adds a channel to the scripted vendor, priced so that USAGE costs CHARGE."""
    fields = {"base_url": vendor.base_url, "key": VENDOR_KEY, "price": PRICE} | more
    return ask(
        product,
        "channels.add",
        provider="openai_compatible",
        name=name,
        models=models,
        **fields,
    )


def chat_answer(text: str = "Hello there.", *, usage: object = USAGE) -> bytes:
    """A whole chat completion, as a vendor sends it."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    return json_answer(
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [choice],
            "usage": usage,
        }
    )
