"""The end of a container whose Python is too old for what runs in it, as a report like any other.

It has no syntax that Python 3.0 could not read, and imports nothing of ours: tests run it under old Pythons.
"""

import json
import os
import sys

_SAYS = (
    "The image's Python is {0}, and the worker needs 3.8 or newer. Choose an image with a newer Python "
    "(spec.bundle.envParams: pytorchImageTag, tensorflowVersion or customBaseImage; of tensorflow/tensorflow, 2.11.0 "
    "and newer have one), and write the bundle with that Python. Then make a new bundle (`modelbundle clone`, if "
    "the artifact stays): spec.bundle is immutable. [docs/how-to/troubleshooting.md#python-too-old]"
)


def refuse():
    # type: () -> None
    """Leave the report where the kubelet finds it, and exit."""
    message = _SAYS.format(".".join(str(part) for part in sys.version_info[:3]))
    sys.stderr.write("PythonMismatch: " + message + "\n")
    path = os.environ.get("MODELBUNDLE_TERMINATION_LOG") or "/dev/termination-log"
    if os.path.exists(path) or "MODELBUNDLE_TERMINATION_LOG" in os.environ:
        with open(path, "w") as file:
            json.dump({"reason": "PythonMismatch", "message": message, "seconds": {}}, file)
    sys.exit(1)
