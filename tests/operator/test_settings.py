"""Settings: defaults without a word, and an error that names the variable."""

import re

import pytest
from modelbundle_operator.settings import Settings, SettingsError, table


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environment({}) == Settings()


def test_empty_values_count_as_unset():
    assert Settings.from_environment({"MODELBUNDLE_WORKERS": " ", "MODELBUNDLE_RUNTIME_IMAGE": ""}) == Settings()


def test_values_are_read():
    settings = Settings.from_environment(
        {
            "MODELBUNDLE_WATCH_NAMESPACES": "b, a,,b",
            "MODELBUNDLE_WORKERS": "3",
            "MODELBUNDLE_IMAGE_MIRROR": "mirror.local/hub/",
            "MODELBUNDLE_PACKAGE_INDEX": "http://index.local:8080/simple/",
        }
    )
    assert settings.watch_namespaces == ("a", "b")
    assert settings.workers == 3
    assert settings.image_mirror == "mirror.local/hub"
    assert settings.package_index == "http://index.local:8080/simple/"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MODELBUNDLE_WORKERS", "0"),
        ("MODELBUNDLE_WORKERS", "many"),
        ("MODELBUNDLE_DRAIN_SECONDS", "-1"),
        ("MODELBUNDLE_RESYNC_SECONDS", "1.5"),
        ("MODELBUNDLE_IMAGE_PULL_POLICY", "always"),
        ("MODELBUNDLE_PACKAGE_INDEX", "pypi.org/simple"),
        ("MODELBUNDLE_WATCH_NAMESPACES", "team-*"),
        ("MODELBUNDLE_WATCH_NAMESPACES", "team-a,!team-b"),
        ("MODELBUNDLE_WATCH_NAMESPACES", "team-a;team-b"),
        ("MODELBUNDLE_WATCH_NAMESPACES", "a" * 64),
        ("MODELBUNDLE_LEASE_NAMESPACE", "system/leases"),
        ("MODELBUNDLE_ARTIFACT_SECRET", "My Secret"),
        ("MODELBUNDLE_RUNTIME_IMAGE", "https://registry.example/runtime:1"),
        ("MODELBUNDLE_IMAGE_MIRROR", "https://mirror.example/hub"),
        ("MODELBUNDLE_PYTORCH_REPOSITORY", "pytorch / pytorch"),
        ("MODELBUNDLE_LOG_LEVEL", "verbose"),
        ("MODELBUNDLE_CA_CONFIG_MAP", "Company_CA"),
        ("MODELBUNDLE_CA_KEY", "../ca.crt"),
        ("MODELBUNDLE_HTTPS_PROXY", "proxy.example:3128"),
        ("MODELBUNDLE_HTTP_PROXY", "http://proxy.example:3128/path"),
        ("MODELBUNDLE_NO_PROXY", "a.example;b.example"),
        ("MODELBUNDLE_EXTRA_PACKAGE_INDEXES", "https://own.example/simple,own.example"),
        ("MODELBUNDLE_PACKAGE_INDEX_STRATEGY", "best"),
        ("MODELBUNDLE_PACKAGE_INDEX_SECRET", "My_Index"),
        ("MODELBUNDLE_S3_ADDRESSING_STYLE", "host"),
        ("MODELBUNDLE_S3_SIGNATURE_VERSION", "v2"),
        ("MODELBUNDLE_POD_IMAGE_PULL_SECRETS", "registry,Other_One"),
        ("MODELBUNDLE_POD_IDS", "openshift"),
        ("MODELBUNDLE_POD_TOLERATIONS", "models"),
        ("MODELBUNDLE_POD_TOLERATIONS", "{}"),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"kei": "models"}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"key": "models", "effect": "Never"}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"key": "models", "operator": "Exists", "value": "x"}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"value": "x"}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"key": "models", "tolerationSeconds": 9}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"key": "a", "effect": "NoExecute", "tolerationSeconds": true}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", f'[{{"key": "a", "effect": "NoExecute", "tolerationSeconds": {10**20}}}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"key": "a pool", "operator": "Exists"}]'),
        ("MODELBUNDLE_POD_TOLERATIONS", '[{"key": "pool", "value": "of models"}]'),
        ("MODELBUNDLE_POD_LABELS", '["team"]'),
        ("MODELBUNDLE_POD_LABELS", '{"team": true}'),
        ("MODELBUNDLE_POD_LABELS", '{"team": "a team"}'),
        ("MODELBUNDLE_POD_LABELS", '{"modelbundle.dev/bundle": "a"}'),
        ("MODELBUNDLE_POD_LABELS", '{"app.kubernetes.io/managed-by": "Helm"}'),
        ("MODELBUNDLE_POD_ANNOTATIONS", '{"a note": "x"}'),
        ("MODELBUNDLE_POD_ANNOTATIONS", '{"container.apparmor.security.beta.kubernetes.io/worker": "unconfined"}'),
    ],
)
def test_a_bad_value_names_its_variable(variable, value):
    with pytest.raises(SettingsError, match=re.escape(f"{variable}={value!r} is not usable")):
        Settings.from_environment({variable: value})


@pytest.mark.parametrize("userinfo", ["user:secret@", "secret@", ":secret@"])
def test_a_password_in_the_index_is_refused_and_not_repeated(userinfo):
    with pytest.raises(SettingsError, match="MODELBUNDLE_PACKAGE_INDEX holds a user name or password") as error:
        Settings.from_environment({"MODELBUNDLE_PACKAGE_INDEX": f"https://{userinfo}index.example/simple"})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MODELBUNDLE_HTTPS_PROXY", "http://user:secret@proxy.example:3128"),
        ("MODELBUNDLE_EXTRA_PACKAGE_INDEXES", "https://a.example/simple,https://user:secret@b.example/simple"),
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(variable, value):
    with pytest.raises(SettingsError, match=f"{variable} is not usable: (it|one) holds a user name") as error:
        Settings.from_environment({variable: value})
    assert "secret" not in str(error.value)


def test_the_table_explains_every_variable():
    assert len({variable for variable, _, _ in table()}) == len(table()) > 10
    assert all(variable.startswith("MODELBUNDLE_") and text.endswith(".") for variable, _, text in table())
