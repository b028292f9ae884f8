"""What stands beside a text in a chat answer, in Responses' forms: log probabilities and citations."""

from typing import Any, cast

from nexhina.dialects.responses_item import Item


def read_logprobs(found: Any) -> list[Item]:
    """Chat's log probabilities of text: entries of the same form, without what a vendor added."""
    if not isinstance(found, dict):
        return []
    entries = cast("Item", found).get("content")
    tokens = cast("list[Any]", entries) if isinstance(entries, list) else []
    written: list[Item] = []
    for each in tokens:
        if isinstance(each, dict):
            token = cast("Item", each)
            top = token.get("top_logprobs")
            alternatives = cast("list[Any]", top) if isinstance(top, list) else []
            written.append(
                {
                    **_read_token(token),
                    "top_logprobs": [
                        _read_token(cast("Item", other))
                        for other in alternatives
                        if isinstance(other, dict)
                    ],
                }
            )
    return written


def _read_token(token: Item) -> Item:
    text = str(token.get("token", ""))
    return {
        "token": text,
        "logprob": token.get("logprob", 0.0),
        "bytes": token.get("bytes") or list(text.encode(errors="surrogatepass")),
    }


def read_citations(found: Any) -> list[Item]:
    """Chat's annotations that are links to what was found, in Responses' form; no others have one."""
    notes = cast("list[Any]", found) if isinstance(found, list) else []
    written: list[Item] = []
    for note in notes:
        cited: Any = cast("Item", note).get("url_citation") if isinstance(note, dict) else None
        if not isinstance(cited, dict):
            continue
        about = cast("Item", cited)
        if isinstance(about.get("url"), str):
            written.append(
                {
                    "type": "url_citation",
                    "start_index": _read_place(about.get("start_index")),
                    "end_index": _read_place(about.get("end_index")),
                    "title": about["title"] if isinstance(about.get("title"), str) else "",
                    "url": about["url"],
                }
            )
    return written


def _read_place(found: Any) -> int:
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
