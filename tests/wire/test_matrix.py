"""Each vendor's cases against its declaration: for every operation and format plain, stream where there
is one, refusal, 429, usage, and something hostile; and where these facts come from (`sources.toml`).
"""

import re
import tomllib
from typing import Any

import pytest

from nexhina.contract.operation import Operation
from nexhina.dialects.registry import BRIDGES, DIALECTS
from nexhina.providers.registry import PROVIDERS
from nexhina.providers.spec import ErrorMap, Provider
from support.wire_case import OPERATIONS, ROOT, list_shown

SHOWN_BY = {"openai_compatible": "openai", "openai_responses": "openai"}
"""Vendors that have nothing of their own: no quirks, no error codes, formats of the other's only."""

ELSEWHERE = {
    Operation.MODELS: "a list, read for the operator: tests/contract/test_services_channel.py"
}
ON_THE_WIRE = "http"
"""The scheme of these vendors; the sandbox answers inside the process (tests/unit/sandbox)."""

NOT_COUNTED = {
    "moderations": "nobody reports a usage; judgements are not charged",
    "translations": "OpenAI tells seconds in verbose_json only; else the sound's length counts",
    "zhipu/speech": "the answer is the sound; the characters asked for count",
    "zhipu/transcriptions": "the answer says nothing; the sound's length counts",
    "zhipu/video": "the task says nothing; the length asked for counts",
    "google/video": "the operation says nothing; the length asked for counts",
}
"""Operations, or those of one vendor, whose answers hold no usage: what is charged in its place."""

NO_PIECES = {"zhipu/images": "no unfinished pictures; asked for, the model's facts refuse them"}
"""Operations of vendors whose format could bring pieces, and does not."""

GRADES = {"page", "sdk", "excerpt", "third-party"}
"""The vendor's page opened whole; its own SDK; an excerpt of its page; what others wrote of it."""

VENDORS = [each for each in PROVIDERS.values() if each.scheme == ON_THE_WIRE]
SHOWN = list_shown()


def list_formats(vendor: Provider) -> set[tuple[Operation, str]]:
    """The operations of the declaration with the formats in which the vendor takes them."""
    spoken = {(operation, name) for operation, name in vendor.speaks.items()}
    spoken |= {(each.operation, each.dialect) for each in vendor.services}
    return {each for each in spoken if each[0] not in ELSEWHERE}


def streams(operation: Operation, dialect: str) -> bool:
    """Whether the vendor's format brings something in pieces."""
    callers = [name for name, known in OPERATIONS.items() if known == operation.value]
    sides = [BRIDGES[pair] for pair in [(name, dialect) for name in callers] if pair in BRIDGES]
    if dialect in DIALECTS:
        sides = [DIALECTS[dialect]]
    return any(each.streams for each in sides)


def list_wanted(operation: Operation, dialect: str, vendor: str) -> set[str]:
    """What has to be shown of one format."""
    wanted = {"plain", "error", "busy", "hostile"}
    if operation is Operation.VIDEO:
        wanted |= {"taken", "failed"}
    elif streams(operation, dialect) and f"{vendor}/{operation.value}" not in NO_PIECES:
        wanted |= {"stream"}
    if operation is Operation.SPEECH:  # always brought in pieces
        wanted -= {"plain"}
    if operation.value not in NOT_COUNTED and f"{vendor}/{operation.value}" not in NOT_COUNTED:
        wanted |= {"usage"}
    return wanted


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_every_operation_of_every_vendor_is_shown(vendor: Provider) -> None:
    missing: dict[str, list[str]] = {}
    by = SHOWN_BY.get(vendor.name, vendor.name)
    for operation, dialect in list_formats(vendor):
        shown = {
            each.kind
            for each in SHOWN
            if each.vendor in {by, vendor.name}
            and (each.operation, each.dialect) == (operation.value, dialect)
        }
        if by != vendor.name and not shown and operation.value == "rerank":
            continue
        lacks = list_wanted(operation, dialect, by) - shown
        if lacks:
            missing[f"{operation.value} in {dialect}"] = sorted(lacks)
    assert missing == {}


@pytest.mark.parametrize("name", SHOWN_BY)
def test_a_vendor_that_another_stands_for_has_nothing_of_its_own(name: str) -> None:
    vendor, other = PROVIDERS[name], PROVIDERS[SHOWN_BY[name]]
    assert (vendor.quirks, vendor.errors, vendor.services) == ((), ErrorMap(), ())
    assert {each for each in list_formats(vendor) if each[0] is not Operation.RERANK} <= (
        list_formats(other)
    )


def test_what_answers_are_said_not_to_count_they_do_not() -> None:
    counted = {(each.vendor, each.operation) for each in SHOWN if each.kind == "usage"}
    for place in NOT_COUNTED:
        vendor, mark, operation = place.partition("/")
        assert not any(
            one == (operation if mark else vendor) and (not mark or name == vendor)
            for name, one in counted
        ), place


def test_no_case_is_of_a_format_that_its_vendor_does_not_speak() -> None:
    for each in SHOWN:
        spoken = {dialect for _, dialect in list_formats(PROVIDERS[each.vendor])}
        assert each.dialect in spoken, each


def list_sourced() -> list[str]:
    return [each.name for each in VENDORS if each.name not in SHOWN_BY]


@pytest.mark.parametrize("name", list_sourced())
def test_every_operations_facts_have_a_source_and_a_grade(name: str) -> None:
    sources: dict[str, Any] = tomllib.loads((ROOT / name / "sources.toml").read_text("utf-8"))
    operations = {operation.value for operation, _ in list_formats(PROVIDERS[name])}
    assert sources.keys() == operations | {"errors"}
    for operation, facts in sources.items():
        assert facts.keys() <= {"source", "grade", "seen", "doubt"}, operation
        assert facts["grade"] in GRADES, operation
        assert re.fullmatch(r"20\d\d-\d\d", facts["seen"]), operation
        assert facts["source"], operation
        assert facts["grade"] in {"page", "sdk"} or facts.get("doubt"), operation
