"""Known failures in real pods: those that a worker on the tests' machine has had, and those that only a container has.

Left out is what asks for packages that the stand-in images do not have, or for a fault of the machine itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.bundle_runtime.advice import code_failures, file_failures, pickle_failures
from tests.bundle_runtime.advice.code_failures import load_lines
from tests.bundle_runtime.advice.field import cases
from tests.bundle_runtime.advice.reading import Failure, written
from tests.cluster.bundles import PREDICT, PYTHON_312, PYTORCH, manifest, zipped
from tools.testkit.kubectl import Manifest
from tools.testkit.store import Store

WITHOUT_PYTHON = {
    "frameworkType": "custom_base_image",
    "customBaseImage": {"repository": "docker.io/model-bundles/pause", "tag": "1"},
}
# what they need is not in the stand-in images, or their setting is that of one process on the tests' machine
_NOT_IN_A_POD = {
    "name-of-another-version",  # PYTHONPATH, which a bundle cannot set
    "file-hides-a-package",  # writes the file into the bundle, which is read-only in a pod
    "package-version",  # pytest
    "no-cloud-credentials",  # boto3
    "localhost-is-the-pod",  # requests
    "file-beside-script",  # these two pickle functions by value: the image's Python crashes in this one's bytecode
    "pickled-code-raises",
}


_THIS_PYTHON = Failure("").python


@dataclass(frozen=True)
class InAPod:
    """A bundle whose Ready ends with the row `code`."""

    code: str
    artifact: Callable[[], tuple[str, bytes]]  # its packaging and its bytes
    more: dict[str, Any] = field(default_factory=dict)  # of spec.bundle
    serving: dict[str, Any] = field(default_factory=dict)

    def make(self, store: Store, namespace: str) -> Manifest:
        packaging, data = self.artifact()
        key = f"tests/{namespace}/{self.code}"
        artifact = {"uri": store.uri(key), "sha256": store.put(key, data), "packaging": packaging}
        functions = {"loadPredictFn": "functions.load", "loadModelFn": "predict.load"} if packaging == "zip" else {}
        return manifest(self.code, artifact, self.serving, **functions, **self.more)


def _code(source: str) -> Callable[[], tuple[str, bytes]]:
    """A zip whose load_model_fn fails; what it writes beside itself it writes where a pod may."""
    return lambda: ("zip", zipped(predict=source.replace("__file__", "'/tmp/predict.py'"), functions=PREDICT))


def _pickle(failure: Failure) -> Callable[[], tuple[str, bytes]]:
    def make() -> tuple[str, bytes]:
        if not failure.script:
            return "cloudpickle", failure.pickle or b""
        with tempfile.TemporaryDirectory() as directory:
            return "cloudpickle", written(failure, Path(directory))

    return make


def _in_a_pod(failure: Failure) -> InAPod | None:
    """None where it needs what the images do not have. No interpreter is made for that."""
    bare = failure.python.args[0] if isinstance(failure.python, partial) else "3.12"
    own = isinstance(failure.python, partial) or failure.python is _THIS_PYTHON
    if not own or failure.in_log or failure.code in _NOT_IN_A_POD:
        return None
    env = [{"name": name, "value": value} for name, value in failure.environment.items()]
    more = {"envParams": PYTORCH if bare == "3.8" else PYTHON_312, **({"env": env} if env else {})}
    return InAPod(failure.code, _code(failure.zip) if failure.zip else _pickle(failure), more)


def _of(code: str, *lines: str, **serving: Any) -> InAPod:
    return InAPod(code, _code(load_lines(*lines)), serving=serving)


def _asked(code: str, requirement: str) -> InAPod:
    return InAPod(code, _code(load_lines("return None")), {"requirements": [requirement]})


_OWN = (*file_failures.FAILURES, *pickle_failures.FAILURES, *code_failures.FAILURES, *cases.FAILURES)
# of the table's stand-ins, what a real container has
OF_CONTAINERS = (
    _of("read-only", "open('/opt/weights.pt', 'wb')"),
    _of("out-of-memory", "return bytearray(2**31)"),
    _of("segmentation-fault", "import ctypes", "ctypes.string_at(0)"),
    _of("abort", "import os", "os.abort()"),
    _of("illegal-instruction", "import os, signal", "os.kill(os.getpid(), signal.SIGILL)"),
    _of("bus-error", "import os, signal", "os.kill(os.getpid(), signal.SIGBUS)"),
    # by hand, and without a name: write() raises without one
    _of("shared-memory", "open('/dev/shm/big', 'wb').write(b'x' * 2**25)", sizeLimits={"shm": "16Mi"}),
    InAPod("no-python", _code(load_lines("return None")), {"envParams": WITHOUT_PYTHON}),
    _asked("requirement-of-python", "pickle==1.0"),
    _asked("requirement-is-python", "python==3.8"),
    _asked("requirement-is-a-module", "cv2"),
    _asked("requirement-of-another-system", "pywin32==306"),
)


def rows() -> list[InAPod]:
    """All that can be had here."""
    return [*(one for failure in _OWN if (one := _in_a_pod(failure)) is not None), *OF_CONTAINERS]
