"""The offline vendor inside the process, for first steps and for testing applications."""

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks
from nexhina.providers.spec import OPENAI_DIALECTS, OPENAI_PATHS, ErrorMap, Provider

SANDBOX = Provider(
    name="sandbox",
    title="Sandbox",
    base_url=None,
    scheme="sandbox",
    auth=None,
    key_required=False,
    speaks={each: name for each, name in OPENAI_DIALECTS.items() if each is not Operation.MODELS},
    paths=OPENAI_PATHS,
    forward=(b"x-sandbox",),
    model_suffix=";",
    errors=ErrorMap(caller=frozenset({400, 413, 422, 501})),  # 501: drawing is not installed
    quirks=(
        # Its recogniser does not tell speakers apart, and always cuts at the pauses.
        Quirks(
            operations=("transcriptions",),
            drop=frozenset(
                {
                    "known_speaker_names",
                    "known_speaker_names[]",
                    "known_speaker_references",
                    "known_speaker_references[]",
                    "chunking_strategy",
                }
            ),
            since="2026-11",
            source="https://platform.openai.com/docs/api-reference/audio/createTranscription",
        ),
    ),
)
