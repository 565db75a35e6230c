"""What is read of a kubeconfig, and what is left to kubectl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.testkit.login import LoginElsewhere, login

HERE = "https://127.0.0.1"


def config(user: dict[str, Any] | None = None, cluster: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "current-context": "here",
        "contexts": [
            {"name": "there", "context": {"cluster": "x", "user": "x"}},
            {"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "models"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
    }


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump], ids=["JSON", "YAML"])
def test_the_current_context(tmp_path: Path, write: Any) -> None:
    file = tmp_path / "config"
    file.write_text(write(config({"token": "secret"})))
    assert login(file) == ("http://127.0.0.1:1", None, {"Authorization": "Bearer secret"}, "models")


def test_without_credentials_and_namespace(tmp_path: Path) -> None:
    document = config()
    del document["contexts"][1]["context"]["namespace"]
    file = tmp_path / "config"
    file.write_text(json.dumps(document))
    assert login(file) == ("http://127.0.0.1:1", None, {}, "default")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (config({"exec": {"command": "log-in"}}), "exec"),
        (config({"tokenFile": "/token"}), "tokenFile"),
        (config({"as": "somebody", "token": "t"}), "as"),
        (config(cluster={"proxy-url": "http://proxy"}), "proxy-url"),
        (config(cluster={"certificate-authority": "/ca.crt"}), "certificate-authority"),
        (config(cluster={"server": "https://api.example"}), "through a proxy"),
        (config(cluster={"server": HERE, "certificate-authority-data": "bm9uZQ=="}), "cannot be read"),
        (config({"client-certificate-data": "bm9uZQ=="}, {"server": HERE}), "cannot be read"),
        ({**config(), "current-context": ""}, "cannot be read"),
        ({}, "cannot be read"),
        ([], "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_leads_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Any, words: str) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy")
    file = tmp_path / "config"
    file.write_text(json.dumps(document))
    with pytest.raises(LoginElsewhere, match=words):
        login(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LoginElsewhere, match="cannot be read"):
        login(tmp_path / "none")
