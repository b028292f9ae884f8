"""Writes what was heard as text, SRT, WebVTT or OpenAI's JSON. Pure."""

import math

from nexhina.sandbox.order import Segment


def join_text(segments: list[Segment]) -> str:
    """All that was understood."""
    return " ".join(segment.text for segment in segments)


def write_srt(segments: list[Segment]) -> str:
    """SubRip."""
    return "".join(
        f"{number}\n{_clock(each.start, ',')} --> {_clock(each.end, ',')}\n{each.text}\n\n"
        for number, each in enumerate(segments, 1)
    )


def write_vtt(segments: list[Segment]) -> str:
    """WebVTT."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(each.start, '.')} --> {_clock(each.end, '.')}\n{_escape(each.text)}\n\n"
        for each in segments
    )


def list_words(segments: list[Segment]) -> list[dict[str, object]]:
    """Each word, without marks, with its likely time in seconds."""
    return [
        {
            "word": word.text.strip('.,;:!?"'),
            "start": round(word.start, 3),
            "end": round(word.end, 3),
        }
        for segment in segments
        for word in segment.words
    ]


def list_segments(segments: list[Segment], temperature: float) -> list[dict[str, object]]:
    """The segments as verbose JSON has them. `avg_logprob` is the logarithm of the confidence."""
    return [
        {
            "id": number,
            "seek": int(each.start * 100),
            "start": round(each.start, 3),
            "end": round(each.end, 3),
            "text": each.text,
            "tokens": [],
            "temperature": temperature,
            "avg_logprob": _log(each.confidence),
            "compression_ratio": 1.0,
            "no_speech_prob": round(1 - each.confidence, 4),
        }
        for number, each in enumerate(segments)
    ]


def list_logprobs(segments: list[Segment], *, first: bool = True) -> list[dict[str, object]]:
    """Each word as a token with the logarithm of its segment's confidence; joined they are the text.

    `first`: it begins the text, without a space.
    """
    found: list[dict[str, object]] = []
    for segment in segments:
        likely = _log(segment.confidence)
        for word in segment.text.split():
            token = f" {word}" if found or not first else word
            found.append({"token": token, "logprob": likely, "bytes": list(token.encode())})
    return found


def _log(confidence: float) -> float:
    return round(math.log(max(confidence, 1e-6)), 4)


def _clock(seconds: float, mark: str) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
