"""The code of a local bundle gets no key and no token of the shell that serves it, unless --env names it."""

from __future__ import annotations

import pytest

from launch.local.worker_environment import (
    UnknownVariableError,
    added_variables,
    install_environment,
    server_environment,
    worker_environment,
)

SHELL = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "2",
    "AWS_SECRET_ACCESS_KEY": "canary",
    "GITHUB_TOKEN": "canary",
    "KUBECONFIG": "/home/me/.kube/config",
    "PYTHONPATH": "/mine",
    "MODELBUNDLE_ROOT": "/elsewhere",
    "UV_DEFAULT_INDEX": "https://me:canary@index",
    "https_proxy": "http://proxy:3128",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector",
}
OWN = {"PATH", "HOME", "LC_ALL", "OMP_NUM_THREADS"}


def test_who_sees_what() -> None:
    assert worker_environment(SHELL) == {name: SHELL[name] for name in OWN}
    assert set(install_environment(SHELL)) == OWN | {"UV_DEFAULT_INDEX", "https_proxy"}
    assert set(server_environment(SHELL)) == set(SHELL) - {"PYTHONPATH", "MODELBUNDLE_ROOT"}


def test_what_is_added() -> None:
    assert added_variables(["A=1", "B=", "C=x=y", "HOME"], SHELL) == {"A": "1", "B": "", "C": "x=y", "HOME": "/home/me"}


@pytest.mark.parametrize("word", ["", "=1", "MODELBUNDLE_ROOT=/", "NOWHERE"])
def test_what_cannot_be_added_is_said(word: str) -> None:
    with pytest.raises(UnknownVariableError, match=r"write (NAME|NOWHERE)=VALUE"):
        added_variables([word], SHELL)
