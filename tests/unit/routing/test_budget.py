"""How many retries to failing channels are let through."""

from nexhina.routing.budget import FLOOR, WINDOW, RetryBudget


def spend(budget: RetryBudget, now: float) -> int:
    spent = 0
    while budget.take(now):
        spent += 1
    return spent


def test_an_idle_process_has_the_floor():
    assert spend(RetryBudget(), 0.0) == FLOOR


def test_a_busy_one_has_a_fifth_of_its_requests_beside():
    budget = RetryBudget()
    budget.requests = 1000
    assert spend(budget, 0.0) == FLOOR + 200


def test_the_next_window_begins_anew_with_the_mean_of_the_last():
    budget = RetryBudget()
    spend(budget, 0.0)
    budget.requests = 100
    assert spend(budget, WINDOW - 1) == 20
    assert spend(budget, 2 * WINDOW) == FLOOR + 10
