"""The container in the Job that tries a bundle before a GPU is taken: the image's Python, what of the artifact can be
found wrong without running it, then the requirements.

It runs in the user's image, so that a wrong image is found too, and is install where there is something to install.
"""

from __future__ import annotations

import os
import sys

from bundle_runtime.contract import report
from bundle_runtime.contract.document_loader import DIGEST_VARIABLE, load
from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.install.__main__ import main as install
from bundle_runtime.worker.load.environment import check_python
from bundle_runtime.worker.load.unrun import check_artifact


def main() -> int:
    try:
        layout = Layout.from_environment()
        document = load(layout, os.environ.get(DIGEST_VARIABLE, ""))
        check_python(document)
        check_artifact(layout, document)
    except report.RuntimeFailure as failure:
        report.write_failure(failure)
        return 1
    if document.get("requirements"):
        return install()
    print("this Python can read the bundle, and there is nothing to install", flush=True)
    report.write(report.Report(report.COMPLETED))
    return 0


if __name__ == "__main__":
    sys.exit(main())
