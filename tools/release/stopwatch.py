"""`make stopwatch`: how long it takes from a machine with nothing but Python to the first answer of a function.

A Debian of `python3`, `python3-venv` and `curl` is made by mmdebstrap; in it the four commands of the README are run
with the wheel of this checkout, and each is timed. What comes after pip is ours to keep short, and has a limit.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tools.local_cluster import mounts
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.progress import step
from tools.local_cluster.shell import run
from tools.release.cold import carry_over
from tools.release.release import ReleaseError, wheel

LIMIT_SECONDS = 3.0
SUITE = "bookworm"
PACKAGES = ("ca-certificates", "curl", "python3", "python3-venv")
FUNCTION = """\
def predict(x: int, y: str = "") -> int:
    \"\"\"Twice x, and the length of y.\"\"\"
    doubled = x * 2
    longer = len(y)
    return doubled + longer
"""
ANSWER = "2"  # to the request of the printed line, {"x": 1}
_TRY = "try: "
_MOST_SECONDS = 120
_CARRIED = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")
_PROXIES = re.compile(r"(https?|no|all)_proxy", re.IGNORECASE)
_ALSO_OURS = ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt")
_IMPORTS = 15


def environment(around: Mapping[str, str]) -> dict[str, str]:
    """A new user's variables, and how this machine reaches its package index."""
    kept = {name: value for name, value in around.items() if name in _CARRIED or _PROXIES.fullmatch(name)}
    return {**kept, "HOME": "/root", "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def inside(root: Path, command: str) -> list[str]:
    """The command line that runs a shell's command in the root, which ends with its processes."""
    mounted = f"mount -t proc proc {shlex.quote(str(root / 'proc'))} && exec chroot {shlex.quote(str(root))} "
    own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]
    return [*own, mounted + f"sh -c {shlex.quote('cd /root && ' + command)}"]


def slowest_imports(log: str) -> list[tuple[int, str]]:
    """Of what `python -X importtime` wrote: the microseconds that a module and those below it took, longest first."""
    found = re.findall(r"^import time:\s+\d+ \|\s+(\d+) \| +(\S+)$", log, re.MULTILINE)
    return sorted(((int(number), name) for number, name in found), reverse=True)[:_IMPORTS]


def table(seconds: Mapping[str, float]) -> str:
    """Each command with the seconds that it took."""
    widest = max(map(len, seconds))
    return "".join(f"{command:<{widest}}  {took:6.2f} s\n" for command, took in seconds.items())


def main() -> int:
    """The exit code: 0 within the limit, 1 beyond it or where a command failed."""
    scratch = Path(tempfile.mkdtemp(prefix="model-bundles-stopwatch-"))
    scratch.chmod(0o755)  # apt downloads as a user of its own
    root = scratch / "root"
    try:
        _make(root)
        (package,) = _built(root / "root").glob("*.whl")
        took = _timed(root, package.name)
    except (ClusterError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        mounts.detach([root])
        shutil.rmtree(scratch, ignore_errors=True)
    ours = sum(list(took.values())[2:])
    sys.stdout.write(f"\n{table(took)}\nafter pip: {ours:.2f} s, at most {LIMIT_SECONDS:.0f}\n")
    return 0 if ours <= LIMIT_SECONDS else 1


def _make(root: Path) -> None:
    with step(f"making a Debian {SUITE} of {', '.join(PACKAGES)}", "30 s"):
        run(
            ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root],
            remedy="it needs root, mmdebstrap and a Debian mirror",
        )
    for name in _ALSO_OURS:
        if Path("/", name).is_file():
            shutil.copyfile(Path("/", name), root / name)
    home = Path.home()
    carry_over(home, Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config"), root.parent)
    shutil.copytree(root.parent / "home", root / "root", dirs_exist_ok=True)
    (root / "root" / "f.py").write_text(FUNCTION)


def _built(directory: Path) -> Path:
    with step("building the wheel"):
        wheel(directory)
    return directory


def _timed(root: Path, package: str) -> dict[str, float]:
    around = environment(os.environ)
    took = {}
    for shown, command in {
        "python3 -m venv v": "python3 -m venv v",
        "v/bin/pip install 'model-bundles[client,runtime]'": f"v/bin/pip install -q './{package}[client,runtime]'",
    }.items():
        with step(shown):
            began = time.monotonic()
            run(inside(root, command), env=around)
            took[shown] = time.monotonic() - began
    took |= _served(root, "v/bin/modelbundle serve f.py", around)
    sys.stdout.write("\nwhere the time of modelbundle goes, in ms with what each module imports:\n")
    log = run(inside(root, "v/bin/python -X importtime -c 'import launch.cli.serve' 2>&1"), env=around)
    for number, name in slowest_imports(log):
        sys.stdout.write(f"{number / 1000:6.0f}  {name}\n")
    return took


def _served(root: Path, serve: str, around: Mapping[str, str]) -> dict[str, float]:
    """The seconds until the command printed a line to try, and those of that line."""
    began = time.monotonic()
    said = []
    with subprocess.Popen(
        inside(root, serve), env=dict(around), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        timer = threading.Timer(_MOST_SECONDS, process.kill)
        timer.start()
        assert process.stderr is not None
        try:
            for text in process.stderr:
                said.append(text)
                if text.startswith(_TRY):
                    ready, line = time.monotonic(), text.removeprefix(_TRY).strip()
                    answer = run(inside(root, line), env=around)
                    if answer.strip() != ANSWER:
                        raise ClusterError(f"{line} printed {answer!r}, not {ANSWER}")
                    return {serve: ready - began, line: time.monotonic() - ready}
        finally:
            timer.cancel()
            process.kill()
    raise ClusterError(f"`{serve}` printed no line to try:\n{''.join(said)}")


if __name__ == "__main__":
    sys.exit(main())
