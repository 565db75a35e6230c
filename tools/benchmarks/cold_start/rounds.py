"""One round: each shape started, measured and removed, in an order that another round changes."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tools.benchmarks.cold_start.shapes import bare_pod, bundle, by_hand, clone, sources
from tools.benchmarks.cold_start.start import gone, until_answered, until_second
from tools.testkit.install import runtime_image
from tools.testkit.store import Store

BARE, BY_HAND = "bare pod", "KServe's shape, by hand"
BUNDLE, REPLICA, CLONE = "bundle", "its second replica", "its first clone"
BUNDLE_OF_GPU, REPLICA_OF_GPU, CLONE_OF_GPU = "bundle with a GPU", "a second replica of it", "a clone of it"
ROWS = (BARE, BY_HAND, BUNDLE, REPLICA, CLONE, BUNDLE_OF_GPU, REPLICA_OF_GPU, CLONE_OF_GPU)

Run = dict[str, Any]


@dataclass(frozen=True)
class Requirements:
    """A list, and what the function imports of it."""

    name: str
    lines: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


LISTS = (
    Requirements("no requirements"),
    Requirements("scikit-learn", ("scikit-learn==1.5.2",), ("sklearn.linear_model",)),
)


@dataclass(frozen=True)
class Site:
    """Where it all runs."""

    store: Store
    namespace: str
    index: str

    def artifact(self, wanted: Requirements) -> tuple[str, str]:
        """Key and sha256 of an artifact that nothing has seen before."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for module, text in sources(wanted.imports).items():
                archive.writestr(f"{module}.py", text)
        key = f"bench/{uuid.uuid4().hex[:12]}.zip"
        return key, self.store.put(key, buffer.getvalue())


def one_round(site: Site, number: int) -> Iterator[Run]:
    """A row for each start, as it comes."""
    for wanted in LISTS:
        shapes: list[Callable[[], Iterator[Run]]] = [
            partial(_by_hand, site, wanted),
            partial(_bundle, site, wanted),
            partial(_bundle_with_gpu, site, wanted),
        ]
        if not wanted.lines:  # with a list its image would have to have them
            shapes.append(partial(_bare, site, wanted))
        for shape in _turned(shapes, number):
            for run in shape():
                yield {"round": number, "requirements": wanted.name, **run}


def _turned(shapes: Sequence[Callable[[], Iterator[Run]]], number: int) -> list[Callable[[], Iterator[Run]]]:
    """Begun at another one in each round, so that none always comes after the same."""
    by = number % len(shapes)
    return [*shapes[by:], *shapes[:by]]


def _bare(site: Site, wanted: Requirements) -> Iterator[Run]:
    name = _name("bare")
    yield {"row": BARE, **until_answered(bare_pod(name, wanted.imports), site.namespace, f"app={name}")}
    gone(site.namespace, f"deployment/{name}", f"service/{name}", f"configmap/{name}")


def _by_hand(site: Site, wanted: Requirements) -> Iterator[Run]:
    name = _name("hand")
    key, _ = site.artifact(wanted)
    manifests = by_hand(name, wanted.imports, wanted.lines, site.store.bucket, key, site.index, runtime_image())
    yield {"row": BY_HAND, **until_answered(manifests, site.namespace, f"app={name}")}
    gone(site.namespace, f"deployment/{name}", f"service/{name}", f"configmap/{name}")


def _bundle(site: Site, wanted: Requirements) -> Iterator[Run]:
    name = _name("cpu")
    key, sha256 = site.artifact(wanted)
    made = bundle(name, site.store.uri(key), sha256, wanted.lines, gpus=0)
    yield {"row": BUNDLE, **until_answered([made], site.namespace, _of(name))}
    yield {"row": REPLICA, **until_second(name, site.namespace, _of(name))}
    derived = _name("clone")
    yield {"row": CLONE, **until_answered([clone(derived, name, gpus=0)], site.namespace, _of(derived))}
    gone(site.namespace, f"modelbundle/{name}", f"modelbundle/{derived}")


def _bundle_with_gpu(site: Site, wanted: Requirements) -> Iterator[Run]:
    name = _name("gpu")
    key, sha256 = site.artifact(wanted)
    made = bundle(name, site.store.uri(key), sha256, wanted.lines, gpus=1)
    yield {"row": BUNDLE_OF_GPU, **until_answered([made], site.namespace, _of(name))}
    yield {"row": REPLICA_OF_GPU, **until_second(name, site.namespace, _of(name))}
    derived = _name("clone")
    yield {"row": CLONE_OF_GPU, **until_answered([clone(derived, name, gpus=1)], site.namespace, _of(derived))}
    gone(site.namespace, f"modelbundle/{name}", f"modelbundle/{derived}")


def _name(shape: str) -> str:
    return f"{shape}-{uuid.uuid4().hex[:8]}"


def _of(bundle: str) -> str:
    return f"modelbundle.dev/bundle={bundle}"
