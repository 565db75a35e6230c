"""Both schemas compiled once, in a process of their own with little time and memory, before anything is fetched.

The limits of bundle_spec/schema_limits.py keep what is known to be slow away; this is for what nobody thought of. A
schema that ends here ends only this process, and the bundle says so, instead of a server that never starts.
"""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import subprocess
import sys
from typing import Any

from bundle_runtime.contract.report import INVALID_SCHEMA, RUNTIME_CRASHED, RuntimeFailure, fail
from bundle_spec.document import BundleDocument
from bundle_spec.json_path import inside
from bundle_spec.schema_limits import problem

CPU_SECONDS = 10
MEMORY_BYTES = 128 << 20  # more than the process has without a schema
FIELDS = ("requestSchema", "responseSchema")
_MAX_QUOTED_CHARS = 300


def check_schemas(document: BundleDocument) -> None:
    """InvalidSchema, with the place, when the server could not use one of them; RuntimeCrashed, which is tried again,
    when that could not be found out."""
    for field in FIELDS:
        schema = document.get(field)
        if schema is None:
            continue
        place = f"spec.bundle.{field}"
        if found := problem(schema) or _compiling(schema, place):
            raise _invalid(place + found)


def _compiling(schema: Any, place: str) -> str | None:
    """What is wrong with it, to be read behind its place; None when it compiles."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(CPU_SECONDS), str(MEMORY_BYTES)],
            input=json.dumps(schema).encode(),
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise fail(RUNTIME_CRASHED, f"cannot start the process that compiles {place}: {error}.") from error
    if done.returncode == 0:
        return None
    if done.returncode == 1 and done.stdout:
        return done.stdout.decode("utf-8", "backslashreplace")
    if done.returncode == -signal.SIGKILL:  # its own limits end it in other ways
        raise fail(
            RUNTIME_CRASHED,
            f"the process that compiles {place} was killed, most likely as container or node ran out of memory. If "
            "that repeats, write the schema in a simpler way.",
        )
    if done.returncode == -signal.SIGXCPU:
        return f": takes more than {CPU_SECONDS} s to compile: write it in a simpler way"
    words = done.stderr.decode("utf-8", "backslashreplace").strip()[-_MAX_QUOTED_CHARS:]
    if "memory allocation" in words or "MemoryError" in words:
        return f": takes more than {MEMORY_BYTES >> 20} MiB of memory to compile: write it in a simpler way"
    return f": cannot be compiled (exit code {done.returncode}): {words}"


def _invalid(what: str) -> RuntimeFailure:
    return fail(INVALID_SCHEMA, f"{what}. spec.bundle is immutable: create a corrected bundle under a new name.")


def main() -> int:
    """In the process of its own: the schema on standard input, what is wrong with it on standard output."""
    import jsonschema_rs

    from bundle_runtime.schema_compiling import compiled

    schema = json.loads(sys.stdin.buffer.read())
    limit(*map(int, sys.argv[1:]))
    try:
        compiled(schema)
    except jsonschema_rs.ValidationError as error:
        what = error.message if len(error.message) <= _MAX_QUOTED_CHARS else error.message[:_MAX_QUOTED_CHARS] + "..."
        sys.stdout.buffer.write(f"{inside(error.instance_path)}: {what}".encode("utf-8", "backslashreplace"))
        return 1
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        sys.stdout.buffer.write(f": {str(error)[:_MAX_QUOTED_CHARS]}".encode("utf-8", "backslashreplace"))
        return 1
    return 0


def limit(cpu_seconds: int, memory: int) -> None:
    """As far as the system has these limits: macOS bounds no address space."""
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)  # ignored, which is inherited, it would be SIGKILL a second later
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))


if __name__ == "__main__":
    sys.exit(main())
