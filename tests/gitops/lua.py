"""Runs a health check as Argo CD does: Lua 5.1, the object in the global `obj`, the open libraries closed."""

from __future__ import annotations

from pathlib import Path

from lupa.lua51 import LuaRuntime

from tools.testkit.kubectl import Manifest

# what Argo CD opens for a check from argocd-cm: the base library, table, package and an os of its own
_CLOSED = ("string", "math", "io", "os", "debug", "coroutine", "python")


def health(script: Path, body: Manifest) -> dict[str, str]:
    """The check's answer, {"status": ..., "message": ...}."""
    lua = LuaRuntime(register_eval=False)
    for library in _CLOSED:
        lua.globals()[library] = None
    lua.execute("getmetatable('').__index = nil")
    lua.globals().obj = lua.table_from(body, recursive=True)
    return dict(lua.execute(script.read_text()))
