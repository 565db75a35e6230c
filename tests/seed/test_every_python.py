"""The seed's blocks as they stand, under each Python that their line of installation is promised for.

`pip install 'model-bundles[client]' 'pydantic<2'`. The API server is a stand-in and the store a directory: what runs
then is the cluster's, and the same for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bundle_spec.names import BUNDLE_NAME
from tests.seed.document import Document
from tests.seed.environments import PYDANTICS, Environment
from tools.testkit.environments import interpreter, python_with_client
from tools.testkit.stand_in_api import StandIn

MADE = [
    ("test-bundle", "cloudpickle", None),
    ("test-bundle", "zip", None),
    ("test-bundle-single", "cloudpickle", {"mode": "single"}),
    ("test-bundle-batched", "cloudpickle", {"mode": "batched"}),
]


@pytest.fixture
def api() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("series", ["3.8", "3.10", "3.11", "3.13"])
def test_the_blocks_make_their_bundles(
    document: Document, site: Path, api: StandIn, tmp_path: Path, series: str
) -> None:
    interpreter(series)  # or the test is skipped
    environment = Environment(python_with_client(series, PYDANTICS["pydantic 1"]), site)
    (tmp_path / "artifacts").mkdir()
    variables = {
        "KUBECONFIG": api.write_kubeconfig(tmp_path / "kubeconfig"),
        "LAUNCH_ARTIFACT_URI": (tmp_path / "artifacts").as_uri(),
        "HOME": str(tmp_path),
    }
    for number, block in enumerate(["import pydantic; assert pydantic.VERSION[:2] == '1.'", *document.blocks]):
        script = tmp_path / f"block{number}.py"
        script.write_text(block)
        done = environment.run(script, variables=variables)
        assert done.code == 0, done.err
    bundles: list[dict[str, Any]] = [made["spec"]["bundle"] for made in api.created]
    names = [made["metadata"]["annotations"][BUNDLE_NAME] for made in api.created]
    described = [
        (name, bundle["artifact"]["packaging"], bundle.get("appConfig"))
        for name, bundle in zip(names, bundles, strict=True)
    ]
    assert described == MADE
    for bundle in bundles:
        artifact = bundle["artifact"]
        assert artifact["packaging"] == "zip" or artifact["pythonVersion"] == series
        stored = Path(urlsplit(artifact["uri"]).path).read_bytes()
        assert hashlib.sha256(stored).hexdigest() == artifact["sha256"]
