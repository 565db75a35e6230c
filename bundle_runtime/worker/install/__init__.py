"""The init container `install`: `python3 -m bundle_runtime.worker.install`."""
