"""OpenAI's transcriptions for DashScope, whose Qwen models hear a recording in a message.

The recording goes as a data URL in `input.messages[].content[].audio`, the prompt as a system message,
the language in `parameters.asr_options`; the answer is `output.choices[0].message`, with the language in
`annotations[]` and the length in `usage.seconds`. Sources: the vendor's pages "Audio file recognition
(Qwen-ASR) API reference" and "Qwen-ASR, DashScope" (seen 2026-11: the example of an answer, 10 MB in
base64), its Python SDK 2.0.2 for path and shape.
"""

from base64 import b64encode

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Outgoing, Peek
from nexhina.dialects.openai_transcriptions import require_sound
from nexhina.dialects.plain_transcript import PlainTranscriptions, Transcript, require_plain
from nexhina.dialects.quirk import Quirks
from nexhina.domain.sound import TYPES
from nexhina.errors import InvalidRequestError

LARGEST_FILE = 7_500_000
"""Bytes of a recording, which are 10 MB in base64."""

_CARRIED = frozenset({"model", "file", "file[]", "prompt", "language", "response_format", "stream"})


class _Text(Struct):
    text: str | None = None


class _Note(Struct):
    language: str | None = None


class _Message(Struct):
    content: list[_Text] | str
    annotations: list[_Note] = msgspec.field(default_factory=list[_Note])


class _Choice(Struct):
    message: _Message


class _Output(Struct):
    choices: list[_Choice]


class _Count(Struct):
    seconds: float | None = None


class _Heard(Struct):
    output: _Output
    usage: _Count | None = None


_heard = msgspec.json.Decoder(_Heard)


class TranscriptionsOverDashScope(PlainTranscriptions):
    """A `Dialect`: OpenAI's transcriptions towards the caller, DashScope's towards the vendor."""

    name = "dashscope_recognition"

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (its parts are in the form)
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request in the vendor's format; raises InvalidRequestError for times and long recordings."""
        require_plain(peek)
        form = peek.form
        assert form is not None
        part, sound = require_sound(form)
        if part.length > LARGEST_FILE:
            raise InvalidRequestError(
                f"'file' has {part.length} bytes, but {peek.model} hears at most {LARGEST_FILE}; "
                "send a shorter or a compressed recording.",
                param="file",
            )
        messages: list[dict[str, object]] = []
        if prompt := form.text("prompt"):
            messages.append({"role": "system", "content": [{"text": prompt}]})
        url = f"data:{TYPES[sound.kind]};base64,{b64encode(form.read(part)).decode()}"
        messages.append({"role": "user", "content": [{"audio": url}]})
        language = form.text("language")
        told = {
            "model": upstream_model,
            "input": {"messages": messages},
            "parameters": {"asr_options": {"language": language}} if language else {},
        }
        lost = sorted({each.name for each in form.parts} - _CARRIED)
        return Outgoing("translate", msgspec.json.encode(told), tuple(lost))

    def read_transcript(self, body: bytes) -> Transcript | None:
        """What a vendor's answer says; None when it is none."""
        try:
            found = _heard.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if not found.output.choices:
            return None
        message = found.output.choices[0].message
        content = message.content
        if isinstance(content, list):
            content = "".join(each.text or "" for each in content)
        language = next((note.language for note in message.annotations if note.language), None)
        seconds = found.usage.seconds if found.usage is not None else None
        return Transcript(text=content, language=language, seconds=seconds)
