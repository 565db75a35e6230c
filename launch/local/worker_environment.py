"""What the worker and `install` of a local bundle see of this machine's environment: what a program needs to run, and
none of its tokens and keys, as in a pod. Pure."""

from __future__ import annotations

from typing import Dict, Iterable, Mapping

# whose values say where files and programs are, how texts are shown, and which processors and threads are used
_KEPT = frozenset(
    (
        "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "DYLD_LIBRARY_PATH", "HIP_VISIBLE_DEVICES", "HOME", "LANG",
        "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH",
        "PYENV_ROOT", "PYENV_VERSION", "PYTHONUNBUFFERED", "REQUESTS_CA_BUNDLE", "ROCR_VISIBLE_DEVICES", "SHELL",
        "SSL_CERT_DIR", "SSL_CERT_FILE", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME",
    )
)  # fmt: skip
_OF_INSTALL = ("UV_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")  # its index may need a password


_NOT_OF_SERVER = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE")


class UnknownVariableError(ValueError):
    """A variable is to be taken over that this environment has not."""


def worker_environment(environment: Mapping[str, str]) -> Dict[str, str]:
    """For the bundle's own code."""
    return {name: value for name, value in environment.items() if name in _KEPT or name.startswith("LC_")}


def install_environment(environment: Mapping[str, str]) -> Dict[str, str]:
    """For uv: how it reaches the package index too."""
    reaching = {name: value for name, value in environment.items() if name.upper().startswith(_OF_INSTALL)}
    return {**worker_environment(environment), **reaching}


def server_environment(environment: Mapping[str, str]) -> Dict[str, str]:
    """For the server, which runs no code of the bundle: it may send spans somewhere, which OTEL_* say."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _NOT_OF_SERVER and not name.startswith("MODELBUNDLE_")
    }


def added_variables(words: Iterable[str], environment: Mapping[str, str]) -> Dict[str, str]:
    """NAME=VALUE, or NAME for the value that it has here. UnknownVariableError when it has none."""
    found: Dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or name.startswith("MODELBUNDLE_"):
            raise UnknownVariableError(f"{word!r}: write NAME=VALUE, or NAME for the value that it has in your shell")
        if not equals:
            if name not in environment:
                raise UnknownVariableError(f"{name} is not set in your shell: write {name}=VALUE")
            value = environment[name]
        found[name] = value
    return found
