"""The original's names for what went wrong between client and server."""

from __future__ import annotations

from launch.errors import APIError as ApiException
from launch.errors import InvalidBundleError as ApiValueError
from launch.errors import WrongTypeError as ApiTypeError

__all__ = ["ApiException", "ApiTypeError", "ApiValueError"]
