"""Google's Veo over the Gemini API: films.

Grade of these facts: the vendor's Python SDK 1.75.0 for paths, parameters and shapes; the key in this
header is the vendor's page "Generate videos with Veo", what a 400 by the key or the account says its
page "Troubleshooting" (https://ai.google.dev/gemini-api/docs/troubleshooting; both seen 2026-11). Gemini's chat after OpenAI's
pattern is a channel of `openai_compatible` with https://generativelanguage.googleapis.com/v1beta/openai.
"""

from nexhina.contract.operation import Operation
from nexhina.providers.spec import ErrorMap, HeaderAuth, Provider

GOOGLE = Provider(
    name="google",
    title="Google",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    auth=HeaderAuth(name="x-goog-api-key", prefix=""),
    speaks={Operation.VIDEO: "google_videos"},
    paths={Operation.VIDEO: "/models"},
    errors=ErrorMap(
        account_codes=frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "FAILED_PRECONDITION"})
    ),
)
