"""One bundle has one document and one digest, whatever writes it down."""

import hashlib
import json
from datetime import date

import pytest

from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import digest

ARTIFACT = {"uri": "s3://models/a.pkl", "sha256": "a" * 64, "packaging": "cloudpickle", "pythonVersion": "3.11"}
BUNDLE = {"artifact": ARTIFACT, "envParams": {"frameworkType": "pytorch", "pytorchImageTag": "2.4"}}


def digest_of(bundle: dict) -> str:
    return digest(canonical(bundle_document(bundle)))


def test_the_digest_is_the_sha256_of_the_canonical_bytes():
    document = bundle_document(BUNDLE)
    written = canonical(document)
    assert json.loads(written) == document
    assert digest(written) == "sha256:" + hashlib.sha256(written).hexdigest()
    assert written.startswith(b'{"artifact":{"packaging":')


def test_the_digest_of_a_known_bundle_never_changes():
    assert digest_of(BUNDLE) == "sha256:bc619c09378b615f2a4ad7f13c51b2673edd1a059c6ef898e82c6640963212bd"


@pytest.mark.parametrize(
    "same",
    [
        {"requirements": []},
        {"appConfig": {}},
        {"appConfig": None, "env": None, "requestSchema": {}},
        {"loadPredictFn": None},
        {"artifact": {**ARTIFACT, "uri": "file:///elsewhere.pkl", "cloudpickleVersion": None}},
        {"envParams": {"pytorchImageTag": "2.4", "frameworkType": "pytorch", "customBaseImage": {}}},
    ],
)
def test_unset_empty_and_the_uri_change_nothing(same):
    assert digest_of({**BUNDLE, **same}) == digest_of(BUNDLE)


@pytest.mark.parametrize(
    "other",
    [
        {"requirements": ["numpy"]},
        {"appConfig": {"a": None}},
        {"appConfigJSON": "{}"},
        {"env": [{"name": "A", "value": ""}]},
        {"artifact": {**ARTIFACT, "sha256": "b" * 64}},
    ],
)
def test_what_changes_the_run_changes_the_digest(other):
    assert digest_of({**BUNDLE, **other}) != digest_of(BUNDLE)


def test_a_variable_without_a_value_is_an_empty_one():
    assert digest_of({**BUNDLE, "env": [{"name": "A"}]}) == digest_of({**BUNDLE, "env": [{"name": "A", "value": ""}]})


def test_one_and_one_point_zero_are_one_number():
    assert digest_of({**BUNDLE, "appConfig": {"a": 1}}) == digest_of({**BUNDLE, "appConfig": {"a": 1.0}})


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ({"appConfig": {"a": [{"b": 2**53}]}}, r"\$\.appConfig\.a\[0\]\.b is 9007199254740992.*appConfigJSON"),
        ({"appConfig": {"a": -(2**53)}}, r"\$\.appConfig\.a"),
        ({"appConfig": {"a": 1e20}}, r"\$\.appConfig\.a"),
        ({"requestSchema": {"maximum": 2**60}}, r"\$\.requestSchema\.maximum.*as a string"),
        ({"appConfig": {"a": float("nan")}}, r"\$\.appConfig\.a is nan"),
        ({"appConfig": {"a": float("inf")}}, r"\$\.appConfig\.a is inf"),
        ({"appConfig": {"a": date(2024, 1, 1)}}, r"\$\.appConfig\.a is a date.*quotes"),
        ({"appConfig": {True: 1}}, r"\$\.appConfig has the key True.*quotes"),
        ({"appConfig": {"a": "\ud800"}}, r"\$\.appConfig\.a holds half a surrogate"),
        ({"appConfig": {"a": 1}, "appConfigJSON": "{}"}, "set one of them"),
        ({"cloneFrom": {"name": "base"}}, "clone"),
        ({"requirement": ["x"]}, r"\$\.requirement is not a field"),
        ({"artifact": {"sha265": "x"}}, r"\$\.artifact\.sha265 is not a field"),
        ({"artifact": "s3://x"}, r"\$\.artifact must be an object"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_path(bundle, said):
    with pytest.raises(ValueError, match=said):
        canonical(bundle_document({**BUNDLE, **bundle}))


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53 - 1), 0.1, 1e-300, 12345.678])
def test_exact_numbers_pass(number):
    assert json.loads(canonical(bundle_document({**BUNDLE, "appConfig": {"a": number}})))["appConfig"]["a"] == number
