"""The warm-up request held against the request schema, before anything is fetched: a worker that is sent what its
server would refuse would warm up nothing that callers ask for, and on a GPU.

As the schemas are compiled (schemas.py), in a process of its own with little time and memory.
"""

from __future__ import annotations

import json
import subprocess
import sys

from bundle_runtime.contract.report import INVALID_VALUE, RUNTIME_CRASHED, RuntimeFailure, fail
from bundle_runtime.contract.warm_up import FIELD, fields_of
from bundle_runtime.prepare.schemas import CPU_SECONDS, MEMORY_BYTES, limit
from bundle_spec.document import BundleDocument
from bundle_spec.json_path import inside

_SHOWN = 5
_MAX_QUOTED_CHARS = 300
_WRONG = 3  # exit code: what is wrong is on standard output


def check_warm_up(document: BundleDocument, text: str) -> None:
    """InvalidValue when it is no request of this bundle. `text` is empty where nothing is warmed up."""
    if not text:
        return
    try:
        fields = fields_of(text)
    except ValueError as error:
        raise _invalid(str(error)) from None
    schema = document.get("requestSchema")
    if schema is None:
        return
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps({"schema": schema, "fields": fields}).encode(),
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise fail(RUNTIME_CRASHED, f"cannot start the process that checks {FIELD}: {error}.") from error
    if done.returncode == _WRONG:
        raise _invalid(f"does not fit requestSchema: {done.stdout.decode('utf-8', 'backslashreplace')}")
    if done.returncode:
        words = done.stderr.decode("utf-8", "backslashreplace").strip()[-_MAX_QUOTED_CHARS:]
        raise _invalid(
            f"cannot be checked against requestSchema within {CPU_SECONDS} s and {MEMORY_BYTES >> 20} MiB of memory"
            f" (exit code {done.returncode}): {words or 'it was killed'}"
        )


def _invalid(what: str) -> RuntimeFailure:
    return fail(INVALID_VALUE, f"{FIELD} {what.rstrip('.')}. Correct it there, or leave it out; the bundle stays.")


def main() -> int:
    """In the process of its own: schema and fields on standard input, what is wrong on standard output."""
    from bundle_runtime.schema_compiling import compiled

    given = json.loads(sys.stdin.buffer.read())
    limit(CPU_SECONDS, MEMORY_BYTES)
    wrong = []
    for error in compiled(given["schema"]).iter_errors(given["fields"]):
        what = error.message if len(error.message) <= _MAX_QUOTED_CHARS else error.message[:_MAX_QUOTED_CHARS] + "..."
        wrong.append(f"{inside(error.instance_path).lstrip('.') or 'the body'}: {what}")
        if len(wrong) == _SHOWN:
            break
    sys.stdout.buffer.write("; ".join(wrong).encode("utf-8", "backslashreplace"))
    return _WRONG if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
