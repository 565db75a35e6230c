"""A package index: a directory of wheels as a simple repository (PEP 503), for pods that have no way out.

Run as a script by the cluster, so it imports nothing but the standard library.
"""

import argparse
import hashlib
import html
import re
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit


def normalized(name: str) -> str:
    """A project's name as PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def projects(directory: Path) -> dict[str, list[Path]]:
    """Normalized project name -> its wheels; read again each time, so that wheels can be added while it runs."""
    found: dict[str, list[Path]] = {}
    for wheel in sorted(directory.glob("*.whl")):
        found.setdefault(normalized(wheel.name.split("-")[0]), []).append(wheel)
    return found


@lru_cache(maxsize=4096)
def _sha256(path: Path, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def page(links: list[tuple[str, str]]) -> str:
    body = "\n".join(f'<a href="{html.escape(href)}">{html.escape(text)}</a><br>' for href, text in links)
    head = '<head><meta name="pypi:repository-version" content="1.0"></head>'
    return f"<!DOCTYPE html>\n<html>{head}<body>\n{body}\n</body></html>\n"


class Handler(BaseHTTPRequestHandler):
    directory: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        parts = [part for part in path.split("/") if part]
        if parts == ["simple"]:
            self._send_page([(f"/simple/{name}/", name) for name in projects(self.directory)])
        elif len(parts) == 2 and parts[0] == "simple":
            self._send_project(normalized(parts[1]))
        elif len(parts) == 2 and parts[0] == "files":
            self._send_file(self.directory / Path(parts[1]).name)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET

    def _send_project(self, name: str) -> None:
        wheels = projects(self.directory).get(name)
        if wheels is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        links = [
            (f"/files/{quote(wheel.name)}#sha256={_sha256(wheel, wheel.stat().st_mtime_ns)}", wheel.name)
            for wheel in wheels
        ]
        self._send_page(links)

    def _send_page(self, links: list[tuple[str, str]]) -> None:
        data = page(links).encode()
        self._headers("text/html; charset=utf-8", len(data))
        if self.command == "GET":
            self.wfile.write(data)

    def _send_file(self, path: Path) -> None:
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._headers("application/octet-stream", path.stat().st_size)
        if self.command == "GET":
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    self.wfile.write(chunk)

    def _headers(self, content_type: str, length: int) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length))
        self.end_headers()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a directory of wheels as a simple package index.")
    parser.add_argument("--listen", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--directory", required=True, type=Path)
    options = parser.parse_args()
    address, _, port = options.listen.rpartition(":")
    Handler.directory = options.directory
    ThreadingHTTPServer((address, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
