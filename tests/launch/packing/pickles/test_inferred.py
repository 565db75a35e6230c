"""Which packages are found to be needed, from real pickles and from packages installed below a directory.

These run under each Python that users have, too: tests/launch/packing/test_pythons.py.
"""

from __future__ import annotations

import importlib
import json
import pickle
import sys

import cloudpickle
import pytest

from launch.packing.pickles.inferred import inferred_requirements, without_framework
from launch.packing.pickles.pickle_names import module_names
from launch.packing.pickles.pickling import pickle_to


def from_main(source, **names):
    """The names that the source makes when it is a script or a notebook."""
    names["__name__"] = "__main__"
    exec(source, names)
    return names


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A directory of packages: install(name, version, {path: text}, direct_url)."""
    site = tmp_path / "site-packages"
    before = set(sys.modules)
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(name, version, files, direct_url=None, below=site, top_level=None):
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        for path, text in files.items():
            (below / path).parent.mkdir(parents=True, exist_ok=True)
            (below / path).write_text(text)
        lines = [f"{path},," for path in files if below == site]
        (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/METADATA,,"]))
        if direct_url:
            (info / "direct_url.json").write_text(json.dumps(direct_url))
        if top_level:
            (info / "top_level.txt").write_text(top_level)
        importlib.invalidate_caches()

    yield install
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def inferred(tmp_path):
    def infer(content, globals_copy=None):
        file = tmp_path / "bundle.pkl"
        pickle_to(file, content, globals_copy)
        return inferred_requirements(content, file)

    return infer


def learn(install):
    install(
        "Scikit-Learnt", "1.5.2", {"learnt/__init__.py": "class Model:\n    pass\ndef fit():\n    return Model()\n"}
    )


def test_functions_of_the_standard_library_need_nothing(inferred):
    names = from_main("import json, os.path\ndef fn(x):\n    import collections.abc\n    return json, os.path, len\n")
    assert inferred(names["fn"]) == ([], [])


@pytest.mark.parametrize(
    "source",
    [
        "import learnt\ndef fn(x):\n    return learnt.fit()\n",
        "import learnt as other\ndef fn(x):\n    return other\n",
        "from learnt import fit\ndef fn(x):\n    return fit()\n",
        "def fn(x):\n    import learnt\n    return learnt\n",
        "def fn(x):\n    from learnt import fit as f\n    return lambda: f()\n",
        "def fn(x):\n    def inner():\n        import learnt\n    return inner\n",
        "def helper():\n    import learnt\ndef fn(x):\n    return helper()\n",
        "class Base:\n    def go(self):\n        import learnt\nclass C(Base):\n    pass\ndef fn(x):\n    return C()\n",
        "import functools\ndef helper(a):\n    import learnt\nfn = functools.partial(helper, 1)\n",
        "class C:\n    def __call__(self):\n        import learnt\nfn = C()\n",
        "class C:\n    @staticmethod\n    def go():\n        import learnt\n    __call__ = go\nfn = C\n",
        "import learnt\nmodel = learnt.fit()\ndef fn(x):\n    return model\n",
        "import learnt\nmodel = learnt.fit()\ndef make():\n    inner = model\n    return lambda: inner\nfn = make()\n",
        "def fn(x):\n    " + "\n    ".join(f"n{n} = {n}.5" for n in range(300)) + "\n    import learnt\n",
    ],
)
def test_what_the_functions_use_is_pinned(installed, inferred, source):
    learn(installed)
    assert inferred(from_main(source)["fn"]) == (["Scikit-Learnt==1.5.2"], [])


def test_what_they_do_not_use_is_left_out(installed, inferred):
    learn(installed)
    names = from_main("import learnt, pytest\ndef fn(x):\n    return x\n")
    assert inferred(names["fn"], names) == ([], [])


def test_a_model_of_a_package_needs_it(installed, inferred):
    learn(installed)
    names = from_main("import learnt\ndef load_predict_fn(model):\n    return model\n")
    content = {"model": [names["learnt"].fit()] * 3, "load_predict_fn": names["load_predict_fn"]}
    assert inferred(content) == (["Scikit-Learnt==1.5.2"], [])


def test_the_version_is_the_public_one_and_the_list_is_sorted(installed, inferred):
    learn(installed)
    installed("torchy", "2.1.0+cu121", {"torchy.py": ""}, top_level="torchy\n")
    names = from_main("def fn(x):\n    import torchy, learnt\n")
    assert inferred(names["fn"]) == (["Scikit-Learnt==1.5.2", "torchy==2.1.0"], [])


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("from cloudy.store import Client", "cloudy-store"),
        ("from cloudy import queue", "cloudy-queue"),
        ("import cloudy.queue.inner", "cloudy-queue"),
    ],
)
def test_packages_that_share_a_namespace_are_told_apart(installed, inferred, line, package):
    installed("cloudy-store", "1", {"cloudy/store/__init__.py": "class Client: pass\n"})
    installed("cloudy-queue", "2", {"cloudy/queue/__init__.py": "", "cloudy/queue/inner.py": ""})
    requirements, warnings = inferred(from_main(f"def fn(x):\n    {line}\n")["fn"])
    assert [entry.partition("==")[0] for entry in requirements] == [package]
    assert warnings == []


@pytest.fixture
def own_module(tmp_path, monkeypatch, installed):
    learn(installed)
    own = tmp_path / "own"
    own.mkdir()
    (own / "my_helpers.py").write_text("import learnt\ndef helper(x):\n    import pickle\n    return learnt.fit()\n")
    monkeypatch.syspath_prepend(str(own))
    importlib.invalidate_caches()
    return own


def test_a_file_of_the_users_own_is_said_to_be_missing_there(own_module, inferred):
    names = from_main("from my_helpers import helper\ndef fn(x):\n    return helper(x)\n")
    requirements, warnings = inferred(names["fn"])
    assert requirements == []
    assert len(warnings) == 1
    assert "refer to the module my_helpers, which is in no package" in warnings[0]
    assert "globals_copy=globals()" in warnings[0]
    assert "from_dirs" in warnings[0]


def test_a_file_pickled_by_value_is_looked_into(own_module, inferred):
    names = from_main("import my_helpers\ndef fn(x):\n    return my_helpers.helper(x)\n")
    assert inferred(names["fn"], names) == (["Scikit-Learnt==1.5.2"], [])


def test_what_is_not_installed_here_is_said(inferred):
    requirements, warnings = inferred(from_main("def fn(x):\n    import no_such_package.inner\n")["fn"])
    assert requirements == []
    assert warnings == [
        "the functions import no_such_package, which is not installed here: add its package to requirements, or to "
        "the image"
    ]


@pytest.mark.parametrize(
    ("direct_url", "requirements", "said"),
    [
        ({"url": "file:///home/me/mine", "dir_info": {"editable": True}}, [], "installed from file:///home/me/mine"),
        ({"url": "https://host/mine.git", "vcs_info": {"vcs": "git"}}, [], "installed from https://host/mine.git"),
        ({"url": "https://host/mine-1.zip", "archive_info": {}}, ["mine @ https://host/mine-1.zip"], None),
    ],
)
def test_a_package_that_no_index_has_is_said_to_be_one(installed, inferred, direct_url, requirements, said):
    installed("mine", "1", {"mine.py": ""}, direct_url=direct_url)
    found, warnings = inferred(from_main("def fn(x):\n    import mine\n")["fn"])
    assert found == requirements
    assert [said in warning for warning in warnings] == ([True] if said else [])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_each_protocol_of_pickle_is_read(tmp_path, protocol):
    value = [cloudpickle.CloudPickler, json.JSONDecoder, b"x" * 100_000, "pytest", {"a": json.JSONEncoder}, 1.5, 2**70]
    file = tmp_path / "bundle.pkl"
    file.write_bytes(pickle.dumps(value, protocol))
    found = module_names(file) - {"_codecs", "builtins", "__builtin__"}
    assert found == {"cloudpickle.cloudpickle", "json.decoder", "json.encoder"}


def test_a_name_that_comes_again_is_read_from_the_memo(tmp_path):
    names = from_main("import json, csv\ndef one():\n    return json, csv\ndef two():\n    return csv, json\n")
    file = tmp_path / "bundle.pkl"
    pickle_to(file, [names["one"], names["two"], json.JSONDecoder, json.decoder.JSONDecodeError])
    assert {"json", "csv", "json.decoder"} <= module_names(file)


def test_what_is_no_pickle_is_refused(tmp_path):
    (tmp_path / "bundle.pkl").write_bytes(b"\x80\x05\xff")
    with pytest.raises(ValueError, match="is not a pickle: byte 3"):
        module_names(tmp_path / "bundle.pkl")


def test_a_big_model_is_skipped_and_not_read(tmp_path):
    file = tmp_path / "bundle.pkl"
    before, after = pickle.dumps(json.JSONDecoder, 4)[:-1], pickle.dumps(json.JSONEncoder, 4)[2:]
    with file.open("wb") as written:
        written.write(before + b"\x8e" + (1 << 40).to_bytes(8, "little"))
        written.seek(1 << 40, 1)  # a hole: no disk is taken
        written.write(after)
    assert module_names(file) == {"json.decoder", "json.encoder"}


@pytest.mark.parametrize(
    ("framework_type", "left"),
    [
        ("pytorch", ["numpy==1.26.4", "tensorflow==2.3.0"]),
        ("tensorflow", ["numpy==1.26.4", "torch==2.1.0", "torchvision==0.16"]),
        ("custom_base_image", ["numpy==1.26.4", "tensorflow==2.3.0", "torch==2.1.0", "torchvision==0.16"]),
    ],
)
def test_what_the_framework_s_image_brings_is_not_pinned(framework_type, left):
    found = ["numpy==1.26.4", "tensorflow==2.3.0", "torch==2.1.0", "torchvision==0.16"]
    assert without_framework(found, framework_type) == left
