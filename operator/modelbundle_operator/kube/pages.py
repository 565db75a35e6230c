"""Reading a list by pages: fewer objects in one answer where that takes too long or is too large."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from modelbundle_operator.kube.decoding import Page, page_of
from modelbundle_operator.kube.errors import NoAnswer

OBJECTS_MAX = 50
SMALL_PAGE_BYTES = 2**20
# built-in kinds are stored in fewer bytes than they are sent in: a ConfigMap of 1 MiB may be 6 of JSON
PAGE_BYTES_MAX = 20 * 2**20

Query = Mapping[str, str]
# one page's bytes for these query parameters; NoAnswer when there are more bytes than the second argument allows
Ask = Callable[[Query, int | None], Awaitable[bytes]]


class Pages:
    """Lists by pages; remembers for each kind how many objects an answer can hold."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}

    async def read(self, kind: str, selector: str, ask: Ask) -> AsyncIterator[tuple[Query, Page]]:
        """Every page of a list, and the query that asks for it. An answer with a single object may have any size."""
        limit, more = self._limits.get(kind, OBJECTS_MAX), ""
        while True:
            query = {"limit": str(limit), "labelSelector": selector, **({"continue": more} if more else {})}
            try:
                text = await ask(query, PAGE_BYTES_MAX if limit > 1 else None)
            except NoAnswer:
                if limit == 1:
                    raise
                limit = self._limits[kind] = max(limit // 4, 1)
                continue
            page, size = await asyncio.to_thread(page_of, text), len(text)
            del text  # the page has a copy of all of it
            yield query, page
            if not page.more:
                return
            more = page.more
            if size < SMALL_PAGE_BYTES:
                limit = self._limits[kind] = min(limit * 2, OBJECTS_MAX)
