"""Any server that speaks OpenAI's API: vLLM, Ollama, llama.cpp, DeepSeek, another Nexhina."""

from nexhina.providers.spec import OPENAI_DIALECTS, OPENAI_PATHS, Provider

OPENAI_COMPATIBLE = Provider(
    name="openai_compatible",
    title="OpenAI-compatible server",
    base_url=None,
    speaks=OPENAI_DIALECTS,
    paths=OPENAI_PATHS,
    key_required=False,
)
