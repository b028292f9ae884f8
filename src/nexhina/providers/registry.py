"""The vendors by name."""

from difflib import get_close_matches

from nexhina.providers.spec import Provider
from nexhina.providers.vendors.cohere import COHERE
from nexhina.providers.vendors.dashscope import DASHSCOPE
from nexhina.providers.vendors.deepseek import DEEPSEEK
from nexhina.providers.vendors.google import GOOGLE
from nexhina.providers.vendors.jina import JINA
from nexhina.providers.vendors.openai import OPENAI
from nexhina.providers.vendors.openai_compatible import OPENAI_COMPATIBLE
from nexhina.providers.vendors.openai_responses import OPENAI_RESPONSES
from nexhina.providers.vendors.sandbox import SANDBOX
from nexhina.providers.vendors.zhipu import ZHIPU

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        OPENAI_COMPATIBLE,
        OPENAI_RESPONSES,
        OPENAI,
        DASHSCOPE,
        DEEPSEEK,
        ZHIPU,
        GOOGLE,
        COHERE,
        JINA,
        SANDBOX,
    )
}


def require_provider(name: str) -> Provider:
    """The provider; raises ValueError that names the nearest, or all."""
    provider = PROVIDERS.get(name)
    if provider is None:
        near = get_close_matches(name, PROVIDERS, n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(PROVIDERS)}."
        msg = f"There is no provider {name!r}; {cure}"
        raise ValueError(msg)
    return provider
