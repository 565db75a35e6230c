"""Probes. All of them are asked on a port of the server that clients do not use: however many connections they
have open, a probe gets through. The kubelet restarts the container that a probe stands for.

The worker has none: a server that is gone, or busy, would have the kubelet restart a model that is loaded and well, and
after a startup probe the kubelet waits up to a second before it calls a container ready. A worker that hangs, or takes
too long to load, ends itself (bundle_runtime/worker/connection/stall.py). So the pod is ready when its server says so.
"""

from typing import Any

START_SECONDS = 40


def server_probes(port: int) -> dict[str, Any]:
    """No startup probe: the kubelet would wait for it before it starts the worker, and the worker waits for the server
    by itself. A server on a busy node has the same minute to answer until the liveness probe counts.
    """
    return {
        "livenessProbe": {
            "initialDelaySeconds": START_SECONDS,
            **_http("/healthz", port, period=10, failures=3, timeout=5),
        },
        "readinessProbe": _http("/readyz", port, period=1, failures=2, timeout=2),
    }


def _http(path: str, port: int, period: int, failures: int, timeout: int = 1) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
