"""Whatever happens to a channel: one probe at a time, never open below the minimum, little memory."""

from hypothesis import given
from hypothesis import strategies as st

from nexhina.routing.breaker import MINIMUM, Breaker

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "succeed", "fail", "late", "leave", "refuse"]),
        st.floats(0, 40),
        st.integers(0, 5),
    ),
    max_size=200,
)


@given(STEPS, st.floats(0, 0.999))
def test_never_two_probes_and_never_open_below_the_minimum(steps, chance):
    breaker, now, failures = Breaker(), 0.0, 0
    running: list[bool] = []
    refused = False
    for step, passed, which in steps:
        now += passed
        if step == "begin":
            if breaker.wait(now) == 0:
                running.append(breaker.begin(now))
        elif running:
            probe = running.pop(which % len(running))
            if step == "succeed":
                breaker.succeed(now, probe=probe)
            elif step == "refuse":
                refused = True
                breaker.refuse(now, probe=probe, spare=which > 0)
            elif step in {"fail", "late"}:
                failures += 1
                breaker.fail(now, lambda: chance, probe=probe, late=step == "late")
            else:
                breaker.leave(probe=probe)
        assert sum(running) <= 1
        if breaker.until is None:
            assert not any(running)
        if failures * 2 < MINIMUM and not refused:
            assert breaker.until is None
        assert len(breaker._slots) <= 10
