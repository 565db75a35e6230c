"""What a bundle's `serving` and `env` make of its server and worker here: as in a pod, but for what a person needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Dict, List

from bundle_runtime.contract.warm_up import VARIABLE as WARM_UP_VARIABLE
from bundle_spec.connection_age import IDLE_OPTION
from bundle_spec.quantity import whole_cpus


def server_command(name: str, port: int, serving: Mapping[str, Any]) -> List[str]:
    """Behind the interpreter."""
    command = ["-m", "bundle_runtime.server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--name", name, "--max-concurrency", _concurrency(serving), "--drain-seconds", "0"]
    command += ["--request-timeout-seconds", str(serving.get("requestTimeoutSeconds") or 60)]
    for option, field in (("--max-request-bytes", "maxRequestBytes"), (IDLE_OPTION, "idleSeconds")):
        if serving.get(field):
            command += [option, str(serving[field])]
    if serving.get("corsOrigins"):
        command += ["--cors-origins", ",".join(serving["corsOrigins"])]
    for flag, field in (("--access-log", "accessLog"), ("--tracebacks", "tracebacks")):
        if serving.get(field):
            command.append(flag)
    # a developer's breakpoint, or Ctrl-Z, is not a hang
    return [*command, "--worker-stall-seconds", "0", "--local-only"]


def worker_variables(env: Sequence[Mapping[str, Any]], serving: Mapping[str, Any]) -> Dict[str, str]:
    variables = {entry["name"]: str(entry.get("value", "")) for entry in env}
    variables["MODELBUNDLE_MAX_CONCURRENCY"] = _concurrency(serving)
    if serving.get("warmUp"):
        variables[WARM_UP_VARIABLE] = str(serving["warmUp"])
    resources = serving.get("resources") or {}
    cpu = resources.get("cpuLimit") if resources.get("cpu") is None else resources["cpu"]
    if cpu is not None:
        variables["MODELBUNDLE_CPUS"] = str(whole_cpus(cpu))
    return variables


def _concurrency(serving: Mapping[str, Any]) -> str:
    return str(int(serving.get("maxConcurrency") or 1))
