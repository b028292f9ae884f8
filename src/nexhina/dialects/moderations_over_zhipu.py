"""OpenAI's moderations for Zhipu, which judges one text by a level and names kinds of risk.

`result_list[]` holds `risk_level` (PASS, REVIEW or REJECT) and `risk_type`, words of the vendor's own.
A level becomes a score, a kind the category of OpenAI's that it is about; kinds that OpenAI has no
category for are kept as `risk_type` beside the categories. Source: the vendor's page 内容安全 and its
example (seen 2026-11); the words of `risk_type` are not listed there, so unknown ones only flag.
"""

import msgspec
from msgspec import Struct

from nexhina.dialects.dashscope import list_given
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_moderations import OpenAIModerations
from nexhina.dialects.quirk import Quirks
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
_LEVELS = {"PASS": 0.01, "REVIEW": 0.6, "REJECT": 0.95}
_KINDS = (
    (("porn", "sex", "vulgar", "涉黄", "色情"), "sexual"),
    (("terror", "violen", "blood", "gore", "暴"), "violence"),
    (("abuse", "insult", "辱骂"), "harassment"),
    (("hate", "discriminat", "歧视"), "hate"),
    (("contraband", "illegal", "drug", "gambl", "违禁", "违法"), "illicit"),
    (("suicid", "self", "自残", "自杀"), "self-harm"),
)


class _Judgement(Struct):
    risk_level: str
    risk_type: list[str] = msgspec.field(default_factory=list[str])


class _Judged(Struct):
    result_list: list[_Judgement]
    id: str = ""


_judged = msgspec.json.Decoder(_Judged)


class ModerationsOverZhipu(OpenAIModerations):
    """A `Dialect`: OpenAI's moderations towards the caller, Zhipu's towards the vendor."""

    name = "zhipu_moderations"

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (its members are in the envelope)
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request; raises InvalidRequestError for more than one input, which is judged as one."""
        if peek.inputs != 1:
            raise InvalidRequestError(
                f"'input' holds {peek.inputs} texts; the provider of {peek.model} judges one in a request.",
                param="input",
            )
        members = peek.envelope.members
        found: object = msgspec.json.decode(members["input"])
        if isinstance(found, list) and len(found) == 1 and isinstance(found[0], str):  # pyright: ignore[reportUnknownArgumentType]  (JSON)
            found = found[0]
        told = msgspec.json.encode({"model": upstream_model, "input": found})
        lost = list_given(members, members.keys() - {"model", "input"})
        return Outgoing("translate", told, tuple(lost))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:  # noqa: ARG002
        """What a 200 says; None unless it judges, in words that are known."""
        found = read_json_answer(headers, body, _judged)
        if found is None or not found.result_list:
            return None
        if any(each.risk_level not in _LEVELS for each in found.result_list):
            return None
        return Answer(usage=None, text_bytes=0, model=None)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """OpenAI's judgement made of an answer that `read_answer` took: the strictest of its levels."""
        found = _judged.decode(body)
        worst = max(_LEVELS[each.risk_level] for each in found.result_list)
        kinds = sorted({kind for each in found.result_list for kind in each.risk_type})
        named = {_name_category(kind) for kind in kinds} - {None}
        scores = {each: worst if each in named else _LEVELS["PASS"] for each in CATEGORIES}
        result: dict[str, object] = {
            "flagged": worst > _LEVELS["PASS"],
            "categories": {each: scores[each] > 0.5 for each in CATEGORIES},
            "category_scores": scores,
            "category_applied_input_types": {each: ["text"] for each in CATEGORIES},
        }
        if kinds:
            result["risk_type"] = kinds
        return msgspec.json.encode({"id": found.id, "model": public, "results": [result]})


def _name_category(kind: str) -> str | None:
    """The category of OpenAI's that a kind of risk is about."""
    lower = kind.lower()
    return next((name for words, name in _KINDS if any(word in lower for word in words)), None)
