"""Tries the artifact store, within a time."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, List

from launch.doctor.artifact_store import REACHED, READ, REMOVED, WRITTEN
from launch.doctor.facts import StoreFacts, Unknown
from launch.errors import LaunchError

STORE_SECONDS = 30.0


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """What it returns or raises; TimeoutError when it takes longer, and goes on beside us until this process ends."""
    outcome: List[Any] = []

    def run() -> None:
        try:
            outcome.append((work(), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError(f"no answer within {seconds:g} s")
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def tried_store(place: str, store: Any, seconds: float = STORE_SECONDS) -> StoreFacts:
    """Puts a small object that nothing else is, reads it and removes it."""
    done: List[str] = []
    try:
        within(seconds, lambda: _use(store, done))
    except TimeoutError as error:
        return StoreFacts(place, list(done), str(error))
    except ImportError as error:
        return StoreFacts(place, [], not_installed(error))
    except (LaunchError, OSError) as error:
        return StoreFacts(place, list(done), str(error))
    return StoreFacts(place, done)


def not_installed(error: ImportError) -> Unknown:
    """A package of the extra `client` that this Python lacks, as the operator's image lacks boto3."""
    return Unknown(f"{error.name} is not installed here: pip install 'model-bundles[client]'")


def _use(store: Any, done: List[str]) -> None:
    from launch.stores.artifact import packed

    store.check()
    done.append(REACHED)
    with tempfile.TemporaryDirectory(prefix="modelbundle-doctor-") as directory:
        file = Path(directory, "probe")
        content = b"modelbundle doctor " + os.urandom(16).hex().encode()
        file.write_bytes(content)
        probe = packed(file, "zip")
        store.put(probe, progress=False)
        done.append(WRITTEN)
        uri = store.uri_of(probe)
        try:
            if store.content(uri) != content:
                raise OSError(f"{uri} is not what was written")
            done.append(READ)
        finally:
            store.remove(uri)
        done.append(REMOVED)
