"""Why a request, or what the worker made of it, is refused: the one error of the server's own checks."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Answered with the status of ``code`` (http/responses.py); ``details`` are violations of a schema."""

    def __init__(self, code: str, message: str, details: list[Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
