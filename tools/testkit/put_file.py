"""Puts a file into a store, as a process of its own that can be killed, measured, and run by an older Python.

Usage: put_file.py URI FILE [PART_BYTES [PAUSE]]. Prints JSON: sent or not, where it is, most KiB, seconds.
PAUSE is seconds before each part that is sent to S3.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from launch.stores import s3_upload
from launch.stores.artifact import packed
from launch.stores.artifact_store import store_at

uri, file, *more = sys.argv[1:]
if more:
    s3_upload.PART = int(more[0])
bundle = packed(Path(file), "cloudpickle")
store = store_at(uri)
store.check()
if len(more) > 1:
    pause, s3 = float(more[1]), store._s3  # type: ignore[attr-defined]
    s3.meta.events.register("before-call.s3.UploadPart", lambda **_: time.sleep(pause))
started = time.monotonic()
sent = store.put(bundle)
seconds = time.monotonic() - started
# not getrusage: its most begins with what the parent had before the fork
peak = int(re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[0])
print(json.dumps({"sent": sent, "uri": store.uri_of(bundle), "peakKiB": peak, "seconds": seconds}))
