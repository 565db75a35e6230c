"""`modelbundle predict`: one request, by URL or to a bundle of the cluster through the API server."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, TypeVar
from urllib.parse import urlsplit

import click

from bundle_spec.names import ConditionType, Reason
from launch.cli.completing import bundles_or_files
from launch.cli.duration import some_seconds
from launch.cli.errors import Failure
from launch.cli.options import bundle_named, exit_on_error, in_cluster
from launch.cli.print_items import print_items
from launch.cluster.connection import Connection
from launch.cluster.posting import post_to_url, stream_from_url
from launch.connection_to import connection_to
from launch.errors import APIError, InvalidBundleError

Sent = TypeVar("Sent")


@click.command(name="predict")
@click.argument("words", nargs=-1, required=True, metavar="[NAME] JSON|@FILE|-", shell_complete=bundles_or_files)
@click.option("--url", help="Where the bundle answers, such as http://127.0.0.1:8080; else NAME in the cluster.")
@in_cluster
@click.option(
    "--timeout",
    default="120s",
    show_default=True,
    callback=some_seconds,
    help="How long to wait for the answer, such as 5 or 2m.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json prints status, digest, headers, seconds and the prediction.",
)
@click.option("--stream", "streams", is_flag=True, help="Print each item that predict_fn yields as it comes.")
def command(
    words: Tuple[str, ...],
    url: Optional[str],
    namespace: Optional[str],
    context: Optional[str],
    timeout: float,
    output: str,
    streams: bool,
) -> None:
    """Send one request and print the prediction as JSON.

    With NAME the request goes through the API server's proxy to the bundle's Service (it needs `create` on
    services/proxy); with --url it goes there directly. - reads the request from standard input. With --stream the
    items of a function that yields are printed as they come, and Ctrl-C ends the function.
    """
    if len(words) != (1 if url else 2):
        raise click.UsageError("give --url URL and the request, or NAME and the request")
    body = _request(words[-1])
    as_json = output == "json"
    started = time.monotonic()
    with exit_on_error("predict", as_json, "" if streams else "waiting for the answer"):
        if url:
            address = _address(url)
            if streams:
                return print_items(stream_from_url(address, body, timeout))
            status, headers, content = post_to_url(address, body, timeout)
        else:
            there = connection_to(namespace=namespace, context=context)
            if streams:
                return print_items(_by_name(there, words[0], lambda name: there.stream(name, body, timeout), as_json))
            status, headers, content = _by_name(there, words[0], lambda name: there.post(name, body, timeout), as_json)
    _print(status, headers, content, time.monotonic() - started, as_json)


def _request(word: str) -> bytes:
    try:
        text = sys.stdin.read() if word == "-" else Path(word[1:]).read_text("utf-8") if word[:1] == "@" else word
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot read the request: {error}") from error
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"the request is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise click.UsageError("the request must be a JSON object of the request's fields")
    return text.encode("utf-8")


def _address(url: str) -> str:
    address = (url if "://" in url else "http://" + url).rstrip("/")
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # of its port or its brackets
        right = False
    if not right:
        raise click.UsageError(f"--url must be an http or https URL such as http://127.0.0.1:8080, it is {url!r}")
    if not address.endswith("/predict"):
        address += "/predict"
    return address


def _by_name(connection: Connection, name: str, send: Callable[[str], Sent], as_json: bool) -> Sent:
    """NAME is an endpoint or a bundle's id, each of which has a Service of its name; else a name of bundles."""
    try:
        return send(name)
    except InvalidBundleError:  # no object has such a name, a bundle may have been created by it
        return _by_name(connection, bundle_named(connection, name)["metadata"]["name"], send, as_json)
    except APIError as error:
        if error.status not in (404, 503):
            raise
        bundle = bundle_named(connection, name)
        known = bundle["metadata"]["name"]
        if known == name:
            raise Failure(_why_not(bundle, error), reason="NotReady", as_json=as_json) from error
        return _by_name(connection, known, send, as_json)


def _why_not(bundle: Mapping[str, Any], error: Exception) -> str:
    """No pod answers: the bundle's own Ready condition knows more than the proxy."""
    name = bundle["metadata"]["name"]
    for condition in (bundle.get("status") or {}).get("conditions") or []:
        if condition["type"] == ConditionType.READY and (
            condition["status"] != "True" or condition.get("reason") == Reason.STORED
        ):
            return f"{name} does not answer: {condition.get('reason')}: {condition.get('message', '')}"
    return f"{name} does not answer: {error}"


def _print(status: int, headers: Mapping[str, str], content: bytes, seconds: float, as_json: bool) -> None:
    digest = headers.get("x-modelbundle-digest")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if as_json:
        found: Dict[str, Any] = {"status": status, "digest": digest, "seconds": round(seconds, 4)}
        found["headers"] = dict(headers)
        failed = isinstance(value, dict) and status >= 400
        found.update(error=value.get("error", value)) if failed else found.update(prediction=value)
        click.echo(json.dumps(found, ensure_ascii=False))
        if status >= 400:
            sys.exit(1)
        return
    if status >= 400:
        raise Failure(_readable(status, value, content))
    if digest is None:
        raise Failure(f"status {status}, but no model bundle answered (no x-modelbundle-digest): is the URL right?")
    click.echo(content.decode("utf-8"))


def _readable(status: int, value: Any, content: bytes) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return f"status {status}: {content.decode('utf-8', 'replace').strip()[:500]}"
    lines = [f"{status} {error.get('code')}: {error.get('message')}"]
    for detail in error.get("details") or []:
        lines.append("  " + (" ".join(map(str, detail.values())) if isinstance(detail, dict) else str(detail)))
    return "\n".join(lines)
