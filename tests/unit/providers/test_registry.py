import pytest

from nexhina.dialects.registry import BRIDGES, DIALECTS, VIDEO_VENDORS
from nexhina.providers.registry import PROVIDERS, require_provider
from nexhina.providers.spec import Provider


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
def test_every_declaration_is_complete(provider: Provider) -> None:
    assert provider.title
    assert provider.speaks.keys() <= provider.paths.keys()
    spoken = {vendor for _, vendor in BRIDGES}
    for dialect in [*provider.speaks.values(), *(each.dialect for each in provider.services)]:
        assert (
            dialect in DIALECTS
            or dialect in spoken
            or dialect in VIDEO_VENDORS
            or dialect == "openai_models"
        )
    for path in [*provider.paths.values(), *(each.path for each in provider.services)]:
        assert path.startswith("~/" if provider.root and path[0] == "~" else "/")
        assert not path.endswith("/")
    for service in provider.services:
        assert service.models
        assert service.polling is None or "{id}" in service.polling.path
    for quirks in provider.quirks:
        assert quirks.source.startswith("https://")
        assert len(quirks.since) == 7
        assert not quirks.rename.keys() & (quirks.drop | quirks.ours | quirks.refuse)
    assert all(name == name.lower() for name in provider.forward)


def test_a_provider_is_found_by_its_name_or_refused_with_the_nearest() -> None:
    assert require_provider("openai").title == "OpenAI"
    with pytest.raises(ValueError, match="did you mean 'openai'"):
        require_provider("openia")
    with pytest.raises(
        ValueError, match="known are openai_compatible, openai_responses, openai, dashscope"
    ):
        require_provider("zzz")
