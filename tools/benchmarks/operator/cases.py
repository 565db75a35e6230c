"""What is measured: so many bundles of one kind, created at once or at a pace. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.testkit.rest import GROUP

Body = dict[str, Any]

NAMESPACES = 10
MIXED = 6  # bundles of a mixed case of which one serves


@dataclass(frozen=True)
class Case:
    """`kind`: stored (replicas 0), serving (replicas 1), family (a base and its clones, stored), mixed (five stored for
    each that serves)."""

    kind: str
    size: int
    per_second: float | None = None

    @property
    def name(self) -> str:
        pace = f" at {self.per_second:g}/s" if self.per_second else ""
        return f"{self.kind} {self.size:,}{pace}"

    @property
    def namespaces(self) -> list[str]:
        """A family lives in one."""
        return [f"bench-{number}" for number in range(1 if self.kind == "family" else NAMESPACES)]

    def bundles(self) -> Iterator[Body]:
        """In the order in which they are created; each has a content of its own."""
        spaces = self.namespaces
        for number in range(self.size):
            serves = self.kind == "serving" or (self.kind == "mixed" and number % MIXED == 0)
            yield _bundle(f"b-{number:05d}", spaces[number % len(spaces)], self._fields(number), serves)

    def _fields(self, number: int) -> Body:
        if self.kind == "family" and number:
            return {"cloneFrom": {"name": f"b-{0:05d}"}, "appConfig": {"number": number}}
        return {
            "artifact": {"uri": "s3://models/llama/bundle.zip", "sha256": "0123456789abcdef" * 4, "packaging": "zip"},
            "envParams": {
                "frameworkType": "custom_base_image",
                "customBaseImage": {"repository": "docker.io/stand-in/python", "tag": "3.12"},
            },
            "loadPredictFn": "predict.load",
            "loadModelFn": "model.load",
            "requirements": ["numpy==2.2.0", "scikit-learn>=1.5"],
            "appConfig": {"number": number},
            "env": [{"name": "MODE", "value": "fast"}],
            "requestSchema": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]},
            "responseSchema": {"type": "number"},
        }


def _bundle(name: str, namespace: str, fields: Body, serves: bool) -> Body:
    serving = {"replicas": int(serves), "gpu": {"count": 0}, "resources": {"cpu": "10m", "memory": "64Mi"}}
    return {
        "apiVersion": GROUP,
        "kind": "ModelBundle",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"bundle": fields, "serving": serving},
    }
