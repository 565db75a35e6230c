"""What Tab offers for a word on the command line: files, and the bundles that there are."""

from __future__ import annotations

import contextlib
import importlib
import threading
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

MOST_SECONDS = 2.0  # of asking a cluster: who pressed Tab waits


def files(_context: "click.Context", _parameter: "click.Parameter", word: str) -> "List[CompletionItem]":
    """The shell's own completion of files and folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(word, type="file")]


def bundles(context: "click.Context", _parameter: "click.Parameter", word: str) -> "List[CompletionItem]":
    """The ids and names of the bundles that `list` would print; nothing where no cluster answers in time."""
    from click.shell_completion import CompletionItem

    with contextlib.suppress(ImportError):  # not of the seconds: the first time it takes some
        importlib.import_module("kubernetes.client")
    found: List[Any] = []
    given = {name: context.params.get(name) for name in ("namespace", "context")}
    asking = threading.Thread(target=_ask, args=(found, given), daemon=True)
    asking.start()
    asking.join(MOST_SECONDS)
    names = {name: help for names, help in list(found) for name in names}
    return [CompletionItem(name, help=help) for name, help in names.items() if name.startswith(word)]


def bundles_or_files(context: "click.Context", parameter: "click.Parameter", word: str) -> "List[CompletionItem]":
    """A word that can be a bundle's name is one; the rest are files."""
    from launch.cli.bundle_argument import is_name

    found = bundles(context, parameter, word) if not word or is_name(word) else []
    return found or files(context, parameter, word)


def _ask(found: List[Any], given: Any) -> None:
    from launch.api.lookup import owned
    from launch.bundle.naming import display_name
    from launch.connection_to import connection_to
    from launch.lineage.tree import health

    with contextlib.suppress(Exception):  # there is nobody to say it to
        for bundle in owned(connection_to(**given), None, everybody=True):
            ready, reason = health(bundle)
            names = dict.fromkeys([bundle["metadata"]["name"], display_name(bundle)])
            found.append((names, f"Ready {ready}: {reason}"))
