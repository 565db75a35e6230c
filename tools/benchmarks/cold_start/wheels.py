"""The package index of the benchmark: the wheels of the lists, and some that are made to be large.

It is the local cluster's program on another port, and ends with the benchmark. What is made has the size and the files
of a large library and nothing to import but a line: bytes that compress to about three quarters, as machine code and
weights of neural networks do.
"""

from __future__ import annotations

import copy
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tools.benchmarks.cold_start.contents import BESIDE_PANDAS, FILE_MIB, MODULES, PANDAS
from tools.local_cluster import index_server, wheelhouse
from tools.local_cluster.place import here
from tools.local_cluster.store import fingerprint, making, root
from tools.testkit.only_way import towards

PYTHON = "3.12"  # of the stand-in image that all is started in
MIB = 1 << 20
_NARROW = bytes(byte & 0x3F for byte in range(256))
_READ = """
import sys, time, urllib.request
began, size = time.monotonic(), 0
with urllib.request.urlopen(sys.argv[1]) as answer:
    while block := answer.read(1 << 20):
        size += len(block)
print(size / (time.monotonic() - began))
"""


@dataclass(frozen=True)
class Index:
    """Its URL for pods, and what it has."""

    url: str
    directory: Path

    def bandwidth(self) -> float:
        """Bytes a second that one connection from the node gets of the largest wheel."""
        largest = max(self.directory.glob("*.whl"), key=lambda each: each.stat().st_size)
        url = f"{self.url.removesuffix('/simple')}/files/{largest.name}"
        command = ["nsenter", f"--net={here().netns}", sys.executable, "-c", _READ, url]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def bytes_of(self, projects: Sequence[str]) -> int:
        found = index_server.projects(self.directory)
        return sum(wheel.stat().st_size for name in projects for wheel in found[index_server.normalized(name)])


@contextmanager
def index(near: str, large_mib: int) -> Iterator[Index]:
    """`near` is an address of the cluster; the index listens where pods that reach it reach this machine."""
    with tempfile.TemporaryDirectory(prefix="bench-cold-start-", dir=root()) as scratch:
        directory = Path(scratch)
        for each in (wheelhouse.build(), _pandas()):
            for wheel in each.glob("*.whl"):
                if "-cp38-" not in wheel.name:
                    os.link(wheel, directory / wheel.name)
        make_large(directory, large_mib)
        address = towards(near)
        with socket.socket() as free:
            free.bind((address, 0))
            port = free.getsockname()[1]
        program = [sys.executable, str(index_server.__file__), f"--listen={address}:{port}", f"--directory={directory}"]
        with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                url = f"http://{address}:{port}/simple"
                _read_all(url, index_server.projects(directory))
                yield Index(url, directory)
            finally:
                server.terminate()


def make_large(directory: Path, mib: int) -> None:
    """Wheels of so many MiB together. All their files have the same bytes, which nothing notices that looks a few MiB
    back, as zip and zstd do: to compress a GiB takes a minute."""
    content = random.Random(0).randbytes(FILE_MIB * MIB).translate(_NARROW)
    deflate = zlib.compressobj(1, wbits=-15)
    part = zipfile.ZipInfo()
    part.compress_type, part.file_size, part.CRC = zipfile.ZIP_DEFLATED, len(content), zlib.crc32(content)
    packed = deflate.compress(content) + deflate.flush()
    part.compress_size = len(packed)
    for name in MODULES:
        _make(directory, name, max(1, round(mib * MIB / len(MODULES) / len(packed))), part, packed)


def _make(directory: Path, name: str, parts: int, part: zipfile.ZipInfo, packed: bytes) -> None:
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": "version = '1.0'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    large = [f"{name}/part{number}.bin" for number in range(parts)]
    files[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in (*files, *large, f"{info}/RECORD"))
    with zipfile.ZipFile(directory / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in large:
            _add_packed(archive, path, part, packed)
        for path, text in files.items():
            archive.writestr(path, text)


def _add_packed(archive: zipfile.ZipFile, path: str, part: zipfile.ZipInfo, packed: bytes) -> None:
    """As ZipFile.mkdir does it, which also writes an entry whose bytes are known."""
    entry, file = copy.copy(part), archive.fp
    assert file is not None
    entry.filename = entry.orig_filename = path
    entry.header_offset = file.tell()
    file.write(entry.FileHeader() + packed)
    archive.start_dir = file.tell()
    archive.filelist.append(entry)
    archive.NameToInfo[path] = entry


def _pandas() -> Path:
    """The wheels that the cluster's own index lacks, downloaded once for a machine."""
    wanted = [PANDAS, *BESIDE_PANDAS]
    directory = root() / "bench" / f"cold-start-{fingerprint(wanted)}"
    if not directory.is_dir():
        with making(directory) as scratch:
            wheelhouse.download(wanted, PYTHON, scratch / "new")
    return directory


def _read_all(url: str, projects: Sequence[str] | dict[str, list[Path]]) -> None:
    """Each page once: the server computes hashes when it is first asked for them."""
    end = time.monotonic() + 60
    for name in projects:
        while True:
            with suppress(OSError):
                urllib.request.urlopen(f"{url}/{name}/", timeout=60).read()
                break
            if time.monotonic() > end:
                raise TimeoutError(f"{url} does not answer")
            time.sleep(0.1)
