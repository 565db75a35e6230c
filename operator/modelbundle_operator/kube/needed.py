"""Of a page that was listed by its metadata, the whole text of those objects alone that are needed.

Anybody who may create objects may give any number of them the operator's label, 1 MB each. What nobody asks for is
therefore not read: where most of a page is needed the same page is read again as it is, else object by object. As an
operator starts most of every page is, and metadata are half of a Deployment: after such a page the next one is read as
it is at once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from modelbundle_operator.api.base import Body
from modelbundle_operator.kube.decoding import head_of, page_of
from modelbundle_operator.kube.errors import NoAnswer
from modelbundle_operator.kube.pages import Ask, Query

AT_ONCE = 8
# fifty objects of ours take a tenth of it
WHOLE_PAGE_BYTES_MAX = 8 * 2**20

Place = tuple[str, str]


class Asking:
    """Asks for the pages of one list: by their metadata, or whole where most of the page before was needed."""

    def __init__(self, whole: Ask, heads: Ask) -> None:
        self._whole = whole
        self._heads = heads
        self._most_needed = False
        self.got_whole = False

    async def __call__(self, query: Query, longest: int | None) -> bytes:
        """The next page."""
        self.got_whole = self._most_needed
        if self.got_whole:
            try:
                return await self._whole(query, WHOLE_PAGE_BYTES_MAX)
            except NoAnswer:
                self.got_whole = False
        return await self._heads(query, longest)

    def saw(self, needed: int, listed: int) -> None:
        """So many objects of the page are needed, of so many."""
        self._most_needed = _most(needed, listed)


def place_of(head: Body) -> Place:
    """Namespace and name."""
    return head["metadata"]["namespace"], head["metadata"]["name"]


async def needed_texts(
    needed: Iterable[Place],
    listed: int,
    whole_page: Callable[[int], Awaitable[bytes]],
    get: Callable[[Place], Awaitable[bytes | None]],
) -> AsyncIterator[list[bytes]]:
    """The texts of the needed ones of so many objects, some at a time; of what has gone since, nothing.

    `whole_page`: the same page as it is; NoAnswer when there are more bytes than its argument allows. An object may be
    newer in it than in the list, and another one in its place.
    """
    left = dict.fromkeys(needed)
    if _most(len(left), listed):
        with contextlib.suppress(NoAnswer):
            page = await asyncio.to_thread(page_of, await whole_page(WHOLE_PAGE_BYTES_MAX))
            found = {place: text for text in page.items if (place := place_of(head_of(text))) in left}
            left = dict.fromkeys(place for place in left if place not in found)
            yield list(found.values())
    rest = list(left)
    for start in range(0, len(rest), AT_ONCE):
        texts = await asyncio.gather(*(get(place) for place in rest[start : start + AT_ONCE]))
        yield [text for text in texts if text is not None]


def _most(needed: int, listed: int) -> bool:
    return needed > 1 and 2 * needed > listed
