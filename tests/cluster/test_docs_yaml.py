"""Every YAML of the docs is taken by the API server, or by Helm where it is a file of values."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tools.testkit.install import helm
from tools.testkit.kubectl import kubectl
from tools.testkit.page_blocks import ROOT, Block, blocks

# Argo CD's own part of an Application is set by tests/gitops
YAML = [block for block in blocks() if block.language == "yaml" and "kind: Application" not in block.text]


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_taken(block: Block, operator: object) -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(block.text))
    if all("kind" in document for document in documents):
        kubectl("create", "--dry-run=server", "-n", "default", "-f", "-", stdin=block.text)
    else:
        values = ("-f", str(ROOT / "tests/chart/images.yaml"), "-f", "-")
        rendered = helm("template", "model-bundles", str(ROOT), "-n", "default", *values, stdin=block.text)
        for document in yaml.safe_load_all(rendered):
            if document and document["kind"] == "ModelBundle":
                kubectl("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(document))
