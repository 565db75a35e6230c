"""`python -m bundle_runtime.prepare --uri URI`: one try, one report, exit code 0 or 1."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback

from bundle_runtime.contract import report, warm_up
from bundle_runtime.contract.document_loader import DIGEST_VARIABLE, load
from bundle_runtime.contract.layout import Layout
from bundle_runtime.prepare.artifact import prepare
from bundle_runtime.prepare.certificates import check_certificates
from bundle_runtime.prepare.layer import begin_layer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bundle_runtime.prepare", description=__doc__)
    parser.add_argument("--uri", required=True, help="where the artifact is: s3://, https://")
    parser.add_argument(
        "--allow-local", action="store_true", help="allow file:// and plain paths too: for runs outside a cluster"
    )
    parser.add_argument("--layer-bytes", type=int, help="what a layer of requirements may take on the disk, packed too")
    options = parser.parse_args(arguments)
    os.umask(0o022)  # install and worker read these files as another user
    started = time.monotonic()
    layer = None
    try:
        layout = Layout.from_environment()
        document = load(layout, os.environ.get(DIGEST_VARIABLE, ""))
        check_certificates(layout)
        layer = begin_layer(layout, document, options.uri, options.layer_bytes)
        prepared = prepare(
            layout,
            options.uri,
            document,
            allow_local=options.allow_local,
            warm_up=os.environ.get(warm_up.VARIABLE, ""),
        )
        waited, said = layer.wait()
    except report.RuntimeFailure as failure:
        report.write_failure(failure, {"total": time.monotonic() - started})
        return 1
    except OSError as error:
        traceback.print_exc()
        crash = report.fail(report.RUNTIME_CRASHED, f"prepare cannot use its files or processes: {error}")
        report.write_failure(crash, {"total": time.monotonic() - started})
        return 1
    finally:
        if layer is not None:
            layer.end()
    seconds = {**prepared.seconds, **waited}
    phases = " ".join(f"{phase}={value:.2f}s" for phase, value in seconds.items())
    print(f"prepared {prepared.bytes} bytes, sha256 verified: {phases}", flush=True)
    report.write(report.Report(report.COMPLETED, seconds=seconds, bytes=prepared.bytes, **said))
    return 0


def run() -> None:
    """The whole process. Its end is not Python's own, which would wait for a layer that is still being fetched."""
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
