"""Probes. All of them are asked on a port of the server that clients do not use: however many connections they
have open, a probe gets through. The kubelet restarts the container that a probe stands for.

The worker has no liveness probe: a server that is gone, or busy, would have the kubelet restart a model that is loaded
and well. A worker that hangs ends itself (bundle_runtime/worker/connection/stall.py).
"""

from typing import Any

# a hung worker ignores SIGTERM while it is connected: the pod's long grace period would only delay its restart
RESTART_GRACE_SECONDS = 5
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


def worker_probes(port: int, startup_timeout_seconds: int) -> dict[str, Any]:
    """Startup every second: its period is the time that a loaded model waits to be called ready."""
    started = _http("/internal/worker/started", port, period=1, failures=startup_timeout_seconds)
    return {"startupProbe": {**started, "terminationGracePeriodSeconds": RESTART_GRACE_SECONDS}}


def _http(path: str, port: int, period: int, failures: int, timeout: int = 1) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
