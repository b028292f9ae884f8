"""What a question asks for, and whether a text looks like an answer of that kind, in English and Chinese.

"When" wants a date, "who" a name, "how much" a number with its unit. Only the form is looked at: what
the texts are about is `lexical`'s. The patterns are data (`answer_kinds.txt`), read on first use.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

_READ = 1500  # characters of a text that are looked at
_ASKS = r"[?？]\s*$|^(?:how|what|why|who|where|when)\b.*\?|[吗呢][？?]?$"
_TALE = (
    r"^(?:he|she|they|his|her|their|my|i|we|our new|the (?:boy|girl|man|woman|old))\b"
    r"(?! (?:can|may|should|must|will)\b)|^[他她]们?|^我(?!们)"
)
_PERSON = r"\b(?:he|she|they|his|her)\b|[他她]"


class _Kind(msgspec.Struct, frozen=True):
    """The pattern of a question, and those of its answers with how sure each makes, 0 to 1."""

    asked: str
    answers: tuple[tuple[str, float], ...]


class _Kinds(msgspec.Struct, frozen=True):
    """The kinds in the order they are tried, and the words that only make a question."""

    kinds: tuple[_Kind, ...]
    frame: str


@cache
def _load_kinds() -> _Kinds:
    names: dict[str, str] = {}
    kinds: list[tuple[str, list[tuple[str, float]]]] = []
    text = files("nexhina.sandbox").joinpath("answer_kinds.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        head, _, rest = line.partition(" ")
        if rest.startswith("= "):
            names[head] = _fill(rest[2:], names)
        elif head == "?":
            kinds.append((_fill(rest, names), []))
        else:
            kinds[-1][1].append((_fill(rest, names), float(head)))
    found = tuple(_Kind(asked, tuple(answers)) for asked, answers in kinds)
    return _Kinds(found, names["FRAME"])


def _fill(pattern: str, names: dict[str, str]) -> str:
    return re.sub(r"<([A-Z]+)>", lambda match: f"(?:{names[match[1]]})", pattern)


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: all of them at once would hold the loop up."""
    return re.compile(pattern, re.IGNORECASE)


def prepare_questions() -> Iterator[None]:
    """Loads what telling the kinds needs, in steps; without it the first query is held up by it."""
    kinds = _load_kinds()
    for pattern in (kinds.frame, *(kind.asked for kind in kinds.kinds)):
        _compile(pattern)
        yield


def read_subject(query: str) -> str:
    """What the query asks about, without the words that make a question of it."""
    head = query[:_READ]
    rest = _compile(_load_kinds().frame).sub(" ", head).strip(" \t\n?？!。.")
    return (rest or head) + query[_READ:]


class Question:
    """What a query asks for; `is_known` when that is one of the kinds known here."""

    def __init__(self, query: str) -> None:
        text = query[:_READ].strip()
        self._answers: tuple[tuple[str, float], ...] = ()
        self._is_personal = _compile(_PERSON).search(text) is not None
        self._said = frozenset(re.findall(r"[A-Za-z]+", text))
        for kind in _load_kinds().kinds:
            if _compile(kind.asked).search(text):
                self._answers = kind.answers
                break
        self.is_known = bool(self._answers)

    def fit(self, text: str) -> float:
        """How much the text looks like an answer of the kind, 0 to 1; 0 when no kind was found."""
        text = text[:_READ].strip()
        best = 0.0
        for pattern, weight in self._answers:
            found = _compile(pattern).finditer(text)
            if weight > best and any(self._is_news(match.group()) for match in found):
                best = weight
        return best

    def _is_news(self, found: str) -> bool:
        """Whether what was found is not merely the question's own words."""
        words = re.findall(r"[A-Za-z]+", found)
        return not words or not self._said.issuperset(words)

    def doubt(self, text: str) -> float:
        """How much the text looks like no answer at all, 0 to 1: a question, or a tale of somebody."""
        text = text[:_READ].strip()
        if _compile(_ASKS).search(text):
            return 1.0
        return 0.5 if _compile(_TALE).match(text) and not self._is_personal else 0.0
