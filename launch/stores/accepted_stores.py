"""The stores that the user accepted on this machine, by API server and namespace, as ssh keeps the keys of hosts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from launch.errors import StoreError
from launch.stores.published_store import Published


def accepted_file(environment: Mapping[str, str]) -> Path:
    """Where they are kept."""
    state = environment.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(state) / "model-bundles" / "accepted-stores.json"


def accepted_store(file: Path, server: str, namespace: str) -> Optional[Published]:
    """The store that was accepted for the namespace; None where there is none. StoreError for a damaged file."""
    kept = _read(file).get(_key(server, namespace))
    if kept is None:
        return None
    try:
        style = str(kept.get("style", ""))  # what an older client wrote has none
        return Published(str(kept["uri"]), str(kept["endpoint"]), str(kept["region"]), style)
    except (TypeError, KeyError, AttributeError) as error:
        raise _damaged(file) from error


def accept(file: Path, server: str, namespace: str, store: Published) -> None:
    """Keep it in place of what was accepted before. StoreError when it cannot be written."""
    kept = {**_read(file), _key(server, namespace): store._asdict()}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(prefix=file.name, dir=str(file.parent))  # of the user alone
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            json.dump(kept, written, indent=1, sort_keys=True)
        Path(scratch).replace(file)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written, so that you accepted {store} is not kept: {error}. Set XDG_STATE_HOME to a "
            "directory of yours, or LAUNCH_ARTIFACT_URI (and AWS_ENDPOINT_URL) to that store."
        ) from error


def _key(server: str, namespace: str) -> str:
    return f"{server} {namespace}"


def _read(file: Path) -> Dict[str, Any]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except ValueError as error:
        raise _damaged(file) from error
    if not isinstance(kept, dict):
        raise _damaged(file)
    return kept


def _damaged(file: Path) -> StoreError:
    return StoreError(f"{file} does not hold what the client writes there: remove it, and accept stores again")
