"""What stands between `modelbundle serve f.py` and its first answer: nothing is imported that serving does not need."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.launch.cli.conftest import environment

TYPED = "def predict(x: int, y: str = 'a') -> int:\n    return x * 2 + len(y)\n"
NEVER = {
    "asyncio",
    "boto3",
    "botocore",
    "kubernetes",
    "opentelemetry",
    "prometheus_client",
    "pydantic",
    "tqdm",
    "uvloop",
}
WHILE_THEY_START = {"http.client", "ssl", "urllib.request"}  # beside the server's own start, which takes longer


def test_nothing_is_imported_that_serving_does_not_need(tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_text(TYPED)
    command = [sys.executable, "-X", "importtime", "-m", "launch.cli", "serve", str(file), "--port", "0"]
    lines: list[str] = []
    with subprocess.Popen(
        command, env=environment(TMPDIR=str(tmp_path)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if line.startswith("try: "):
                break
        process.send_signal(signal.SIGINT)
        lines += process.stderr
    found = [(number, found[1]) for number, line in enumerate(lines) if (found := re.search(r"\| +([\w.]+)$", line))]
    imported = {name for _, name in found}
    assert {"launch.cli.versions", "cloudpickle", "yaml"} <= imported
    assert imported & NEVER == set()
    fetched = next(number for number, line in enumerate(lines) if "sha256 verified" in line)
    assert {name for number, name in found if number < fetched} & WHILE_THEY_START == set()
