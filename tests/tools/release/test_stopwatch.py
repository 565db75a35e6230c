"""What `make stopwatch` runs and shows; the watch itself needs root and a Debian mirror."""

from __future__ import annotations

from pathlib import Path

from tools.release import stopwatch


def test_a_new_user_has_no_variables_of_this_machine_but_the_way_to_its_index() -> None:
    around = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "https_proxy": "http://proxy.example:3128",
        "PIP_FIND_LINKS": "/opt/wheels",
        "PYTHONPATH": "/elsewhere",
        "HOME": "/home/me",
    }
    made = stopwatch.environment(around)
    assert made.pop("PATH").endswith("/bin")
    assert made == {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "https_proxy": "http://proxy.example:3128",
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }


def test_a_command_runs_in_the_root_and_ends_with_its_processes() -> None:
    words = stopwatch.inside(Path("/a b/root"), """curl -d '{"x": 1}'""")
    assert words[:5] == ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    assert "chroot '/a b/root' sh -c " in words[-1]


def test_the_longest_imports_come_first() -> None:
    log = "import time:       200 |        700 |   yaml\nimport time:       300 |       9000 | launch.cli\nother\n"
    assert stopwatch.slowest_imports(log) == [(9000, "launch.cli"), (700, "yaml")]


def test_each_command_has_its_line() -> None:
    assert stopwatch.table({"pip install": 20.123, "serve": 1.2}) == "pip install   20.12 s\nserve          1.20 s\n"


def test_the_function_has_five_lines() -> None:
    assert len(stopwatch.FUNCTION.splitlines()) == 5
    names: dict = {}
    exec(stopwatch.FUNCTION, names)
    assert str(names["predict"](1)) == stopwatch.ANSWER
