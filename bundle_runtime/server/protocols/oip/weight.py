"""How much memory the elements of a tensor take once they are Python's own: an upper bound, before they are. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bundle_runtime.contract import tensors

_NUMBER_BYTES = 48  # an object, and its places in the list of all and in that of its row
_CACHED_NUMBER_BYTES = 16  # numbers that CPython has made already
_SMALL_NUMBERS = ("BOOL", "INT8", "UINT8")
_TEXT_BYTES = 224  # as bytes, as a string, with its length
_LIST_BYTES = 88
_NUMBER_TEXT_BYTES = 64  # the longest number as text, in a buffer that grew


def weight(datatype: str, shape: Sequence[int], size: int, *, as_json: bool = False) -> int:
    """Of ``size`` bytes; ``as_json``: they become text too."""
    number = tensors.count(shape)
    if not number:
        return 0  # tensors.nested() limits what a shape without elements may ask for
    lists, product = 1, 1
    for dimension in shape[:-1]:
        product *= dimension
        lists += product
    if datatype == "BYTES":
        each, text = _TEXT_BYTES, 12 * size  # wide characters, escaped
        number = min(number, size // 4 + 1)
    else:
        each, text = _CACHED_NUMBER_BYTES if datatype in _SMALL_NUMBERS else _NUMBER_BYTES, 4 * size
        if as_json:
            each += _NUMBER_TEXT_BYTES
    return number * each + lists * _LIST_BYTES + text
