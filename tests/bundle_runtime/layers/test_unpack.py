"""A packed layer may have been made by anybody: whatever it holds, nothing is written outside, and little is held."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import zstandard

from bundle_runtime.layers import members
from bundle_runtime.layers.members import LayerError
from bundle_runtime.layers.unpack import unpack
from tools.testkit.place import ROOT

END = b"\0" * 1024


def entry(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", **more: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    for field, value in more.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT) + content + b"\0" * (-len(content) % 512)


def directory(name: str) -> bytes:
    return entry(name, kind=tarfile.DIRTYPE)


def link(name: str, target: str) -> bytes:
    return entry(name, kind=tarfile.SYMTYPE, link=target)


def long_name(size: int, kind: bytes = tarfile.GNUTYPE_LONGNAME, claimed: int | None = None) -> bytes:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = kind, size if claimed is None else claimed
    return info.tobuf(tarfile.GNU_FORMAT) + b"n" * size + b"\0" * (-size % 512)


def compressed(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "packed"
    file.write_bytes(zstandard.ZstdCompressor(level=3, write_checksum=True).compress(content))
    return file


def test_what_is_well_formed_is_taken(tmp_path: Path) -> None:
    content = directory("a") + entry("a/f", b"x" * 700, mode=0o4755) + link("a/l", "f") + entry("z", b"y") + END
    unpack(compressed(tmp_path, content), tmp_path / "out")
    assert (tmp_path / "out/a/l").read_bytes() == b"x" * 700
    assert (tmp_path / "out/a/f").stat().st_mode & 0o7777 == 0o755, "no set-id bit, whatever the header says"
    assert (tmp_path / "out/z").stat().st_mode & 0o7777 == 0o644


HOSTILE = [
    ("an absolute path", entry("/tmp/x"), "is not a path below it"),
    ("a path that leads up", entry("../x"), "is not a path below it"),
    ("a path that leads up within", directory("a") + entry("a/../../x"), "is not a path below it"),
    ("a name of nothing", entry("a//b"), "is not a path below it"),
    ("a point", entry("."), "is not a path below it"),
    ("no name", entry(""), "is not a path below it"),
    ("a link to a path", link("l", "/etc"), "leads out of it"),
    ("a link up", link("l", "../x"), "leads out of it"),
    ("a link to nothing", link("l", ""), "leads out of it"),
    ("a link over a link", directory("a") + link("a/l", "..") + link("m", "a/l/../.."), "leads out of it"),
    ("a file through a link", directory("a") + link("l", "a") + entry("l/f"), "in no directory that was made before"),
    ("a file below a file", entry("f", b"x") + entry("f/g"), "in no directory that was made before"),
    ("a file in no directory", entry("a/f"), "in no directory that was made before"),
    ("a file in one that is left", directory("a") + directory("b") + entry("a/f"), "in no directory that was made"),
    ("a file twice", entry("f", b"1") + entry("f", b"2"), "refused a path of it: File exists"),
    ("a file where a link is", link("f", "g") + entry("f", b"2"), "refused a path of it: File exists"),
    ("a directory where a link is", directory("a") + link("l", "a") + directory("l"), "File exists"),
    ("a hard link", entry("f", b"x") + entry("g", kind=tarfile.LNKTYPE, link="f"), "a member of the kind b'1'"),
    ("a device", entry("d", kind=tarfile.CHRTYPE, devmajor=1, devminor=3), "a member of the kind b'3'"),
    ("a pipe", entry("p", kind=tarfile.FIFOTYPE), "a member of the kind b'6'"),
    ("a sparse file", entry("s", kind=tarfile.GNUTYPE_SPARSE), "a member of the kind b'S'"),
    ("headers of pax", entry("h", b"20 path=/etc/passwd\n", kind=tarfile.XHDTYPE), "a member of the kind b'x'"),
    ("an old kind of file", entry("f", kind=tarfile.AREGTYPE), "a member of the kind b'\\x00'"),
    ("a directory with content", entry("d", b"x", kind=tarfile.DIRTYPE), "a member of the kind b'5'"),
    ("a size below nothing", entry("f", size=-5), "a member of the kind b'0'"),
    ("a name that is long", long_name(3600), "a name of 3600 bytes is in it"),
    ("a name that is said to be huge", long_name(10, claimed=1 << 40), "a name of 1099511627776 bytes is in it"),
    ("a link that is long", long_name(3600, tarfile.GNUTYPE_LONGLINK), "a name of 3600 bytes is in it"),
    ("two names for one", long_name(9) + long_name(9) + entry("x") + END, "two names are in it for one path"),
    ("a part of a name that is long", long_name(300) + entry("x"), "is longer or deeper than a layer takes"),
    ("directories that are deep", entry("/".join("d" * 101)), "is longer or deeper than a layer takes"),
    ("a header that is none", b"x" * 512, "a header in it cannot be read"),
    ("a file without its end", entry("f", size=5000), "it ends within a file"),
    ("half a header", entry("f")[:100], "it ends before its end"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "says"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    cut = says.startswith("it ends")
    with pytest.raises(LayerError) as error:
        unpack(compressed(tmp_path, content if cut else content + END), tmp_path / "out")
    assert says in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "packed"]


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (b"", "it ends before its end"),
        (b"\0" * 512, "it ends before its end"),
        (b"\0" * 512 + entry("g"), "there is more behind its end"),
        (END + b"x", "there is more behind its end"),
    ],
)
def test_it_has_an_end(tmp_path: Path, end: bytes, says: str) -> None:
    with pytest.raises(LayerError, match=says):
        unpack(compressed(tmp_path, entry("f") + end), tmp_path / "out")


def test_a_name_that_is_no_text_is_taken_as_it_is(tmp_path: Path) -> None:
    name = b"\xff\n" * 50
    info = tarfile.TarInfo(os.fsdecode(name)).tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    unpack(compressed(tmp_path, info + END), tmp_path / "out")
    assert [os.fsencode(path.name) for path in (tmp_path / "out").iterdir()] == [name]


@pytest.mark.parametrize("damage", ["cut", "changed", "text", "empty"])
def test_what_zstd_did_not_write_is_refused(tmp_path: Path, damage: str) -> None:
    file = compressed(tmp_path, entry("f", os.urandom(5000)) + END)
    content = bytearray(file.read_bytes())
    content[2500] ^= 1
    changed: dict[str, bytes] = {"cut": content[:3000], "changed": content, "text": b"no zstd", "empty": b""}
    file.write_bytes(changed[damage])
    with pytest.raises(LayerError, match=r"not what zstd writes|ends within a file|ends before its end"):
        unpack(file, tmp_path / "out")


def test_a_window_that_takes_gigabytes_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27, write_content_size=False)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    file = tmp_path / "packed"
    file.write_bytes(compressor.compress(entry("f", b"x")) + compressor.compress(END) + compressor.flush())
    with pytest.raises(LayerError, match="not what zstd writes"):
        unpack(file, tmp_path / "out")


def test_a_bomb_ends_where_its_ratio_is_beyond_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "RATIO_CHECKED_FROM_BYTES", 1 << 20)
    bomb = b"".join(entry(f"f{at}", b"\0" * (1 << 20)) for at in range(20))
    with pytest.raises(LayerError, match="a ratio of 200 is allowed"):
        unpack(compressed(tmp_path, bomb + END), tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 2 << 20


@pytest.mark.parametrize("bound", ["MAX_MEMBERS", "MAX_NAMES_BYTES", "MAX_BYTES"])
def test_members_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(members, bound, 10)
    many = b"".join(entry(f"f{at}", b"x") for at in range(20))
    with pytest.raises(LayerError, match="more than 10"):
        unpack(compressed(tmp_path, many + END), tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) <= 10


def test_whoever_waits_hears_what_will_be_written_and_may_end_it(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    heard: list[int] = []

    def heed(size: int) -> None:
        heard.append(size)
        if size > 20:
            raise Stop

    content = b"".join(entry(f"f{at}", b"x" * 9) for at in range(9))
    with pytest.raises(Stop):
        unpack(compressed(tmp_path, content + END), tmp_path / "out", heed)
    assert heard == [9, 18, 27]


def test_a_disk_that_is_full_is_not_the_layers_fault(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: both end a write half-way."""
    file = compressed(tmp_path, entry("f", os.urandom(300_000)) + END)
    program = (
        "import resource, sys; from pathlib import Path; from bundle_runtime.layers.unpack import unpack;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "unpack(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(file), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith("OSError: [Errno 27] File too large")


def test_memory_does_not_grow_with_what_is_packed(tmp_path: Path) -> None:
    """Peak memory of a process that packs and unpacks, for a small and a large tree."""
    program = (
        "import resource, sys; from pathlib import Path; from bundle_runtime.layers.pack import pack;"
        "from bundle_runtime.layers.unpack import unpack; root = Path(sys.argv[1]);"
        "pack(root / 'tree', root / 'packed'); unpack(root / 'packed', root / 'out');"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak(name: str, mebibytes: int) -> int:
        root = tmp_path / name
        (root / "tree").mkdir(parents=True)
        block = os.urandom(1 << 20)
        with (root / "tree/large").open("wb") as file:
            for _ in range(mebibytes):
                file.write(block)
        done = subprocess.run(
            [sys.executable, "-c", program, root], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    small, large = peak("small", 64), peak("large", 256)
    assert large < 1.3 * small
