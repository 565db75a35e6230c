"""The names of the original's post-inference hooks; none of them is supported, and asking for one says so."""

from __future__ import annotations

from enum import Enum


class PostInferenceHooks(str, Enum):
    """What a Launch endpoint could do after each inference."""

    CALLBACK = "callback"
    LOGGING = "logging"
