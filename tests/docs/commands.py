"""What `tree`, `diff`, `blame` and `digest --explain` print of one family, for the pages that show it.

The family is made here and answers through the tests' API server, so the pages need no cluster and are checked always.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from click.testing import CliRunner

from launch.cli.commands import cli
from tests.launch.cli.bundle_api import BundleApi
from tests.launch.families import clone, root

COMMANDS = {
    "tree": [["tree", "sentiment-v1"]],
    "diff": [["diff", "sentiment-v1", "sentiment-v4"]],
    "blame": [["blame", "sentiment-v4", "appConfig.mode"], ["blame", "sentiment-v4", "requirements.numpy"]],
    "explain": [["digest", "sentiment-v2", "--explain"]],
}


@functools.cache
def printed() -> dict[str, str]:
    """By the name of its place in the pages."""
    v1 = root("sentiment-v1")
    v2 = clone(v1, "sentiment-v2", appConfig={"layers": [1, 2], "mode": "batched"})
    v3 = clone(v2, "sentiment-v3", requirements=["scikit-learn==1.5.2", "numpy==2.1.0"])
    v4 = clone(v3, "sentiment-v4", env=[{"name": "MODE", "value": "y"}])
    image = {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "r/python", "tag": "3.13"}}
    next_python = clone(v1, "sentiment-py313", "ImagePullFailed", envParams=image)
    next_python["status"]["conditions"][0]["status"] = "False"
    api = BundleApi(v1, v2, v4, next_python)  # v3 was deleted
    try:
        with tempfile.TemporaryDirectory() as directory:
            config = api.write_kubeconfig(Path(directory, "config"))
            return {name: "".join(_run(words, config) for words in lines) for name, lines in COMMANDS.items()}
    finally:
        api.close()


def _run(words: list[str], config: str) -> str:
    done = CliRunner().invoke(cli, words, env={"KUBECONFIG": config}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return f"$ modelbundle {' '.join(words)}\n{done.output}"
