"""A look at a bundle costs what the bundle has, and each value is looked at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import awaited_base, resolve
from modelbundle_operator.errors import BaseUnavailable, Terminal
from modelbundle_operator.kube.decoding import bundle_of
from modelbundle_operator.kube.json_cuts import depth_of

from tests.operator.bundle import costs
from tools.testkit.model_bundles import model_bundle

Body = dict[str, Any]


@pytest.mark.parametrize(
    ("of_size", "size"), [(costs.references, 300), (costs.wide, 300), (costs.deep, 90)], ids=["refs", "wide", "deep"]
)
def test_twice_as_much_costs_twice_as_much(of_size: Callable[[int], Body], size: int) -> None:
    once, twice = (parse(model_bundle(**of_size(n))) for n in (size, 2 * size))
    resolve(once)
    assert costs.calls(lambda: resolve(twice)) <= 3 * costs.calls(lambda: resolve(once))


def test_what_has_too_many_values_costs_less_than_what_may_be_used() -> None:
    usable, beyond = (parse(model_bundle(appConfig={"a": [1] * n})) for n in (19_000, 38_000))
    resolve(usable)

    def refused() -> None:
        with pytest.raises(Terminal, match=r"spec\.bundle\.appConfig has 38002 values .* 20000 are allowed"):
            resolve(beyond)

    refused()
    assert costs.calls(refused) < costs.calls(lambda: resolve(usable))


@pytest.mark.parametrize("of_size", [costs.references, costs.wide, costs.deep], ids=["refs", "wide", "deep"])
def test_to_read_a_body_takes_no_step_for_each_value(of_size: Callable[[int], Body]) -> None:
    """It is done on the event loop, of which it has a few milliseconds."""
    texts = [json.dumps(model_bundle(**of_size(n))).encode() for n in (40, 80)]
    bundle_of(texts[0])
    small, large = (costs.calls(lambda: bundle_of(text)) for text in texts)  # noqa: B023
    assert large == small


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (b"1", 0), (b"{}", 1), (b'{"a":[1,{"b":[]}]}', 4), (b'["[[[",{"{{":"\\"[["}]', 2), (b"[[],[[]],[]]", 3),
        (b'"[\\\\"', 0), ("[" * 9000 + "]" * 9000, 9000),
    ],
)  # fmt: skip
def test_how_deep_a_text_nests(text: bytes | str, depth: int) -> None:
    assert depth_of(text if isinstance(text, bytes) else text.encode()) == depth


def test_in_a_line_of_clones_that_waits_no_clone_has_others_read_than_its_base() -> None:
    line = {f"c{n}": clone(f"c{n}", f"c{n + 1}") for n in range(500)}
    read: list[str] = []

    def find(name: str) -> Body | None:
        read.append(name)
        return line.get(name)

    with pytest.raises(BaseUnavailable) as error:
        resolve(parse(line["c0"]), find, lambda name: awaited_base(line.get(name)))
    assert (error.value.reason, read) == ("BaseNotResolved", ["c1"])


def test_a_cycle_of_any_length_is_found_without_a_body_of_it() -> None:
    line = {f"c{n}": clone(f"c{n}", f"c{(n + 1) % 2000}") for n in range(2000)}
    awaits: Callable[[str], str | None] = lambda name: awaited_base(line.get(name))  # noqa: E731
    with pytest.raises(BaseUnavailable, match="c0 -> c1 -> c2 -> ") as error:
        resolve(parse(line["c0"]), lambda name: pytest.fail(name), awaits)
    assert error.value.reason == "CloneCycle"


def clone(name: str, of: str) -> Body:
    made = model_bundle(name)
    return {**made, "spec": {"bundle": {"cloneFrom": {"name": of}}}}
