import pytest

from nexhina.contract.route import ROUTES
from nexhina.dialects.registry import DIALECTS, require_dialect


def test_every_route_that_takes_a_body_has_its_dialect() -> None:
    wanted = {route.dialect for route in ROUTES if "POST" in route.methods}
    assert wanted <= DIALECTS.keys()
    assert all(require_dialect(name).name == name for name in DIALECTS)


def test_an_unknown_dialect_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'openai_chat'"):
        require_dialect("openai_chatt")
    with pytest.raises(ValueError, match="no dialect 'zzz'"):
        require_dialect("zzz")
