"""What the demo prints: steps with the time since it began, and commands as a user would type them."""

from __future__ import annotations

import textwrap
import time

_STARTED = time.monotonic()


def step(title: str) -> None:
    print(f"\n[{time.monotonic() - _STARTED:5.1f} s] {title}", flush=True)


def typed(command: str) -> None:
    print(f"  $ {command}", flush=True)


def line(text: str) -> None:
    print(f"    {text}", flush=True)


def paragraph(text: str) -> None:
    print(textwrap.fill(text, 112, initial_indent="    ", subsequent_indent="    "), flush=True)
