"""Draws docs/pictures/*.svg from the YAML beside them: `python -m tools.docs_site.drawing`.

The same YAML gives the same bytes, so a test sees when a picture and its source differ. Colours follow the reader's
light or dark mode.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

PICTURES = Path(__file__).resolve().parents[2] / "docs/pictures"
Point = tuple[float, float]
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; text-anchor: middle }
  .title { font-weight: 600; font-size: 15px }
  .label { font-size: 12px; fill: #57606a }
  .group-title { font-size: 12px; fill: #57606a; text-anchor: end }
  .box { fill: #ffffff; stroke: #6e7781; stroke-width: 1.2 }
  .yours { fill: #ddf4ff; stroke: #218bff }
  .made { fill: #dafbe1; stroke: #2da44e }
  .group { fill: #f6f8fa; stroke: #8c959f; stroke-dasharray: 5 4 }
  .arrow { fill: none; stroke: #57606a; stroke-width: 1.4 }
  .head { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .label, .group-title { fill: #9da7b3 }
    .box { fill: #161b22; stroke: #8b949e }
    .yours { fill: #0c2d4a; stroke: #58a6ff }
    .made { fill: #0f2d1a; stroke: #3fb950 }
    .group { fill: #0d1117; stroke: #6e7681 }
    .arrow { stroke: #9da7b3 }
    .head { fill: #9da7b3 }
  }
"""
_HEAD = (
    '<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="{orient}">'
    '<path class="head" d="M0 1 L9 5 L0 9 z"/></marker>'
)


def svg_of(picture: Mapping[str, Any]) -> str:
    """The SVG of what such a file holds."""
    width, height = picture["size"]
    places = {item["id"]: (*item["at"], *item["size"]) for item in [*picture["groups"], *picture["boxes"]]}
    heads = _HEAD.format(name="end", orient="auto") + _HEAD.format(name="start", orient="auto-start-reverse")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(picture["title"])}</title>',
        f'<desc id="description">{escape(picture["description"].strip())}</desc>',
        f"<style>{_STYLE}</style>",
        f"<defs>{heads}</defs>",
    ]
    for group in picture["groups"]:
        lines += _group(group)
    for arrow in picture["arrows"]:
        lines += _arrow(arrow, places)
    for box in picture["boxes"]:
        lines += _box(box)
    return "\n".join([*lines, "</svg>\n"])


def _group(group: Mapping[str, Any]) -> Iterator[str]:
    (x, y), (width, height) = group["at"], group["size"]
    yield f'<rect class="group" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
    yield f'<text class="group-title" x="{x + width - 20}" y="{y + 24}">{escape(group["title"])}</text>'


def _box(box: Mapping[str, Any]) -> Iterator[str]:
    (x, y), (width, height) = box["at"], box["size"]
    yield f'<rect class="box {box.get("kind", "")}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    lines = box.get("lines", [])
    top = y + height / 2 - 10 * len(lines) + 5
    yield f'<text class="title" x="{x + width / 2:g}" y="{top:g}">{escape(box["title"])}</text>'
    for number, line in enumerate(lines, 1):
        yield f'<text x="{x + width / 2:g}" y="{top + 20 * number:g}">{escape(line)}</text>'


def _arrow(arrow: Mapping[str, Any], places: Mapping[str, Any]) -> Iterator[str]:
    at = arrow.get("at")
    points = [_end(arrow["from"], places, at), *map(tuple, arrow.get("via", [])), _end(arrow["to"], places, at)]
    path = " ".join(f"{'ML'[number > 0]}{x:g} {y:g}" for number, (x, y) in enumerate(points))
    start = ' marker-start="url(#start)"' if arrow.get("both") else ""
    yield f'<path class="arrow" d="{path}" marker-end="url(#end)"{start}/>'
    if "label" in arrow:
        (x1, y1), (x2, y2) = max(itertools.pairwise(points), key=_length)
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        if x1 == x2:  # beside an upright line, near its beginning
            y = y1 + (y2 - y1) / 3
            yield (
                f'<text class="label" style="text-anchor: start" x="{x + 7:g}" y="{y + 4:g}">'
                f"{escape(arrow['label'])}</text>"
            )
        else:
            yield f'<text class="label" x="{x:g}" y="{y - 7:g}">{escape(arrow["label"])}</text>'


def _end(word: str, places: Mapping[str, Any], at: float | None) -> Point:
    """`box.side` is the middle of that side; `at` is another place on its upper or lower one."""
    name, side = word.split(".")
    x, y, width, height = places[name]
    across = at if at is not None else x + width / 2
    ends: dict[str, Point] = {
        "left": (x, y + height / 2),
        "right": (x + width, y + height / 2),
        "top": (across, y),
        "bottom": (across, y + height),
    }
    return ends[side]


def _length(ends: tuple[Point, Point]) -> float:
    (x1, y1), (x2, y2) = ends
    return abs(x1 - x2) + abs(y1 - y2)


if __name__ == "__main__":
    for source in sorted(PICTURES.glob("*.yaml")):
        source.with_suffix(".svg").write_text(svg_of(yaml.safe_load(source.read_text())), encoding="utf-8")
        print(f"drew {source.with_suffix('.svg')}")
