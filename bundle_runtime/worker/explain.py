"""What to do next about an exception of loading: its look, and that of the environment, put before the table of known
failures. The table is imported when something has failed, or has been warned of, and not before."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import warnings
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Iterator

from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.user_errors import log

if TYPE_CHECKING:
    from bundle_runtime.advice.row import Symptom, World

# phases of bundle_runtime.advice.row
UNPICKLE, IMPORT, LOAD, WARNING, START = "unpickle", "import", "load", "warning", "start"
_OWN_CODE = "#code-raises]"
_SHORT, _MOST_SEEN = 200, 100  # a request that fails costs the look once, and a flood of different ones no more
_seen: set[tuple[int, str]] = set()
_LINKS = 10  # of a chain of exceptions, which user code can make a ring
_HEAD_BYTES = 65536
_LONGEST_TEXT = 4000
_MEMORY_FILE = "/sys/fs/cgroup/memory.max"
_NODE_MEMORY_FILE = "/proc/meminfo"


def next_step(error: BaseException, phase: str) -> str:
    """What happened, what to do, and where it is documented."""
    try:
        from bundle_runtime.advice.table import advice

        found = advice(symptoms(error, phase), world())
    except BaseException:  # user code may have broken what this stands on; its own error is what is reported
        return ""
    return found.text if found else ""


def explained(phase: str, text: str) -> str:
    """The words for what this program has found itself."""
    from bundle_runtime.advice.table import advice_for

    found = advice_for(phase, text, world())
    return found.text if found else text


def known(error: BaseException) -> str:
    """About an exception of a request, when a row knows more than that it is the code's own; each code once."""
    kind = (id(type(error)), _text(error)[:_SHORT])  # a class of the user may have a __hash__ of its own
    if kind in _seen or len(_seen) >= _MOST_SEEN:
        return ""
    _seen.add(kind)
    said = next_step(error, LOAD)
    return "" if said.endswith(_OWN_CODE) else said


@contextlib.contextmanager
def explaining_warnings() -> Iterator[None]:
    """A warning that the table knows is followed by a line about it in the log, once for each row."""
    shown = warnings.showwarning
    said = set()

    def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        shown(message, category, filename, lineno, file, line)
        with contextlib.suppress(Exception):
            from bundle_runtime.advice.table import advice_for

            found = advice_for(WARNING, str(message), world())
            if found and found.code not in said:
                said.add(found.code)
                log(f"worker: {found.text}")

    warnings.showwarning = show
    try:
        yield
    finally:
        if warnings.showwarning is show:  # user code may have put its own there
            warnings.showwarning = shown


def symptoms(error: BaseException, phase: str) -> Iterator[Symptom]:
    """Of the error, and of what led to it."""
    from bundle_runtime.advice.row import Symptom

    link: BaseException | None = error
    for _ in range(_LINKS):
        if link is None:
            return
        path, number = getattr(link, "filename", None), getattr(link, "errno", None)
        module = getattr(link, "name", None) if isinstance(link, ModuleNotFoundError) else None
        yield Symptom(
            phase,
            _text(link),
            tuple(cls.__name__ for cls in type(link).__mro__),
            module if isinstance(module, str) else "",
            number if isinstance(number, int) and isinstance(link, OSError) else 0,
            _path(path) if isinstance(link, OSError) else "",
            _raised_in(link),
            *_undecoded(link),
        )
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _path(path: Any) -> str:
    """A library may have put a path of pathlib there."""
    return path if isinstance(path, str) else str(path) if isinstance(path, PurePath) else ""


def _undecoded(error: BaseException) -> tuple[bytes, int]:
    """The bytes, and where in them it failed."""
    if not isinstance(error, UnicodeDecodeError):
        return b"", 0
    try:
        return bytes(error.object), error.start
    except TypeError:  # of a class of the user that has not called ours
        return b"", 0


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST_TEXT]
    except BaseException:  # a __str__ of the user
        return ""


def _raised_in(error: BaseException) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return str(last.tb_frame.f_globals.get("__name__", "")) if last is not None else ""


def world() -> World:
    """What can be known here; nothing is looked up before a row asks for it."""
    from bundle_runtime.advice.row import World

    layout = Layout.from_environment()
    pickled = os.path.isfile(layout.pickle_file)

    def head() -> bytes:
        if not pickled:
            return b""
        with open(layout.pickle_file, "rb") as file:
            return file.read(_HEAD_BYTES)

    return World(
        python=platform.python_version(),
        version=_version,
        is_required=lambda package: _is_required(package, layout),
        environment=os.environ,
        exists=os.path.exists,
        head=head,
        size=os.path.getsize(layout.pickle_file) if pickled else -1,
        packaging="cloudpickle" if pickled else "zip",
        root=layout.root,
        memory=_memory_limit(),
        node_memory=_node_memory(),
        is_standard=_is_standard,
        machine=platform.machine(),
        framework=_framework(layout),
        is_full=_is_full,
    )


def _is_standard(module: str) -> bool:
    """Of Python's own library; before 3.10, which names them, by where it lies."""
    top = module.partition(".")[0]
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return top in names
    file = str(getattr(sys.modules.get(top), "__file__", None) or "")
    return top in sys.builtin_module_names or os.path.dirname(os.__file__) in (
        os.path.dirname(file),
        os.path.dirname(os.path.dirname(file)),
    )


def _version(package: str) -> str:
    """As it is installed, or, without metadata as conda leaves some, as it says itself."""
    try:
        from importlib import metadata

        return metadata.version(package)
    except Exception:
        return str(getattr(sys.modules.get(package), "__version__", ""))


def _is_required(package: str, layout: Layout) -> bool:
    """It lies where install put it; what the image has lies elsewhere."""
    try:
        from importlib import metadata

        place = os.path.realpath(str(metadata.distribution(package).locate_file("")))
    except Exception:
        return False
    return place in (os.path.realpath(layout.requirements_dir), os.path.realpath(layout.layer_dir))


def _is_full(directory: str) -> bool:
    try:
        return os.statvfs(directory).f_bavail == 0
    except OSError:
        return False


def _memory_limit() -> str:
    try:
        with open(_MEMORY_FILE) as file:
            limit = int(file.read())
    except (OSError, ValueError):  # no limit is "max"
        return ""
    return f"{limit / 2**30:.1f} GiB" if limit >= 2**30 else f"{limit / 2**20:.0f} MiB"


def _node_memory() -> str:
    """A container sees that of its node there."""
    try:
        with open(_NODE_MEMORY_FILE) as file:
            kibibytes = int(file.readline().split()[1])
    except (OSError, ValueError, IndexError):
        return ""
    return f"{kibibytes / 2**20:.1f} GiB"


def _framework(layout: Layout) -> str:
    """Which field names the image; the document's digest was checked when it was read for the bundle."""
    try:
        with open(layout.config_file, "rb") as file:
            return str(json.load(file)["envParams"]["frameworkType"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""
