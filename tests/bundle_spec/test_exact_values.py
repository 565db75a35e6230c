"""The words for values that a tool on the way would change; test_canonical.py has those without a canonical form."""

import pytest

from bundle_spec.exact_values import DEEPEST, check_canonical, check_survives, read_config_json


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"appConfig": {"a": None}}, r"\$\.appConfig\.a is null, which kubectl apply drops .*appConfigJSON"),
        ({"appConfig": {"a": [None]}}, r"\$\.appConfig\.a\[0\] is null"),
        ({"appConfig": {"a.b": None}}, r'\$\.appConfig\["a\.b"\] is null'),
        ({"requestSchema": {"default": None}}, r"\$\.requestSchema\.default is null.*type: \"null\""),
        ({"appConfig": {"a": 1.0}}, r"\$\.appConfig\.a is 1\.0, which comes back .* as the integer 1: .*appConfigJSON"),
        ({"requestSchema": {"minimum": -0.0}}, r"\$\.requestSchema\.minimum is -0\.0.*write 0"),
        ({"spec": {"bundle": {"appConfig": {"a": 1.0}}}}, r"\$\.spec\.bundle\.appConfig\.a is 1\.0.*appConfigJSON"),
        ({"appConfig": {"a": 2**53}}, r"\$\.appConfig\.a is 9007199254740992, outside .*appConfigJSON"),
    ],
)
def test_what_does_not_survive_is_refused_with_its_path(value, said):
    with pytest.raises(ValueError, match=said):
        check_survives(value)


@pytest.mark.parametrize("levels", [DEEPEST + 1, 500, 100_000])
@pytest.mark.parametrize("check", [check_canonical, check_survives])
@pytest.mark.parametrize(
    "wrap", [lambda below: [below], lambda below: {"a": below}, lambda below: {"a" * 90: (below,)}]
)
def test_what_is_nested_too_deep_is_refused_before_a_parser_meets_it(levels, check, wrap):
    value = 1
    for _ in range(levels):
        value = wrap(value)
    with pytest.raises(ValueError, match=f"nested more than {DEEPEST} levels deep: put such a value into the artifact"):
        check(value)


@pytest.mark.parametrize("value", [{"a": None}, {"a": 1.0}])
def test_what_a_writer_would_change_may_still_have_a_canonical_form(value):
    check_canonical(value)


@pytest.mark.parametrize("value", [0.1, -1e-7, 2**53 - 1, True, "1.0", "", [], {}])
def test_what_survives_passes(value):
    check_survives({"a": value})


@pytest.mark.parametrize("text", ["{", "[]", "1", '{"a": NaN}', None, {"a": 1}])
def test_config_that_is_no_json_object_is_refused(text):
    with pytest.raises(ValueError, match=r"\$\.appConfigJSON"):
        read_config_json(text)
    assert read_config_json('{"a": 1.0}') == {"a": 1.0}
