"""`python -m tools.testkit.hostile HOST PORT --model NAME --seconds S`: all rows against a server, and what came back.

Ends with 1 when an answer was not right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter

from tools.testkit.hostile.means import SHARE, be_modest, loop_with
from tools.testkit.hostile.mix import Outcomes, idle, mixed, once, unexplained
from tools.testkit.hostile.row import Row, Target
from tools.testkit.hostile.table import ROWS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.testkit.hostile", description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--model", default="model", help="the bundle's name")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--share", type=float, default=SHARE, help="of one core that this process may take")
    parser.add_argument("--row", action="append", default=[], help="only rows with these words in their names")
    parser.add_argument("--once", action="store_true", help="each row one time, then the end")
    parser.add_argument("--json", action="store_true", help="what came back as one JSON object")
    options = parser.parse_args()
    be_modest()
    rows = [row for row in ROWS if not options.row or any(words in row.name for words in options.row)]
    target = Target(options.host, options.port, options.model)
    began = time.monotonic()
    with asyncio.Runner(loop_factory=loop_with(options.share)) as runner:
        found = runner.run(once(rows, target) if options.once else mixed(rows, target, options.seconds))
    cores = round(time.process_time() / (time.monotonic() - began), 3)
    wrong = unexplained(rows, found)
    if options.json:
        print(json.dumps({"rows": found, "wrong": wrong, "idle": idle(rows, found), "cores": cores}))
    else:
        print(table(rows, found), *wrong, sep="\n")
    return 1 if wrong else 0


def table(rows: list[Row], found: Outcomes) -> str:
    """A line for each row."""
    lines = []
    for row in rows:
        ends = ", ".join(f"{end} ({count})" for end, count in found.get(row.name, Counter()).most_common())
        lines.append(f"{row.name:60}  {ends}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
