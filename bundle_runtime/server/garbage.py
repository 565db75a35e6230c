"""When the collector looks at the server's objects: it finds next to nothing, and nobody is served meanwhile.

What ends refers to itself no more (connection.py, parser.py), so garbage is what few errors leave. To look takes 10 ms
and more beside thousands of connections, whose clients decide when: each half request is a hundred objects.
"""

from __future__ import annotations

import gc

# objects made and kept before it looks, whatever else is: more than the half requests of all connections
MANY_OBJECTS = 500_000
SOME_OBJECTS = 10_000  # before it looks when there is little to look at
FEW_CONNECTIONS = 512


def begin() -> None:
    """What is here stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MANY_OBJECTS)


def look(connections: int) -> None:
    """Once a second; ``connections`` are open."""
    if connections <= FEW_CONNECTIONS and gc.get_count()[0] > SOME_OBJECTS:
        gc.collect()
