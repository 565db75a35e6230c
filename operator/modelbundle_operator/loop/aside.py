"""Long computations beside the event loop, one at a time.

What a tenant may write takes a tenth of a second to parse, check or write, and on the loop nothing else would go on
meanwhile, not even the renewal of the Lease. One thread for all of them: the interpreter runs one thread at a time, and
the more of them compute the longer the loop waits for its turn. What is short stays on the loop, so it never waits for
somebody's long ones.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

# JSON that takes no more than some milliseconds, whatever it says
LIGHT_BYTES = 16 * 1024
# of the interpreter, which has 5 ms: so long the loop waits for its turn each time that it wakes up beside the thread
SWITCH_SECONDS = 0.0005

T = TypeVar("T")

_thread = ThreadPoolExecutor(1, "aside")


def share_the_interpreter() -> None:
    """Let the loop have its turn soon while the thread computes."""
    sys.setswitchinterval(SWITCH_SECONDS)


async def by_weight(size: int, compute: Callable[[], T]) -> T:
    """What `compute` gives; in the thread where it is about so many bytes that it may take long."""
    if size <= LIGHT_BYTES:
        return compute()
    return await asyncio.get_running_loop().run_in_executor(_thread, compute)
