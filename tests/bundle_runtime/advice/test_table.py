"""The table of known failures: each row has a sample, no two rows speak about one, and what they say is of use."""

from __future__ import annotations

import errno
import re
from collections import Counter

import pytest

from bundle_runtime.advice import stores
from bundle_runtime.advice.row import (
    ANY,
    FIELDS,
    KIND,
    ONE,
    PACK,
    PAGE,
    PHASES,
    SERVING,
    Row,
    Symptom,
    World,
    fits,
    worded,
)
from bundle_runtime.advice.table import TABLE, advice, fitting
from tests.bundle_runtime.advice import code_failures, file_failures, hub_failures, pickle_failures
from tests.bundle_runtime.advice.field import cases
from tests.bundle_runtime.advice.stand_ins import MORE, STAND_INS, StandIn

REAL = (
    *file_failures.FAILURES,
    *pickle_failures.FAILURES,
    *code_failures.FAILURES,
    *hub_failures.FAILURES,
    *cases.FAILURES,
)
ALL_STAND_INS = (*STAND_INS, *cases.STANDING_IN)
# nothing of a bundle is to be changed: a store, a mesh, or there is none yet
ELSEWHERE = {row.code for row in TABLE if row in stores.ROWS or row.phases == (PACK,)} | {"mesh-before-proxy"}
WITH_NEW_CODE = "scipy in the image or in spec.bundle.requirements"  # which is another artifact, and no clone
LONGEST = 620  # the operator keeps the last 1000 characters of a report, the report itself the last third of 2048

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def test_codes_are_names_that_a_page_can_have_as_anchors() -> None:
    assert [code for code, count in Counter(row.code for row in TABLE).items() if count > 1] == []
    assert [row.code for row in TABLE if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", row.code)] == []


def test_each_row_has_one_sample_real_or_a_stand_in() -> None:
    samples = Counter([failure.code for failure in REAL] + [sample.code for sample in ALL_STAND_INS])
    assert samples == Counter(row.code for row in TABLE)


def test_there_are_phases_ranks_and_patterns_that_exist() -> None:
    for row in TABLE:
        assert row.phases, row.code
        assert set(row.phases) <= set(PHASES), row.code
        assert row.rank in (ONE, KIND, ANY), row.code
        assert row.error or row.text or row.asks or row.rank == ANY, f"{row.code} would fit everything"
        re.compile(row.error)
        re.compile(row.text)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
def test_words_are_of_bounded_length_and_end_with_the_code(row: Row) -> None:
    names = set(re.findall(r"\{(\w+)\}", row.what + row.do))
    said = worded(row, dict.fromkeys(names, "x" * 1000), World()).text
    assert said.endswith(f"[{PAGE}#{row.code}]")
    assert len(said) - 80 * len(re.findall(r"\{\w+\}", row.what + row.do)) <= LONGEST, len(said)
    assert row.do.strip()[-1] in ".)", "a sentence"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
def test_a_row_says_whether_its_fix_takes_a_new_bundle(row: Row) -> None:
    """In the same words wherever it does; requirements, the image and env are in spec.bundle, which is immutable."""
    said = worded(row, {}, World()).text
    if row.code not in ELSEWHERE and row.edits != (SERVING,):
        clone = ", or `modelbundle clone` with that change| \\(`modelbundle clone`, if the artifact stays\\)"
        assert re.search(rf"make a new bundle({clone})?: spec\.bundle is imm", said)
    assert ("spec.serving can be edited in place" in said) == (SERVING in row.edits)
    assert SERVING in row.edits or not re.search(r"spec\.serving\.(?!maxConcurrency)", row.do), said
    alone = row.do.replace(WITH_NEW_CODE, "")
    if row.phases != (PACK,):
        assert "requirements" not in row.what + row.do or "spec.bundle.requirements" in row.what + row.do, said
        assert FIELDS in row.edits or not re.search(r"\{image\}|requirements|spec\.bundle\.env", alone), said
    assert not re.search(r"\benvParams\b(?!\.\w|:)", said), "which field of it"


def test_the_image_is_named_by_the_field_that_the_bundle_has() -> None:
    symptom = Symptom("unpickle", "No module named 'numpy._core'", ("ModuleNotFoundError",), "numpy._core")
    said = [
        advice([symptom], World(version=lambda package: "1.26.4", framework=framework))
        for framework in ("pytorch", "tensorflow", "custom_base_image", "")
    ]
    fields = [re.findall(r"\((spec\.bundle\.envParams[^)]*)\)", one.text) for one in said if one]
    assert fields == [
        ["spec.bundle.envParams.pytorchImageTag"],
        ["spec.bundle.envParams.tensorflowVersion"],
        ["spec.bundle.envParams.customBaseImage"],
        ["spec.bundle.envParams: pytorchImageTag, tensorflowVersion or customBaseImage"],
    ]


def test_while_a_bundle_is_packed_there_is_none_to_replace() -> None:
    symptom = Symptom("unpickle", "cannot instantiate 'WindowsPath' on your system", ("NotImplementedError",))
    packing, loading = advice([symptom], World(packing=True)), advice([symptom], World())
    assert packing
    assert loading
    assert (
        loading.text.replace(" Then make a new bundle: spec.bundle is immutable.", "") == packing.text != loading.text
    )


def test_a_shortage_of_memory_names_what_there_is() -> None:
    symptom = Symptom("load", "", ("MemoryError", "Exception"))
    limited, free, unknown = (
        advice([symptom], world)
        for world in (World(memory="2.0 GiB", node_memory="31.0 GiB"), World(node_memory="31.0 GiB"), World())
    )
    assert limited
    assert free
    assert unknown
    assert "the container got none (its limit, spec.serving.resources.memory, is 2.0 GiB)." in limited.text
    assert "the container got none (it has no limit: its node's 31.0 GiB are short)." in free.text
    assert "the container got none." in unknown.text


def test_a_write_that_names_no_file_is_told_by_what_has_no_room_left() -> None:
    """OSError of write() has no file name."""
    write = Symptom("load", "[Errno 28] No space left on device", ("OSError", "Exception"), errno=errno.ENOSPC)
    shared, disk = advice([write], World(is_full=lambda path: path == "/dev/shm")), advice([write], World())
    assert shared
    assert disk
    assert shared.code == "shared-memory"
    assert "spec.serving.sizeLimits.shm or, without that, spec.serving.resources.memory" in shared.text
    assert disk.code == "disk-full"
    assert "spec.serving.sizeLimits.shm" in disk.text, "what was written there may be gone already"
    named = advice([write._replace(path="/tmp/x")], World(is_full=lambda path: path == "/dev/shm"))
    assert named
    assert named.code == "disk-full"
    assert alone(write, World(is_full=lambda path: True))


@pytest.mark.parametrize(
    "symptom",
    [
        Symptom("load", "", ("FileNotFoundError", "OSError"), errno=errno.ENOENT, path=f"{ACCOUNT}/token"),
        Symptom("load", "", ("FileNotFoundError", "OSError"), errno=errno.ENOENT, path=f"{ACCOUNT}/ca.crt"),
        Symptom("load", "Service token file does not exist.", ("ConfigException", "Exception")),
    ],
)
def test_the_token_that_pods_are_not_given_is_named(symptom: Symptom) -> None:
    found = advice([symptom], World())
    assert found
    assert found.code == "service-account-token"
    assert alone(symptom, World())


def test_a_processor_that_is_not_known_can_be_asked_for() -> None:
    text = "libscore.so: wrong ELF class: ELFCLASS32"
    symptom = Symptom("load", text, ("OSError", "Exception"))
    known, unknown = advice([symptom], World(machine="aarch64")), advice([symptom], World())
    assert known
    assert unknown
    assert "the node's processor (aarch64)" in known.text
    assert "the node's processor (see `kubectl get nodes -L kubernetes.io/arch`)" in unknown.text


@pytest.mark.parametrize("sample", [*ALL_STAND_INS, *MORE], ids=lambda sample: sample.code)
def test_one_row_alone_speaks_about_a_stand_in(sample: StandIn) -> None:
    said = advice([sample.symptom], sample.world)
    assert said is not None
    assert said.code == sample.code
    assert alone(sample.symptom, sample.world)


def alone(symptom: Symptom, world: World) -> bool:
    """No two rows of the lowest rank fit."""
    ranks = [row.rank for row in fitting(symptom, world)]
    return ranks.count(min(ranks)) == 1


def test_the_cause_speaks_where_what_was_made_of_it_says_nothing() -> None:
    outer = Symptom("load", "no model", ("RuntimeError", "Exception"))
    cause = Symptom("load", "libGL.so.1: cannot open shared object file", ("ImportError", "Exception"))
    said = advice([outer, cause], World())
    assert said is not None
    assert said.code == "libgl"
    assert fits(next(row for row in TABLE if row.code == "libgl"), outer, World()) is None


def test_what_the_text_did_not_say_is_left_open() -> None:
    row = Row("x", ("load",), "It lacks {name}.", "Add {name}.", text="(?P<name>a)|b")
    values = fits(row, Symptom("load", "b"), World())
    assert values == {}
    assert worded(row, {}, World()).text.startswith("It lacks .... Add ....")


def test_a_value_keeps_the_space_before_it() -> None:
    said = advice([Symptom("ended", "worker ran out of memory")], World(memory="2Gi"))
    assert said is not None
    assert said.text.startswith("container worker ran out of memory (its limit is 2Gi). ")
