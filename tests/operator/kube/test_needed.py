"""Of a page of metadata only what is needed is read in full: the page once more, or object by object."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.errors import NoAnswer
from modelbundle_operator.kube.needed import AT_ONCE, Place, needed_texts


def text(name: str, data: str = "") -> bytes:
    return json.dumps({"metadata": {"namespace": "a", "name": name}, "data": data}).encode()


class Api:
    """Objects by name, and what was asked for."""

    def __init__(self, names: Sequence[str], page: Sequence[str] | None = None, *, too_large: bool = False) -> None:
        self.objects = {("a", name): text(name, "x") for name in names}
        self.page = names if page is None else page
        self.too_large = too_large
        self.pages = 0
        self.got: list[str] = []

    async def whole_page(self, longest: int) -> bytes:
        self.pages += 1
        if self.too_large:
            raise NoAnswer(f"more than {longest} bytes")
        items = ",".join(text(name, "of the page").decode() for name in self.page)
        return b'{"metadata":{},"items":[%s]}' % items.encode()

    async def get(self, place: Place) -> bytes | None:
        self.got.append(place[1])
        return self.objects.get(place)

    async def read(self, needed: Sequence[str], listed: int) -> list[str]:
        texts = needed_texts([("a", name) for name in needed], listed, self.whole_page, self.get)
        return sorted(json.loads(each)["metadata"]["name"] for some in [some async for some in texts] for each in some)


TEN = [f"n{number}" for number in range(10)]
READS = [
    ("nothing", [], 10, 0, []),
    ("one of many", ["n3"], 10, 0, ["n3"]),
    ("the only one", ["n3"], 1, 0, ["n3"]),
    ("half of them", TEN[:5], 10, 0, TEN[:5]),
    ("most of them", TEN[:6], 10, 1, []),
    ("all of them", TEN, 10, 1, []),
]


@pytest.mark.parametrize(("why", "needed", "listed", "pages", "got"), READS, ids=[row[0] for row in READS])
async def test_a_page_is_read_where_most_of_it_is_needed(
    why: str, needed: list[str], listed: int, pages: int, got: list[str]
) -> None:
    api = Api(TEN)
    assert await api.read(needed, listed) == needed
    assert (api.pages, api.got) == (pages, got), why


async def test_what_has_left_the_page_meanwhile_is_asked_for_and_what_has_gone_is_left_out() -> None:
    api = Api(TEN[:9], page=["new", *TEN[:8]])
    assert await api.read(TEN, 10) == TEN[:9]
    assert api.got == ["n8", "n9"]


async def test_a_page_that_is_too_large_is_read_object_by_object() -> None:
    api = Api(TEN, too_large=True)
    assert await api.read(TEN, 10) == TEN
    assert api.got == TEN


async def test_only_so_many_are_held_at_once() -> None:
    names = [f"n{number:02}" for number in range(3 * AT_ONCE)]
    api = Api(names)
    sizes = [len(some) async for some in needed_texts([("a", name) for name in names], 1000, api.whole_page, api.get)]
    assert sizes == [AT_ONCE] * 3


async def test_an_object_that_cannot_be_read_now_fails_the_list() -> None:
    async def fails(place: Place) -> bytes | None:
        raise Transient("503")

    with pytest.raises(Transient, match="503"):
        async for _ in needed_texts([("a", "n1")], 10, Api(TEN).whole_page, fails):
            pass
