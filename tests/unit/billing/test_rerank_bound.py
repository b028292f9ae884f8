"""Search units: what a rerank call can use at most, and what its units cost."""

from nexhina.billing.bound import bound_rerank
from nexhina.billing.tariff import Tariff
from nexhina.domain.model import Price
from nexhina.domain.usage import Usage


def test_long_documents_count_once_for_each_piece() -> None:
    assert bound_rerank(100, 100) == Usage(input=100, request=1, estimated=True)
    assert bound_rerank(100, 101).request == 2
    assert bound_rerank(50_000, 1).request == 2


def test_a_price_per_request_is_charged_for_each_unit_and_once_without_any() -> None:
    price = Price(
        id=1,
        model="r",
        channel_id=None,
        kind="request",
        nano=2_000_000,
        per=1,
        since=0.0,
        source="s",
    )
    tariff = Tariff((price,))
    for units, cost in ((0, 2_000_000), (1, 2_000_000), (3, 6_000_000)):
        usage = Usage(request=units)
        assert tariff.charge(usage).nano == tariff.cost(usage) == cost
        assert tariff.charge(usage).lines[0].quantity == max(units, 1)
