"""The images that the cluster gets: the product's own, and stand-ins for the users' bases.

Each is in the cache under a name made of everything that went into it: it is built once for the same content.
"""

import os
import shutil
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.local_cluster import bases, builder, golang, interpreters, layouts, store, versions, wheelhouse
from tools.local_cluster.configs import PAUSE_IMAGE
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import Place
from tools.local_cluster.progress import say, step

_CHECKOUT = Path(__file__).resolve().parent.parent.parent
_DOCKERFILES = _CHECKOUT / "deploy" / "images"
_PRODUCT_PACKAGES = ("operator", "bundle_spec", "bundle_runtime", "launch", "oip_conformance")
_PRODUCT_SOURCES = ("pyproject.toml", "README.md", "LICENSE", *_PRODUCT_PACKAGES)
_KEPT = 4  # of one image: a few copies of the project, each with its own source


@dataclass(frozen=True)
class Image:
    slug: str
    name: str
    base: str | None
    series: str = ""  # CPython of a stand-in

    @property
    def shown(self) -> str:
        return f"{self.name} (a STAND-IN: bare CPython {self.series} and NumPy)" if self.series else self.name

    @property
    def dockerfile(self) -> Path:
        return _DOCKERFILES / ("stand-in" if self.series else self.slug) / "Dockerfile"


def names() -> dict[str, str]:
    """What `env` calls each image -> its name in the cluster."""
    keys = {"stand-in-pytorch": "STAND_IN_PYTORCH", "stand-in-python": "STAND_IN_PYTHON"}
    return {keys.get(i.slug, i.slug.upper()): i.name for i in (*_product(), *_stand_ins())}


def all_images() -> list[Image]:
    return [_pause(), *_stand_ins(), *_product()]


def build_pause() -> dict[Image, Path]:
    """The one image that is made of a program, so that the others need not wait for it."""
    return {_pause(): layout(_pause())}


def build_others() -> tuple[dict[Image, Path], list[str]]:
    """Build what is not in the cache: where each is, and what failed. That the product's own images cannot be built,
    as its source is broken, is no reason to have no cluster."""
    built = {image: layout(image) for image in _stand_ins()}
    problems = []
    for image in _product():
        try:
            built[image] = layout(image)
        except ClusterError as error:
            problems.append(f"{image.name} could not be built: {error}")
    return built, problems


def layout(image: Image) -> Path:
    """The image in the cache, built when it is not there."""
    path = _path(image)
    if path.exists():
        os.utime(path)
        return path
    with store.locked(builder.lock(), "it builds images"):
        store.sweep(path.parent)
        if not path.exists():
            with store.making(path) as scratch, step(f"building {image.shown}", "15 s; 60 s the first time"):
                _build(image, _local(path), scratch)
                layouts.seed(scratch / "new", path.parent.glob("*-*/"))
                builder.save(_local(path), f"oci:{scratch / 'new'}:{path.name}")
                layouts.trim(scratch / "new")
            _drop_old(image)
            builder.clear()
    return path


def load_all(place: Place, built: dict[Image, Path]) -> None:
    """Load into the cluster what is not there yet."""
    for image, path in built.items():
        marker = place.state / "loaded" / image.slug
        if not (marker.exists() and marker.read_text() == path.name):
            began = time.monotonic()
            layouts.load(place, path, image.name)
            marker.parent.mkdir(exist_ok=True)
            marker.write_text(path.name)
            say(f"loaded {image.shown} in {time.monotonic() - began:.1f} s")


def load(place: Place, wanted: str) -> None:
    """Load an archive, or an image that buildah knows by this name."""
    if Path(wanted).is_file():
        layouts.load_archive(place, Path(wanted))
        return
    storage = builder.storage_of(wanted)
    if storage is None:
        raise ClusterError(
            f"{wanted} is neither a file nor an image that buildah has",
            "give an archive (`docker save`, `buildah push IMAGE docker-archive:FILE:NAME`) or an image's name",
        )
    target = store.root() / "loading" / f"{os.getpid()}.tar"
    with store.making(target) as scratch:
        builder.save(wanted, f"docker-archive:{scratch / 'new'}:{wanted}", storage)
    try:
        layouts.load_archive(place, target)
    finally:
        target.unlink()


def _pause() -> Image:
    return Image("pause", PAUSE_IMAGE, None)


def _stand_ins() -> list[Image]:
    return [
        Image("stand-in-pytorch", "docker.io/pytorch/pytorch:1.7.1-cuda11.0-cudnn8-runtime", "debian", "3.8"),
        Image("stand-in-python", "docker.io/stand-in/python:3.12", "debian", "3.12"),
    ]


def _product() -> list[Image]:
    version = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    return [
        Image(slug, f"docker.io/model-bundles/{slug}:{version}", "debian-python") for slug in ("runtime", "operator")
    ]


def _path(image: Image) -> Path:
    parts: list[str | bytes] = [image.name, image.dockerfile.read_bytes()]
    if image.base is None:
        parts.append(golang.bin_directory().name)
    elif image.series:
        parts += [bases.image(image.base), versions.NUMPY[image.series], interpreters.find(image.series).name]
    else:
        sources = [name for name in _PRODUCT_SOURCES if (_CHECKOUT / name).exists()]
        parts += [
            bases.image(image.base),
            *((_DOCKERFILES / f"{name}.lock").read_bytes() for name in (image.slug, "build")),
        ]
        parts += store.tree_parts(_CHECKOUT, sources)
    return store.root() / "images" / f"{image.slug}-{store.fingerprint(parts)}"


def _build(image: Image, local: str, scratch: Path) -> None:
    context = _stand_in_context(image, scratch) if image.series else _plain_context(image, scratch)
    arguments: dict[str, str] = {}
    if image.base is not None:
        arguments["BASE_IMAGE" if image.series else "PYTHON_IMAGE"] = bases.build(image.base)
    if image.series:
        arguments["PYTHON"] = image.series
    builder.build(image.dockerfile, context, local, arguments)


def _plain_context(image: Image, scratch: Path) -> Path:
    if image.base is not None:
        return _CHECKOUT
    context = scratch / "context"
    context.mkdir()
    (context / "pause").write_bytes((golang.bin_directory() / "pause").read_bytes())
    (context / "pause").chmod(0o755)
    return context


def _stand_in_context(image: Image, scratch: Path) -> Path:
    """The interpreter and NumPy, put in place outside: the Dockerfile only copies them."""
    context = scratch / "context"
    interpreters.copy(interpreters.find(image.series), image.series, context / "python")
    packages = context / "python" / "lib" / f"python{image.series}" / "site-packages"
    wheelhouse.install(f"numpy=={versions.NUMPY[image.series]}", image.series, packages)
    return context


def _local(path: Path) -> str:
    """What buildah calls the image of a layout."""
    return f"localhost/model-bundles/{path.name}:built"


def _drop_old(image: Image) -> None:
    siblings = [p for p in _path(image).parent.glob(f"{image.slug}-*") if len(p.name) == len(_path(image).name)]
    for path in sorted(siblings, key=lambda p: p.stat().st_mtime)[:-_KEPT]:
        builder.remove(_local(path))
        shutil.rmtree(path)
    builder.prune()
