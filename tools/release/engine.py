"""What builds and pushes images: docker where its daemon answers, else buildah, which needs no daemon but root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tools.local_cluster import bases, builder, store
from tools.local_cluster.errors import ClusterError

ROOT = Path(__file__).resolve().parent.parent.parent
DEBOOTSTRAP = "debootstrap"  # a base made of Debian packages, where no registry can be reached
SLUGS = ("operator", "runtime")
USUAL_BASE = "python:3.13-slim-bookworm"
ALLOW = "ALLOW_UNPINNED_BASE"


class EngineError(Exception):
    """An image could not be built or pushed; the text says what to do."""


class Engine(Protocol):
    """One of the two."""

    def build(self, slug: str, image: str, python_image: str) -> None:
        """Build deploy/images/SLUG/Dockerfile as `image`."""

    def push(self, image: str) -> str:
        """Push it; the digest that the registry has it under."""

    def save(self, image: str, archive: Path) -> None:
        """Write an archive that `docker load` and `ctr images import` read."""

    def output(self, image: str, argv: Sequence[str]) -> str:
        """What a command prints in the image."""

    def load(self, archive: Path, saved: str, image: str) -> None:
        """Take the image that was `saved` into the archive, and name it `image`."""


class Docker:
    def build(self, slug: str, image: str, python_image: str) -> None:
        if python_image == DEBOOTSTRAP:
            raise EngineError(f"PYTHON_IMAGE={DEBOOTSTRAP} is buildah's: stop docker's daemon, or name an image")
        given = [
            word for name, value in _arguments(python_image).items() for word in ("--build-arg", f"{name}={value}")
        ]
        _docker("build", *given, "-f", f"deploy/images/{slug}/Dockerfile", "-t", image, ".")

    def push(self, image: str) -> str:
        _docker("push", image)
        repository = image.rpartition(":")[0]
        digests = _docker("image", "inspect", "--format", '{{join .RepoDigests " "}}', image).split()
        return next(found for found in digests if found.startswith(f"{repository}@")).partition("@")[2]

    def save(self, image: str, archive: Path) -> None:
        _docker("save", "-o", str(archive), image)

    def output(self, image: str, argv: Sequence[str]) -> str:
        return _docker("run", "--rm", "--entrypoint", argv[0], image, *argv[1:])

    def load(self, archive: Path, saved: str, image: str) -> None:
        _docker("load", "-i", str(archive))
        _docker("tag", saved, image)


class Buildah:
    def build(self, slug: str, image: str, python_image: str) -> None:
        with store.locked(builder.lock(), "it builds images"):
            base = bases.build("debian-python") if python_image == DEBOOTSTRAP else python_image
            try:
                builder.build(ROOT / "deploy" / "images" / slug / "Dockerfile", ROOT, image, _arguments(base))
            except ClusterError as error:
                raise EngineError(
                    f"{error}\nCan the base image be pulled from here? PYTHON_IMAGE names another, and"
                    f" PYTHON_IMAGE={DEBOOTSTRAP} makes one out of Debian packages"
                ) from None

    def push(self, image: str) -> str:
        return builder.push(image, image, plain_http=is_local(image))

    def save(self, image: str, archive: Path) -> None:
        builder.save(image, f"docker-archive:{archive}:{image}")

    def output(self, image: str, argv: Sequence[str]) -> str:
        return builder.output(image, argv)

    def load(self, archive: Path, saved: str, image: str) -> None:
        builder.load(archive, saved, image)


def is_local(reference: str) -> bool:
    """Whether the registry is of this machine, which is asked without TLS."""
    return reference.partition("/")[0].rpartition(":")[0] in ("localhost", "127.0.0.1")


def find_engine() -> Engine:
    """The one that works on this machine."""
    if shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0:
        return Docker()
    if not shutil.which("buildah"):
        raise EngineError("needs docker with its daemon, or buildah (apt-get install buildah)")
    if os.geteuid() != 0:
        raise EngineError("docker's daemon does not answer, and buildah needs root: run it as root")
    return Buildah()


def build_all(engine: Engine, prefix: str, version: str) -> dict[str, str]:
    """Build both images; the reference of each by its slug."""
    base = base_image(os.environ.get("PYTHON_IMAGE", ""), os.environ.get(ALLOW) == "1")
    images = {slug: f"{prefix}/{slug}:{version}" for slug in SLUGS}
    for slug, image in images.items():
        say(f"building {image}")
        engine.build(slug, image, base)
    return images


def base_image(wanted: str, unpinned: bool) -> str:
    """The base that is asked for; EngineError unless it is named by its digest, made here, or `unpinned` is allowed."""
    if wanted == DEBOOTSTRAP or re.search(r"@sha256:[0-9a-f]{64}$", wanted):
        return wanted
    if unpinned:
        return wanted or USUAL_BASE
    named = f"PYTHON_IMAGE={wanted} has no digest" if wanted else "no base image is named"
    raise EngineError(
        f"{named}: a tag may be other bytes tomorrow. Set PYTHON_IMAGE={wanted or USUAL_BASE}@sha256:DIGEST (`docker"
        f" buildx imagetools inspect {wanted or USUAL_BASE}` prints it), PYTHON_IMAGE={DEBOOTSTRAP} for a base of"
        f" Debian packages, or {ALLOW}=1 to build from a tag all the same"
    )


def _arguments(base: str) -> dict[str, str]:
    return {"PYTHON_IMAGE": base, ALLOW: "1" if os.environ.get(ALLOW) == "1" else ""}


def say(text: str) -> None:
    sys.stderr.write(f"==> {text}\n")


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"docker {arguments[0]}: {done.stderr.strip()[-2000:]}")
    return done.stdout
