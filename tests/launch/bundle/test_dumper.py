"""What our dumper writes is the same value to three readers: ours, a YAML 1.1 reader (PyYAML) and kubectl's own."""

import json
import os
import shutil
import subprocess

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from launch.bundle.manifest import dump, parse
from tools.local_cluster import golang

BUILT = golang.bin_directory() / "kubectl"
KUBECTL = shutil.which("kubectl") or (str(BUILT) if BUILT.exists() else None)

# what one reader or another takes for something else than text, and what lies near it
WORDS = [
    "y",
    "Y",
    "n",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "null",
    "Null",
    "~",
    "=",
    "<<",
    ".",
    "-",
    "---",
    "...",
]
TEXTS = st.one_of(
    st.text(),
    st.sampled_from(WORDS),
    st.from_regex(r"[-+]?[0-9_]{0,4}[.:eExXob]?[-+]?[0-9_:.]{0,6}", fullmatch=True),
    st.from_regex(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}Z?)?", fullmatch=True),
    st.text(alphabet="!&*-?|>@`%{}[],#:'\" \t\n\r\x85\u2028\ufeffa"),
)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: number != int(number)
)
BARE = st.from_regex(
    r"[-+]?[0-9._][0-9_]{0,4}([.bBoOxX_][0-9a-fA-F_]{0,4})?([eE][-+]?[0-9]{1,2})?", fullmatch=True
).filter(lambda text: text not in (".", "-.", "+."))
VALUES = st.recursive(
    st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def manifest(value: object) -> dict:
    return {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelBundle", "metadata": {"name": "a"}, "spec": value}


def exactly(value: object) -> str:
    """1 is not True and 1.0 is not 1."""
    return json.dumps(value, sort_keys=True)


@given(VALUES)
@example("a line separator\nat the end\u2028")
def test_our_reader_and_a_yaml_1_1_reader_give_the_value_back(value):
    text = dump(manifest(value))
    assert text.endswith("\n")  # whatever comes next begins a line of its own
    assert exactly(parse(text, "file")) == exactly([manifest(value)])
    assert exactly(yaml.safe_load(text)) == exactly(manifest(value))


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl here: make cluster builds one")
def test_kubectl_gives_the_value_back():
    """Some hundred documents a process, as its start costs more than reading them. --local: no server is asked."""
    values: list[object] = []

    @settings(max_examples=400, database=None)
    @given(TEXTS | NUMBERS | VALUES)
    def collect(value):
        values.append(value)

    collect()
    found = as_kubectl_reads(*(dump(manifest({"value": value})) for value in values))
    assert len(found) == len(values)
    for value, back in zip(values, found, strict=True):
        assert exactly(back) == exactly(value), dump(manifest({"value": value}))


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl here: make cluster builds one")
def test_we_read_bare_scalars_as_kubectl_does():
    texts: list[str] = [
        "08",
        "-0",
        "+_634",
        "1_0",
        "0b1",
        "-0x1F",
        "0X1f",
        "0o17",
        "017",
        ".5_0",
        "1e3",
        "1E+3",
        "0.",
        "._1",
    ]

    @settings(max_examples=400, database=None)
    @given(BARE)
    def collect(value):
        texts.append(value)

    collect()
    documents = [dump(manifest({"value": "V"})).replace(": V\n", f": {text}\n") for text in texts]
    for text, document, back in zip(texts, documents, as_kubectl_reads(*documents), strict=True):
        value = parse(document, "file")[0]["spec"]["value"]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) or abs(value) < 2**53:  # larger ones are refused by every reader
            assert exactly(back) == exactly(value), text


def as_kubectl_reads(*documents: str) -> list[object]:
    command = [str(KUBECTL), "label", "--local", "-f", "-", "a=b", "-o", "json", "--kubeconfig", os.devnull]
    done = subprocess.run(command, input="---\n".join(documents).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return kubectls_values(done.stdout.decode())


def kubectls_values(text: str) -> list[object]:
    found, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        read, end = decoder.raw_decode(text)
        found.append(read["spec"]["value"])
        text = text[end:]
    return found
