"""espeak-ng through its C library: text in, 16-bit mono samples out. One per process.

The library's noise and the tremble of its voices go on from one utterance to the next, and nothing
sets them back. A `Synthesizer` therefore never speaks itself: a fork of it does, in its first state.
"""

import ctypes
import re
from collections.abc import Generator, Sequence
from typing import NamedTuple

import espeakng_loader  # pyright: ignore[reportMissingTypeStubs]

from nexhina.sandbox.sound.apart import run_apart

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback
_UTF8, _PHONEMES = (
    1,
    0x100,
)  # espeakCHARS_UTF8; sounds between [[ and ]]. No SSML: it is only spoken
_RATE, _PITCH = 1, 3  # parameters
SLOWEST, FASTEST = 80, 380  # words a minute that the library speaks well

_SAID = {"hello": "hEl'oU"}
"""English words whose first vowel the library swallows: they are taken for others, by people as well."""

_WORDS = re.compile(rf"\b(?:{'|'.join(_SAID)})\b", re.IGNORECASE)

_OPENED = re.compile(r"\[(?=\[)")

_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Phrase(NamedTuple):
    """What is spoken in one breath."""

    text: str
    voice: str
    pitch: int  # 0 to 99
    pace: int  # words a minute


class Synthesizer:
    """Speaks phrases; `rate` is the samples a second."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = espeakng_loader.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 200, folder, 0)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng finds no voices")
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # it took the time of day
        self._samples = bytearray()
        self._callback = _CALLBACK(self._take)  # the library keeps the address
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: object) -> int:  # pyright: ignore[reportPrivateUsage]  (ctypes names its pointers so)
        del events
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, count * 2)
        return 0

    def speak(self, phrases: Sequence[Phrase]) -> Generator[bytes]:
        """The samples of each phrase, the same for the same phrases each time.

        Raises RuntimeError for a voice that is not there.
        """
        return run_apart(map(self._speak, phrases))

    def _speak(self, phrase: Phrase) -> bytes:
        library = self._library
        if library.espeak_SetVoiceByName(phrase.voice.encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {phrase.voice!r}")
        library.espeak_SetParameter(_RATE, max(SLOWEST, min(FASTEST, phrase.pace)), 0)
        library.espeak_SetParameter(_PITCH, phrase.pitch, 0)
        self._samples.clear()
        raw = write_text(phrase).encode() + b"\0"
        library.espeak_Synth(raw, len(raw), 0, 1, 0, _UTF8 | _PHONEMES, None, None)
        return bytes(self._samples)


def write_text(phrase: Phrase) -> str:
    """The text as the library reads it: nothing of the caller's names sounds, some of ours do."""
    text = _OPENED.sub("[ ", phrase.text.replace("\0", " "))
    if not phrase.voice.startswith("en"):
        return text
    return _WORDS.sub(lambda found: f"[[{_SAID[found.group().lower()]}]]", text)
