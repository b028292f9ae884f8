"""OpenAI's Codex CLI does what it was asked to: a command of the model's leaves a file on the disk.

Codex speaks only responses, sends tools of kinds that chat does not know (namespaces, hosted and
free-form ones) and wants the models in a shape of its own. The sandbox plays the model: it calls the
tool that fits the message, with the quoted text as its argument, and then says what the tool
answered.
"""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from support.client_page import fill_example, list_examples
from support.needs import refuse
from support.place import Place, sandbox_place
from support.product import Product

PROVIDER = """
model_provider = "nexhina"
{more_at_the_top}

[model_providers.nexhina]
name = "nexhina"
base_url = "{base_url}"
env_key = "NEXHINA_KEY_OF_TEST"
wire_api = "responses"
{more}
"""
BUILT_IN = 'openai_base_url = "{base_url}"\n'
CLOSED = "http://127.0.0.1:9"
COMMAND = "Run the shell command `echo hi > hello.txt`"
NO_METADATA = "Model metadata for"


class Workspace:
    """A home and a work folder for Codex, and the place it calls."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.home, self.work = folder / "home", folder / "work"
        (self.home / ".codex").mkdir(parents=True)
        self.work.mkdir()

    def configure(self, text: str, model: str, more: str = "", at_the_top: str = "") -> None:
        """Writes Codex's configuration."""
        places = {"base_url": self.place.base_url, "more": more, "more_at_the_top": at_the_top}
        (self.home / ".codex" / "config.toml").write_text(
            f'model = "{model}"\n{text.format(**places)}'
        )

    def run(self, prompt: str, *options: str, code: int = 0) -> str:
        """Everything that `codex exec` printed; its last words come first."""
        node, modules = os.environ.get("CLIENTS_NODE"), os.environ.get("CLIENTS_MODULES")
        if not (node and modules):
            refuse("Codex", "run it with `make clients`")
        done = subprocess.run(
            [
                *(node, f"{modules}/@openai/codex/bin/codex.js", "exec", *options),
                *("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt),
            ],
            cwd=self.work,
            env={
                "HOME": str(self.home),
                "PATH": os.environ["PATH"],
                "NEXHINA_KEY_OF_TEST": self.place.key,
                "OPENAI_API_KEY": self.place.key,
                "CODEX_API_KEY": self.place.key,
                "HTTP_PROXY": CLOSED,
                "HTTPS_PROXY": CLOSED,
                "NO_PROXY": "127.0.0.1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return said

    def read_file(self) -> str:
        """What the command left."""
        file = self.work / "hello.txt"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def workspace(place: Place, tmp_path: Path) -> Workspace:
    return Workspace(place, tmp_path)


def test_codex_runs_the_command_and_tells_its_result(workspace: Workspace) -> None:
    workspace.configure(PROVIDER, workspace.place.chat)
    said = workspace.run(COMMAND)
    assert workspace.read_file() == "hi\n", said
    # The second call: the model was given what the tool had printed.
    assert said.startswith("The tool says: "), said
    assert "Process exited with code 0" in said.splitlines()[0]


def test_codex_does_it_with_its_built_in_provider_too(workspace: Workspace) -> None:
    workspace.configure(BUILT_IN, workspace.place.chat)
    said = workspace.run(COMMAND)
    assert workspace.read_file() == "hi\n", said


def test_codex_falls_back_from_a_web_socket_to_plain_calls(workspace: Workspace) -> None:
    workspace.configure(PROVIDER, workspace.place.chat, more="supports_websockets = true")
    said = workspace.run(COMMAND)
    assert workspace.read_file() == "hi\n", said


def test_codex_takes_the_list_of_models_as_its_catalog(workspace: Workspace) -> None:
    place = workspace.place
    catalog = workspace.home / "models.json"
    catalog.write_bytes(place.product.call("GET", "/v1/models?client_version=1.0.0").body)
    workspace.configure(PROVIDER, place.chat)
    assert NO_METADATA in workspace.run("Say hello.")
    workspace.configure(PROVIDER, place.chat, at_the_top=f'model_catalog_json = "{catalog}"')
    said = workspace.run(COMMAND)
    assert NO_METADATA not in said
    assert workspace.read_file() == "hi\n", said


def test_codex_runs_a_script_where_it_knows_the_model_and_sends_a_free_form_tool(
    workspace: Workspace, product: Product
) -> None:
    """For a name that it knows, the tools are in the input, and the main one takes JavaScript."""
    place = workspace.place
    provider = {"native": "openai", "chained": "openai_compatible"}.get(place.name, "sandbox")
    far = ("--base-url", product.base_url, "--key", product.key) if provider != "sandbox" else ()
    place.product.run(
        *("channels", "add", "--provider", provider, "--name", "known", *far),
        *("--models", "gpt-6-sol=sandbox-chat"),
    )
    workspace.configure(PROVIDER, "gpt-6-sol")
    said = workspace.run('Run `await tools.exec_command({cmd: "echo hi > hello.txt"})`')
    assert workspace.read_file() == "hi\n", said
    assert "Script completed" in said.splitlines()[0]


def test_codex_goes_on_with_a_session(workspace: Workspace) -> None:
    workspace.configure(PROVIDER, workspace.place.chat)
    workspace.run(COMMAND)
    said = workspace.run("Now run the shell command `echo ho > hello.txt`", "resume", "--last")
    assert workspace.read_file() == "ho\n", said


def test_codex_gets_its_last_words_in_a_schema(workspace: Workspace) -> None:
    properties = {"title": {"type": "string"}, "pages": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    file = workspace.home / "schema.json"
    file.write_bytes(msgspec.json.encode(schema | {"additionalProperties": False}))
    workspace.configure(PROVIDER, workspace.place.chat)
    said = workspace.run("Invent a book.", "--output-schema", str(file))
    made = msgspec.json.decode(said.splitlines()[0])
    assert isinstance(made["pages"], int)
    assert made.keys() == properties.keys()


def test_codex_shows_why_a_model_is_not_found(workspace: Workspace) -> None:
    workspace.configure(PROVIDER, workspace.place.chat + "t")
    said = workspace.run("Say hello.", code=1)
    assert workspace.place.chat in said.replace(workspace.place.chat + "t", "")


def test_the_configuration_on_the_page_of_clients_works(product: Product, tmp_path: Path) -> None:
    workspace = Workspace(sandbox_place(product), tmp_path)
    [text] = list_examples("toml")
    (workspace.home / ".codex" / "config.toml").write_text(fill_example(text, product))
    said = workspace.run(COMMAND)
    assert workspace.read_file() == "hi\n", said
