"""The HTTP server of the page: its files, a stream of changes, and answers in JSON, for programs of this machine alone.

The standard library's server and a thread for each connection: a few pages of one person are what it is for, and it is
in every Python that the client runs on.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Tuple
from urllib.parse import parse_qsl, urlsplit

from launch.errors import APIError, LaunchError
from launch.ui.board import Board
from launch.ui.guard import HEADERS, refusal
from launch.ui.requests import BadRequest, Source

ADDRESS = "127.0.0.1"
STATIC = Path(__file__).with_name("static")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
MOST_CONNECTIONS = 64
MOST_BODY = 8 << 20
IDLE_SECONDS = 60.0  # of a connection, and of a page that does not read its stream
BEAT_SECONDS = 15.0

Answers = Mapping[str, Callable[[Source, Mapping[str, Any]], Dict[str, Any]]]


class Server(ThreadingHTTPServer):
    """Serves the page on a port of this machine, or on a free one for 0; `gets` and `posts` are its answers by name."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, token: str, board: Board, source: Source, gets: Answers, posts: Answers) -> None:
        self.token, self.board, self.source = token, board, source
        self.answers: Dict[Tuple[str, str], Any] = {
            **{("GET", f"/api/{name}"): answer for name, answer in gets.items()},
            **{("POST", f"/api/{name}"): answer for name, answer in posts.items()},
        }
        self.files = _files()
        self.stopping = threading.Event()
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((ADDRESS, port), _Handler)

    @property
    def url(self) -> str:
        """What the user opens; the token in it is not sent, the page reads it."""
        return f"http://{ADDRESS}:{self.server_port}/#token={self.token}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Beyond the most connections a new one is closed at once."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As the base class does, and makes room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that went away is no error; nothing else is raised."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "model-bundles", ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        url = urlsplit(self.path)
        is_api = url.path.startswith("/api/")
        refused = refusal({name.lower(): text for name, text in self.headers.items()}, self.server.token, is_api)
        if refused is not None:
            self._refuse(*refused)
        elif is_api:
            self._answer(method, url.path, url.query)
        elif method == "GET" and url.path in self.server.files:
            self._send(200, *self.server.files[url.path])
        else:
            self._refuse(404, f"nothing is at {url.path[:100]}")

    def _answer(self, method: str, path: str, query: str) -> None:
        if (method, path) == ("GET", "/api/stream"):
            self._stream()
            return
        answer = self.server.answers.get((method, path))
        if answer is None:
            self._refuse(404, f"{method} {path[:100]} is not answered here: is it only with --allow-write?")
            return
        try:
            asked = dict(parse_qsl(query)) if method == "GET" else self._body()
            self._json(200, answer(self.server.source, asked))
        except BadRequest as error:
            self._refuse(400, str(error))
        except APIError as error:
            self._refuse(error.status if 400 <= error.status < 600 else 502, str(error), error.reason)
        except LaunchError as error:
            self._refuse(422, str(error))
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            self._refuse(500, f"the object cannot be shown: {error!r}"[:500])  # of another version of the CRD

    def _body(self) -> Dict[str, Any]:
        try:
            length = int(self.headers.get("Content-Length") or "")
        except ValueError:
            raise BadRequest("the request has no Content-Length") from None
        if not 0 <= length <= MOST_BODY:
            self.close_connection = True
            raise BadRequest(f"the request has {length} bytes, {MOST_BODY} are allowed")
        try:
            found = json.loads(self.rfile.read(length))
        except (ValueError, RecursionError):
            raise BadRequest("the request is not valid JSON") from None
        if not isinstance(found, dict):
            raise BadRequest("the request is not a JSON object")
        return found

    def _stream(self) -> None:
        """Server-sent events: the whole board, then each change; a comment tells the page that the command is there."""
        self.send_response(200)
        self._send_headers("text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        number, changes = self.server.board.snapshot()
        while not self.server.stopping.is_set():
            beat = "" if changes else ": still here\n\n"
            self.wfile.write("".join([*(f"data: {change}\n\n" for change in changes), beat]).encode())
            number, found = self.server.board.after(number, BEAT_SECONDS)
            if found is None:
                number, found = self.server.board.snapshot()
            changes = found

    def _refuse(self, status: int, message: str, reason: str = "") -> None:
        if self.command == "POST":
            self.close_connection = True  # its body may not have been read
        self._json(status, {"error": {"message": message, "reason": reason}})

    def _json(self, status: int, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self._send_headers(kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _send_headers(self, kind: str) -> None:
        for name, value in {"Content-Type": kind, **HEADERS}.items():
            self.send_header(name, value)

    def log_message(self, *_: object) -> None:
        """Nothing: a terminal with a line for each request hides what the command says."""


def _files() -> Dict[str, Tuple[str, bytes]]:
    """By their paths; what is not among them is not served, whatever the path says."""
    files = [file for file in STATIC.rglob("*") if file.suffix in TYPES]
    found = {f"/{file.relative_to(STATIC).as_posix()}": (TYPES[file.suffix], file.read_bytes()) for file in files}
    return {**found, "/": found["/index.html"]}
