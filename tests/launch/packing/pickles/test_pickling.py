"""What is pickled and how: the three ways, modules by value for one call, and the name of what cannot be pickled.

These run under each Python that users have, too: tests/launch/packing/test_pythons.py.
"""

from __future__ import annotations

import hashlib
import importlib
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import cloudpickle
import pytest

from launch.errors import InvalidBundleError, NotPicklableError, WrongTypeError
from launch.packing.pickles.pickling import bundle_content, pickle_to

ROOT = Path(__file__).resolve().parents[4]


def from_main(source, **names):
    """The names that the source makes when it is a script or a notebook."""
    names["__name__"] = "__main__"
    exec(source, names)
    return names


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """A package of the user's beside the script, importable while it is packed."""
    package = tmp_path / "own" / "my_own_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from my_own_package.inner import twice\n")
    (package / "inner.py").write_text("def twice(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(str(package.parent))
    importlib.invalidate_caches()
    yield importlib.import_module("my_own_package")
    forget_own_module()


def forget_own_module():
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_own_package"]:
        del sys.modules[name]


def load(path):
    with path.open("rb") as file:
        return pickle.load(file)


class Predictor:
    def __call__(self, x):
        return x


class NotCallable:
    pass


def fn(x):
    return x


@pytest.mark.parametrize(
    ("given", "content"),
    [
        ({"model": 1, "load_predict_fn": fn}, {"model": 1, "load_predict_fn": fn}),
        ({"load_model_fn": fn, "load_predict_fn": fn}, {"load_model_fn": fn, "load_predict_fn": fn}),
        ({"predict_fn_or_cls": fn}, fn),
        ({"predict_fn_or_cls": Predictor}, Predictor),
        ({"model": None, "load_model_fn": fn, "load_predict_fn": fn}, {"load_model_fn": fn, "load_predict_fn": fn}),
    ],
)
def test_there_are_three_ways(given, content):
    assert bundle_content(**given) == content


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"model": 1},
        {"load_predict_fn": fn},
        {"load_predict_fn": fn, "model": None},
        {"load_model_fn": fn},
        {"model": 1, "load_model_fn": fn},
        {"model": 1, "load_model_fn": fn, "load_predict_fn": fn},
        {"predict_fn_or_cls": fn, "model": 1},
        {"predict_fn_or_cls": fn, "load_predict_fn": fn, "model": 1},
    ],
)
def test_both_or_neither_is_refused_with_what_was_given(given):
    names = ", ".join(name for name in given if given[name] is not None)
    with pytest.raises(InvalidBundleError, match=r"alone; given: .*None is as if not given") as refused:
        bundle_content(**given)
    assert all(name in str(refused.value).partition("given: ")[2] for name in names.split(", "))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"predict_fn_or_cls": 1}, "predict_fn_or_cls is a int"),
        ({"load_predict_fn": "predict.fn", "model": 1}, "load_predict_fn is a str"),
        ({"load_predict_fn": fn, "load_model_fn": {}}, "load_model_fn is a dict"),
        ({"predict_fn_or_cls": NotCallable}, "class NotCallable, whose objects cannot be called"),
        ({"predict_fn_or_cls": NotCallable()}, "predict_fn_or_cls is a NotCallable"),
    ],
)
def test_what_cannot_be_called_is_a_type_error(given, said):
    with pytest.raises(WrongTypeError, match=said):
        bundle_content(**given)


def test_a_pickle_is_measured_and_names_what_wrote_it(tmp_path):
    names = from_main("def load_predict_fn(model):\n    return lambda x: model * x\n")
    done = pickle_to(tmp_path / "bundle.pkl", {"model": 3, "load_predict_fn": names["load_predict_fn"]})
    data = done.path.read_bytes()
    assert (done.packaging, done.size, done.sha256) == ("cloudpickle", len(data), hashlib.sha256(data).hexdigest())
    assert done.python_version == "{}.{}".format(*sys.version_info[:2])
    assert done.cloudpickle_version == cloudpickle.__version__
    content = load(done.path)
    assert content["load_predict_fn"](content["model"])(2) == 6


def test_the_same_functions_give_the_same_bytes(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom launch.packing.pickles.pickling import pickle_to\nSCALE = 2\n"
        "def load_model_fn():\n    return lambda x: x * SCALE\n"
        "def load_predict_fn(model):\n    def predict(x: int) -> int:\n        return model(x)\n    return predict\n"
        "content = {'load_model_fn': load_model_fn, 'load_predict_fn': load_predict_fn}\n"
        "print(pickle_to(Path(sys.argv[1]), content).sha256)\n"
    )
    (tmp_path / "script.py").write_text(script)
    run = [sys.executable, "script.py", str(tmp_path / "bundle.pkl")]
    environment = {"PYTHONPATH": ":".join([str(ROOT), *filter(None, sys.path)])}
    found = {
        subprocess.run(
            run, cwd=tmp_path, env={**environment, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


def test_a_module_in_globals_copy_goes_by_value(tmp_path, own_module):
    names = from_main("def predict(x):\n    return my_own_package.twice(x)\n", my_own_package=own_module)
    pickle_to(tmp_path / "by_value.pkl", names["predict"], names)
    pickle_to(tmp_path / "by_reference.pkl", names["predict"])
    sys.path.remove(str(tmp_path / "own"))
    forget_own_module()
    importlib.invalidate_caches()
    try:
        assert load(tmp_path / "by_value.pkl")(4) == 8
        with pytest.raises(ModuleNotFoundError, match="my_own_package"):
            load(tmp_path / "by_reference.pkl")
    finally:
        sys.path.insert(0, str(tmp_path / "own"))


def test_only_the_users_own_modules_go_by_value(tmp_path):
    names = from_main("def predict(x):\n    return json.dumps(x) + pytest.__name__ + cloudpickle.__version__\n")
    names.update(json=importlib.import_module("json"), pytest=pytest, cloudpickle=cloudpickle, sys=sys)
    done = pickle_to(tmp_path / "bundle.pkl", names["predict"], names)
    assert done.size < 2000
    assert load(done.path)([1]) == "[1]pytest" + cloudpickle.__version__


@pytest.mark.parametrize("fails", [False, True])
def test_the_register_is_afterwards_as_it_was(tmp_path, own_module, fails):
    inner = sys.modules["my_own_package.inner"]
    cloudpickle.register_pickle_by_value(inner)
    before = set(cloudpickle.list_registry_pickle_by_value())
    try:
        names = {"a": own_module, "b": inner, "c": own_module}
        if fails:
            with pytest.raises(NotPicklableError):
                pickle_to(tmp_path / "bundle.pkl", threading.Lock(), names)
            assert not (tmp_path / "bundle.pkl").exists()
        else:
            pickle_to(tmp_path / "bundle.pkl", own_module.twice, names)
        assert set(cloudpickle.list_registry_pickle_by_value()) == before
    finally:
        cloudpickle.unregister_pickle_by_value(inner)


def test_globals_copy_is_a_mapping(tmp_path):
    with pytest.raises(WrongTypeError, match="globals_copy is a list: give a dict"):
        pickle_to(tmp_path / "bundle.pkl", fn, [importlib])  # type: ignore[arg-type]


MODEL = """
import threading
class Model:
    def __init__(self):
        self.layers = [{"name": "a"}, {"lock": threading.Lock()}]
my_model = Model()
def uses_a_global(model):
    return lambda x: my_model.layers
def uses_a_closure():
    lock = threading.Lock()
    def load_predict_fn(model):
        return lock
    return load_predict_fn
def has_a_default(model, lock=threading.Lock()):
    return lock
class Predictor:
    lock = threading.Lock()
    def __call__(self, x):
        return x
class Slots:
    __slots__ = ("lock",)
    def __call__(self, x):
        return x
slots = Slots()
slots.lock = threading.Lock()
def reads_a_generator(model):
    return next(lines)
lines = (line for line in "ab")
class Refuses:
    def __getstate__(self):
        raise ValueError("not now")
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda n: {"model": n["my_model"], "load_predict_fn": fn}, r"model\.layers\[1\]\['lock'\] is a _thread\.lock"),
        (
            lambda n: {"model": 1, "load_predict_fn": n["uses_a_global"]},
            r"my_model\.layers\[1\]\['lock'\] is a _thread",
        ),
        (lambda n: {"model": 1, "load_predict_fn": n["uses_a_closure"]()}, r": lock is a _thread\.lock"),
        (lambda n: {"model": 1, "load_predict_fn": n["has_a_default"]}, r"a default of has_a_default is a _thread"),
        (lambda n: n["Predictor"], r": predict_fn_or_cls\.lock is a _thread\.lock"),
        (lambda n: n["Predictor"](), r"Predictor\.lock is a _thread\.lock"),
        (lambda n: n["slots"], r": predict_fn_or_cls\.lock is a _thread\.lock"),
        (lambda n: {"model": 1, "load_predict_fn": n["reads_a_generator"]}, r"lines is a generator"),
        (lambda n: {"model": n["Refuses"](), "load_predict_fn": fn}, r"model is a Refuses.*ValueError: not now"),
        (lambda n: threading.Lock(), r"predict_fn_or_cls is a _thread\.lock"),
    ],
)
def test_what_cannot_be_pickled_is_named_with_its_path(tmp_path, content, said):
    names = from_main(MODEL)
    with pytest.raises(NotPicklableError, match=said) as refused:
        pickle_to(tmp_path / "bundle.pkl", content(names))
    assert "Make it inside load_model_fn" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_objects_nested_too_deep_are_said_to_be(tmp_path):
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotPicklableError, match="nested too deep"):
        pickle_to(tmp_path / "bundle.pkl", deep)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_no_fault_of_the_functions(tmp_path):
    link = tmp_path / "bundle.pkl"  # it is what is removed
    link.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        pickle_to(link, b"0" * (1 << 20))
    assert not link.is_symlink()


MEASURE = """
import resource, sys
from pathlib import Path
from launch.packing.pickles.pickling import pickle_to
model = bytearray(256 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pickle_to(Path(sys.argv[1]), {"model": bytes(0), "weights": [model]})
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


def test_a_big_model_is_never_held_twice(tmp_path):
    environment = {"PYTHONPATH": ":".join([str(ROOT), *filter(None, sys.path)])}
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "bundle.pkl")]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    assert int(done.stdout) < 64  # MiB
