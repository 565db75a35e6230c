"""Run both commands of the README as on a machine that never saw this project, and tell what each step took.

A clone of the commit that is checked out, an empty home, empty caches of Go, pip and uv, and none of the local
cluster's: caches hide what is broken for the next person who clones. How the package registries are reached is carried
over, as it belongs to the machine; so do its Debian packages and the CPythons of pyenv, which are as they are.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tools.release.cold_table import Command, Line, span, table

_ROOT = Path(__file__).resolve().parent.parent.parent
_COMMANDS = ("demo", "test")
# cache -> what it is called in the temporary directory
_CACHES = {
    "XDG_CACHE_HOME": "cache",
    "GOCACHE": "go-build",
    "GOMODCACHE": "go-mod",
    "GOPATH": "go",
    "UV_CACHE_DIR": "uv",
    "PIP_CACHE_DIR": "pip",
    "npm_config_cache": "npm",
}
# of the shell that this is run from, or of the make: not of a new machine
_DROPPED = ("XDG_", "MAKE", "MFLAGS", "PYTHON", "PYTEST", "VIRTUAL_ENV", "CLUSTER", "KUBECONFIG", "MODELBUNDLE", "AWS_")
# below the home: how to reach the package registries
_REGISTRIES = (".config/pip/pip.conf", ".pip/pip.conf", ".config/uv/uv.toml", ".config/go/env", ".npmrc", ".netrc")


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    commit = _git("rev-parse", "HEAD").strip()
    if _git("status", "--porcelain", "--untracked-files=no"):
        print("note: changes that are not committed are not part of it", file=sys.stderr, flush=True)
    if options.directory:
        options.directory.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="model-bundles-cold-", dir=options.directory))
    done: list[Command] = []
    try:
        clone, environment = _prepare(scratch, commit)
        for name in [options.only] if options.only else _COMMANDS:
            done.append(_run(f"make {name}", ["make", "--no-print-directory", name], clone, environment))
            if done[-1].code is None:
                break
    finally:
        print(f"\nfrom a clone of {commit[:12]} with nothing cached, on {os.cpu_count()} processors:", flush=True)
        print(table(done), flush=True)
        _clean_up(scratch, keep=options.keep)
    return 0 if done and all(command.code == 0 for command in done) else 1


def environment_of(scratch: Path, around: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables of a new machine whose registries are this one's; pure."""
    kept = {name: value for name, value in around.items() if not name.startswith(_DROPPED)}
    hidden = (str(home / ".cache"), str(_ROOT), around.get("XDG_CACHE_HOME") or str(home / ".cache"))
    paths = [part for part in around.get("PATH", os.defpath).split(":") if not part.startswith(hidden)]
    return {
        **kept,
        **{name: str(scratch / directory) for name, directory in _CACHES.items()},
        "HOME": str(scratch / "home"),
        "PATH": ":".join(paths),
        "PYENV_ROOT": around.get("PYENV_ROOT") or str(home / ".pyenv"),
        "PYTHONUNBUFFERED": "1",
    }


def carry_over(home: Path, configuration: Path, scratch: Path) -> None:
    """Copy how the registries are reached, and nothing else of the home."""
    for name in _REGISTRIES:
        below = name.removeprefix(".config/")
        source = configuration / below if below != name else home / name
        if source.is_file():
            target = scratch / "home" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o600)


def _prepare(scratch: Path, commit: str) -> tuple[Path, dict[str, str]]:
    home = Path.home()
    (scratch / "home").mkdir()
    carry_over(home, Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config"), scratch)
    clone = scratch / "clone"
    _git("clone", "--quiet", "--no-hardlinks", str(_ROOT), str(clone))
    _git("-C", str(clone), "checkout", "--quiet", "--detach", commit)
    return clone, environment_of(scratch, os.environ, home)


def _run(name: str, argv: list[str], clone: Path, environment: dict[str, str]) -> Command:
    """Run a command to its end, and show what it prints as it comes."""
    print(f"\n=== {name}", flush=True)
    began = time.monotonic()
    lines: list[Line] = []
    code: int | None = None
    with subprocess.Popen(
        argv,
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append((time.monotonic() - began, line))
            code = process.wait()
        except KeyboardInterrupt:
            print(f"interrupted: waiting for {name} to end", flush=True)
            process.wait()
    took = time.monotonic() - began
    print(f"=== {name}: {'interrupted' if code is None else f'exit code {code}'} after {span(took)}", flush=True)
    return Command(name, code, took, lines)


def _clean_up(scratch: Path, *, keep: bool) -> None:
    """The cluster goes in any case; the directory has what sudo made, and what Go made read-only."""
    clone = scratch / "clone"
    if clone.is_dir():
        environment = environment_of(scratch, os.environ, Path.home())
        subprocess.run(["make", "--no-print-directory", "clean-cluster"], cwd=clone, env=environment, check=False)
    if keep:
        print(f"kept: {scratch}", flush=True)
        return
    as_root = [] if os.geteuid() == 0 or not shutil.which("sudo") else ["sudo"]
    subprocess.run([*as_root, "chmod", "-R", "u+w", str(scratch)], stderr=subprocess.DEVNULL, check=False)
    subprocess.run([*as_root, "rm", "-rf", "--one-file-system", str(scratch)], check=False)
    if scratch.exists():
        print(f"could not remove all of {scratch}", file=sys.stderr, flush=True)


def _git(*arguments: str) -> str:
    """Git with a configuration of its own: a checkout of any owner may be cloned."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "config").write_text("[safe]\n\tdirectory = *\n")
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": f"{home}/config", "LC_ALL": "C"}
        done = subprocess.run(
            ["git", *arguments], cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    return done.stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m tools.release.cold",
        description="Run `make demo` and `make test` from a clone of the commit that is checked out, with an empty home"
        " and empty caches, and print what each step took. The caches of this machine are neither read nor written.",
        epilog="It takes the time of both commands on a new machine and about 20 GB of disk. Exit code 0: both passed.",
    )
    parser.add_argument("--only", choices=_COMMANDS, help="one of the two commands")
    parser.add_argument(
        "--directory", type=Path, metavar="DIR", help="where to work (default: the temporary directory)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the clone and its caches, to look into them")
    return parser


if __name__ == "__main__":
    sys.exit(main())
