"""The list of models as the Codex command line reads it: what can hold a conversation, with the
settings its agent takes from the server.

Codex refuses the whole list when one field is missing or one value is unknown to it, so each entry
names every field that a version of it has asked for, and only values that all versions know. Where
the catalog has no fact (reasoning levels, verbosity, free-form tools) the entry promises nothing.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from nexhina.dialects.openai_models import ModelEntry

_TALKS = {"chat", "responses"}
_MODALITIES = ("text", "image")  # others make it refuse the list
_TOOL_OUTPUT_BYTES = 10_000
# Codex takes its agent's system prompt from here and has no other for a listed model.
_INSTRUCTIONS = """\
You are a coding agent that works in the user's project through the tools you are given.

- Look before you change: read the files that matter and follow the project's own conventions and \
its AGENTS.md files.
- Do the task to its end. Make the smallest change that solves it; leave unrelated code alone.
- Use the shell tool to read, search, edit and run. Check your work: run the tests or the program \
where that is possible.
- Never undo changes that you did not make, and run nothing destructive that was not asked for.
- If a tool fails, read its message and try another way; say so when you can't go on.
- At the end tell briefly what you did, where, and what is left to do.
"""


def write_codex_models(entries: Sequence[ModelEntry]) -> bytes:
    """The body of GET /v1/models?client_version=…: the models that chat, in the list's order."""
    talking = [entry for entry in entries if not _TALKS.isdisjoint(entry.operations)]
    models = [_write_entry(entry, place) for place, entry in enumerate(talking, 1)]
    return msgspec.json.encode({"models": models})


def _write_entry(entry: ModelEntry, place: int) -> dict[str, Any]:
    model = entry.model
    return {
        "slug": model.name,
        "display_name": model.title or model.name,
        "description": None,
        "default_reasoning_level": None,
        "supported_reasoning_levels": [],
        "shell_type": "shell_command",
        "visibility": "list",
        "supported_in_api": True,
        "priority": place,
        "availability_nux": None,
        "upgrade": None,
        "base_instructions": _INSTRUCTIONS,
        "model_messages": {"instructions_template": _INSTRUCTIONS, "instructions_variables": None},
        "supports_reasoning_summaries": False,
        "supports_reasoning_summary_parameter": False,  # its name since 0.145
        "support_verbosity": False,
        "default_verbosity": None,
        "apply_patch_tool_type": None,
        "truncation_policy": {"mode": "bytes", "limit": _TOOL_OUTPUT_BYTES},
        "supports_parallel_tool_calls": False,
        "supports_image_detail_original": False,
        "context_window": model.context,
        "max_context_window": model.context,
        "effective_context_window_percent": 95,
        "experimental_supported_tools": [],
        "input_modalities": [each for each in _MODALITIES if each in model.inputs],
        "supports_search_tool": False,
        "use_responses_lite": False,
        "tool_mode": "direct",
    }
