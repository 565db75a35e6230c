"""The table of `make cold`: what the commands print on their way is read, whatever stands between."""

from tools.release.cold_table import Command, Step, span, steps, table

LINES = [
    (0.5, "==> making .venv with Python 3.11.2\n"),
    (3.5, "==> installing uv\n"),
    (5.0, "WARNING: something of pip's\n"),
    (6.5, "==> .venv is ready\n"),
    (7.0, "[  0.0 s] Without a cluster: the quickstart bundle as local processes\n"),
    (9.0, "[   0.1 s] building Kubernetes v1.35.4, CoreDNS, Helm, versitygw ... (usually 6 min cold)\n"),
    (40.0, "[  31.0 s]   812 packages compiled\n"),
    (50.0, "[  41.1 s] making the base image debian (Debian bookworm) with mmdebstrap: done in 34.8 s\n"),
    (300.0, "[ 291.0 s] building Kubernetes v1.35.4, CoreDNS, Helm, versitygw: done in 290.9 s\n"),
    (310.0, "[ 301.0 s] loaded docker.io/model-bundles/runtime:0.1.0 in 9.0 s\n"),
    (900.0, "=========== 1203 passed, 4 skipped in 590.25s (0:09:50) ===========\n"),
]


def test_steps_are_read_with_their_times() -> None:
    assert list(steps(LINES)) == [
        Step("making .venv with Python 3.11.2", 3.0, 3.5),
        Step("installing uv", 3.0, 6.5),
        Step("making the base image debian (Debian bookworm) with mmdebstrap", 34.8, 50.0),
        Step("building Kubernetes v1.35.4, CoreDNS, Helm, versitygw", 290.9, 300.0),
        Step("loaded docker.io/model-bundles/runtime:0.1.0", 9.0, 310.0),
        Step("1203 passed, 4 skipped", 590.25, 900.0),
    ]


def test_what_only_began_is_no_step() -> None:
    assert list(steps([(0.0, "==> installing uv\n"), (1.0, "[   0.5 s] building helm ... (usually 3 min)\n")])) == []


def test_the_table_ends_each_command_with_its_exit_code_and_its_time() -> None:
    text = table(
        [Command("make demo", 0, 311.4, LINES), Command("make test", 2, 12.0), Command("make soak", None, 1.0)]
    )
    rows = text.splitlines()
    assert rows[0].split() == ["step", "took", "ended", "at"]
    assert any(row.startswith("make demo: exit code 0 ") and row.endswith("5 min 11 s") for row in rows)
    assert any(row.startswith("make test: exit code 2 ") and row.endswith("12.0 s") for row in rows)
    assert any(row.startswith("make soak: interrupted ") for row in rows)
    assert len(rows) == 1 + 6 + 3


def test_spans() -> None:
    assert [span(seconds) for seconds in (0.04, 59.94, 60, 61.9, 3599)] == [
        "0.0 s",
        "59.9 s",
        "1 min  0 s",
        "1 min  1 s",
        "59 min 59 s",
    ]
