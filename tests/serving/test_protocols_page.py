"""Every command of docs/reference/protocols.md gives what stands below it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.serving.conftest import Served
from tests.serving.open_inference import SEED, SEED_DOCUMENT

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/protocols.md"


def test_the_commands_of_the_page(served: Served) -> None:
    pair = served(SEED, SEED_DOCUMENT, name="sentiment")
    blocks = re.findall(r"^```console\n\$ (.*)\n(.*)\n```$", PAGE.read_text(), re.MULTILINE)
    assert len(blocks) == PAGE.read_text().count("```console")
    for command, shown in blocks:
        local = command.replace("localhost:8080", f"127.0.0.1:{pair.port}")
        done = subprocess.run(local, shell=True, capture_output=True, text=True, check=True)
        assert re.sub(r"sha256:[0-9a-f]{64}", "sha256:...", done.stdout) == shown, command
