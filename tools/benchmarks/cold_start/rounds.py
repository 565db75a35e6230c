"""One round of a content: each shape started, measured and removed, in an order that another round changes."""

from __future__ import annotations

import io
import random
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tools.benchmarks.cold_start.contents import Content
from tools.benchmarks.cold_start.pods import Watch
from tools.benchmarks.cold_start.shapes import WEIGHTS, bare_pod, bundle, by_hand, clone, sources
from tools.benchmarks.cold_start.start import NotStarted, gone, until_answered, until_second
from tools.testkit.install import runtime_image
from tools.testkit.kubectl import KubectlError
from tools.testkit.store import Store

BARE, BY_HAND = "bare pod", "KServe's shape, by hand"
OF_BUNDLE = "bundle", "its second replica", "its first clone"
OF_GPU = "bundle with a GPU", "a second replica of it", "a clone of it"
OF_BEFORE = "the commit before: bundle with a GPU", "the same: a second replica of it", "the same: a clone of it"
ROWS = (BARE, BY_HAND, *OF_BUNDLE, *OF_GPU, *OF_BEFORE)
PREFIX = "bench"  # of the artifacts, and of the layers beside them

Run = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """Where it all runs. `before` is a namespace that the operator of another checkout serves; '' where there is none.
    `weights` is the key and the sha256 of an artifact with weights, by their MiB."""

    store: Store
    namespace: str
    index: str
    watch: Watch
    weights: dict[int, tuple[str, str]]
    before: str = ""

    def artifact(self, content: Content) -> tuple[str, str]:
        """Key and sha256 of one that nothing has seen before; of a large one, that no bundle has which is there."""
        if content.weights_mib:
            return self.weights[content.weights_mib]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            _write_sources(archive, content)
        key = f"{PREFIX}/{uuid.uuid4().hex[:12]}.zip"
        return key, self.store.put(key, buffer.getvalue())


def put_weights(store: Store, content: Content, scratch: Path) -> tuple[str, str]:
    """Key and sha256 of its artifact. Weights are as they come in a zip: not compressed, as nothing would be saved."""
    file, source = scratch / "weights.zip", random.Random(0)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _write_sources(archive, content)
        with archive.open(WEIGHTS, "w", force_zip64=True) as weights:
            for _ in range(content.weights_mib):
                weights.write(source.randbytes(1 << 20))
    key = f"{PREFIX}/weights-{uuid.uuid4().hex[:12]}.zip"
    try:
        return key, store.put_file(key, file)
    finally:
        file.unlink()


def _write_sources(archive: zipfile.ZipFile, content: Content) -> None:
    for module, text in sources(content.imports, bool(content.weights_mib)).items():
        archive.writestr(f"{module}.py", text)


def one_round(site: Site, content: Content, number: int) -> Iterator[Run]:
    """A row for each start, as it comes; a start that fails is a row with an `error`, and the rest of its shape is left
    out."""
    shapes: list[Callable[[], Iterator[Run]]] = [
        partial(_by_hand, site, content),
        partial(_bundle, site, content, OF_BUNDLE, site.namespace, 0),
        partial(_bundle, site, content, OF_GPU, site.namespace, 1),
    ]
    if site.before:
        shapes.append(partial(_bundle, site, content, OF_BEFORE, site.before, 1))
    if content.section == "nothing":  # else its image would have to have what the others fetch
        shapes.append(partial(_bare, site, content))
    for shape in turned(shapes, number):
        for run in _until_it_fails(shape):
            yield {"round": number, "section": content.section, **run}
        for namespace in filter(None, (site.namespace, site.before)):
            gone(namespace)
        site.store.delete_below(f"{PREFIX}/layers/")


def _until_it_fails(shape: Callable[[], Iterator[Run]]) -> Iterator[Run]:
    try:
        yield from shape()
    except (NotStarted, KubectlError, LookupError, StopIteration, RuntimeError) as error:
        yield {"row": "", "error": f"{type(error).__name__}: {error}"[:500]}


def turned(shapes: Sequence[Callable[[], Iterator[Run]]], number: int) -> list[Callable[[], Iterator[Run]]]:
    """Begun at another one in each round, so that none always comes after the same."""
    by = number % len(shapes)
    return [*shapes[by:], *shapes[:by]]


def _bare(site: Site, content: Content) -> Iterator[Run]:
    name = _name("bare")
    made = bare_pod(name, content.imports)
    yield {"row": BARE, **until_answered(made, site.namespace, f"app={name}", site.watch)}


def _by_hand(site: Site, content: Content) -> Iterator[Run]:
    name = _name("hand")
    key, _ = site.artifact(content)
    made = by_hand(name, content.lines, site.store.bucket, key, site.index, runtime_image())
    yield {"row": BY_HAND, **until_answered(made, site.namespace, f"app={name}", site.watch)}


def _bundle(site: Site, content: Content, rows: tuple[str, str, str], namespace: str, gpus: int) -> Iterator[Run]:
    """The bundle, a replica more of it, and a clone of it."""
    first, second, derived = rows
    name = _name("gpu" if gpus else "cpu")
    key, sha256 = site.artifact(content)
    made = bundle(name, site.store.uri(key), sha256, content.lines, gpus)
    yield {"row": first, **until_answered([made], namespace, _of(name), site.watch)}
    yield {"row": second, **until_second(name, namespace, _of(name), site.watch)}
    other = _name("clone")
    yield {"row": derived, **until_answered([clone(other, name, gpus)], namespace, _of(other), site.watch)}


def _name(shape: str) -> str:
    return f"{shape}-{uuid.uuid4().hex[:8]}"


def _of(bundle: str) -> str:
    return f"modelbundle.dev/bundle={bundle}"
