"""All lists."""

from __future__ import annotations

from tests.bundle_runtime.worker.install.public import odd_lists, plain_lists

ROWS = (*plain_lists.ROWS, *odd_lists.ROWS)
