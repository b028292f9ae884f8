"""The purse conserves money under any interleaving of holds, settlements and releases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexhina.pipeline.purse import Account, Purse, ShortBalanceError


class NoLedger:
    async def load_accounts(self, ids):
        raise AssertionError(ids)


def found(purse, *names):
    accounts = purse.find(names)
    assert accounts is not None
    return accounts


def purse_with(**balances):
    purse = Purse(NoLedger())
    for name, (balance, floor) in balances.items():
        purse._accounts[name] = Account(name, balance, floor)
    return purse


moves = st.lists(
    st.tuples(
        st.sampled_from(["hold", "settle", "release"]), st.integers(0, 120), st.integers(0, 9)
    ),
    max_size=60,
)


@given(moves, st.integers(0, 500))
def test_balance_is_what_was_there_less_the_charges_and_holds_never_overspend(sequence, start):
    purse = purse_with(wallet=(start, 0), budget=(start // 2, 0))
    accounts = found(purse, "wallet", "budget")
    open_, charged = [], 0
    for move, amount, index in sequence:
        if move == "hold":
            try:
                open_.append(purse.hold(accounts, amount))
            except ShortBalanceError as short:
                assert short.available < amount
        elif open_:
            hold = open_.pop(index % len(open_))
            charge = min(amount, hold.amount) if move == "settle" else 0
            purse.settle(hold, charge)
            charged += charge
        for account, balance in zip(accounts, (start, start // 2), strict=True):
            assert account.balance == balance - charged
            assert account.held == sum(hold.amount for hold in open_)
            assert account.balance - account.held >= 0
    for hold in open_:
        purse.release(hold)
    assert purse.open_holds() == 0
    assert purse.overrun == 0


def test_a_hold_is_on_all_accounts_or_on_none():
    purse = purse_with(wallet=(100, None), budget=(10, 0))
    accounts = found(purse, "wallet", "budget")
    with pytest.raises(ShortBalanceError) as caught:
        purse.hold(accounts, 11)
    assert caught.value.account.id == "budget"
    assert purse.open_holds() == 0


def test_a_hold_can_be_closed_only_once():
    purse = purse_with(wallet=(100, 0))
    hold = purse.hold(found(purse, "wallet"), 10)
    purse.settle(hold, 4)
    with pytest.raises(RuntimeError):
        purse.release(hold)
    assert found(purse, "wallet")[0].balance == 96


def test_a_charge_above_its_hold_takes_what_is_free_and_counts_the_rest_as_overrun():
    purse = purse_with(wallet=(100, 0))
    hold = purse.hold(found(purse, "wallet"), 60)
    purse.settle(hold, 130)
    assert found(purse, "wallet")[0].balance == -30
    assert purse.overrun == 30


def test_a_postpaid_account_has_no_floor():
    purse = purse_with(wallet=(0, None))
    hold = purse.hold(found(purse, "wallet"), 10**12)
    purse.settle(hold, 5)
    assert found(purse, "wallet")[0].balance == -5
    assert purse.overrun == 0
