"""`make fuzz`: one fuzzer for a given time, until it finds something.

Guided by coverage with atheris (libFuzzer); with hypothesis where atheris does not install. An input that breaks a
check is kept below build/fuzz/ and can be given again; inputs that reach new code are kept too, for the next run.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import pkgutil
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bundle_runtime.server
import bundle_runtime.worker

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

KEPT = Path(__file__).resolve().parents[2] / "build/fuzz"
NAMES = ("requests", "bodies", "worker-frames", "server-frames")
LONGEST_SECONDS = 20  # for one input
MEMORY_MB = 1024


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--input", type=Path, help="check this one file, as a finding is kept, and nothing else")
    options = parser.parse_args()
    if options.input:
        _target(options.target).check(options.input.read_bytes())
        print("nothing is wrong with it")
        return 0
    kept = KEPT / options.target
    (kept / "corpus").mkdir(parents=True, exist_ok=True)
    try:
        import atheris
    except ImportError:
        return _with_hypothesis(options.target, options.seconds, kept)
    with atheris.instrument_imports(include=["bundle_runtime"], enable_loader_override=False):
        _import_all()
        target = _target(options.target)
    _begin_from(target, kept)
    arguments = [
        *(f"-max_total_time={options.seconds}", f"-max_len={target.largest}", f"-timeout={LONGEST_SECONDS}"),
        *(
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={kept}/",
            f"-dict={kept / 'tokens'}",
            "-print_final_stats=1",
        ),
        *("-len_control=0", "-reload=0", str(kept / "corpus")),
    ]
    atheris.Setup([sys.argv[0], *arguments], _quiet(target.check))
    print(f"==> {options.target}: {options.seconds} s, atheris", flush=True)
    atheris.Fuzz()  # ends the process: 0 when the time was over
    return 0


def _import_all() -> None:
    """Modules that are otherwise imported when they are first needed, which would be too late to instrument them."""
    for package in (bundle_runtime.server, bundle_runtime.worker):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)


def _target(name: str) -> Target:
    from tests.fuzz.targets import TARGETS  # once what it imports is to be instrumented

    return TARGETS[name]


def _begin_from(target: Target, kept: Path) -> None:
    from tests.fuzz.tokens import TOKENS

    for number, seed in enumerate(target.seeds):
        (kept / "corpus" / f"seed-{number:03}").write_bytes(seed)
    lines = ("".join(f"\\x{byte:02x}" for byte in token) for token in TOKENS)
    (kept / "tokens").write_text("".join(f'"{line}"\n' for line in lines))


def _quiet(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """What the runtime says on stderr is not looked at; libFuzzer's own lines go past this."""

    def checked(data: bytes) -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                check(data)
            except BaseException:
                traceback.print_exc(file=sys.stdout)
                sys.stdout.flush()
                raise

    return checked


def _with_hypothesis(name: str, seconds: int, kept: Path) -> int:
    from tests.fuzz.mutations import run

    target = _target(name)
    check = _quiet(target.check)
    print(f"==> {name}: {seconds} s, hypothesis", flush=True)
    end = time.monotonic() + seconds
    runs = 0
    while time.monotonic() < end:
        number = random.SystemRandom().randrange(2**32)
        try:
            run(_keeping(check, kept), target.seeds, number, examples=1000)
        except Exception:
            print(f"found with the seed {number}: the input is in {kept / 'finding'}", flush=True)
            return 1
        runs += 1
    print(f"{runs} runs of 1000 inputs: nothing found", flush=True)
    return 0


def _keeping(check: Callable[[bytes], None], kept: Path) -> Callable[[bytes], None]:
    def checked(data: bytes) -> None:
        try:
            check(data)
        except BaseException:
            (kept / "finding").write_bytes(data)
            raise

    return checked


if __name__ == "__main__":
    sys.exit(main())
