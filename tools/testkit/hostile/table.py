"""All rows: what a client may do to a server that it wants to end, or to keep from others."""

from __future__ import annotations

from tools.testkit.hostile import bodies, codings, connections, crowds, cuts, framing, heads, tensors, texts

CROWDS = crowds.ROWS
KINDS = {
    "heads": heads.ROWS,
    "framing": framing.ROWS,
    "bodies": bodies.ROWS,
    "content codings": codings.ROWS,
    "tensors": tensors.ROWS,
    "texts": texts.ROWS,
    "cuts": cuts.ROWS,
    "connections": connections.ROWS,
    "crowds": CROWDS,
}
ROWS = tuple(row for rows in KINDS.values() for row in rows)
