"""The official OpenAI SDK for Node.js runs every operation against the started product."""

import subprocess

import pytest

from support.node import TESTS, install_sdk, node_environment
from support.place import Place

pytestmark = pytest.mark.node


def test_the_node_sdk_runs_every_operation(place: Place) -> None:
    node, folder = install_sdk()
    models = {
        "CHAT": place.chat,
        "EMBEDDING": place.embedding,
        "IMAGE": place.image,
        "MODERATION": place.moderation,
        "SPEECH": place.speech,
        "HEARING": place.hearing,
        "VIDEO": place.video,
        "PLACE": place.name,
    }
    address = {"NEXHINA_BASE_URL": place.base_url, "NEXHINA_KEY": place.key}
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *TESTS],
        cwd=folder,
        env=node_environment(node, {**models, **address}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    assert "# pass 40" in done.stdout, done.stdout
