"""From what the user wrote to what is to run: the bundle document and its digest."""

from dataclasses import dataclass
from typing import Any

from .api import ModelBundle


@dataclass(frozen=True)
class Resolution:
    """What is to run. `canonical` is bundle.json, `digest` its sha256; `uri` is where the artifact lies."""

    document: dict[str, Any]
    canonical: str
    digest: str
    uri: str


def resolve(bundle: ModelBundle) -> Resolution:
    """The bundle's document; Terminal says where the bundle is wrong and what to do."""
    raise NotImplementedError
