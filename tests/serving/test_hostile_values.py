"""What predict_fn may raise, return and do to its process, one expression a request: each has the right answer, and the
same worker goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.conftest import serving
from tools.testkit.pair import Pair
from tools.testkit.pythons import oldest

SOURCE = r"""
import asyncio, collections, ctypes, gc, os, signal, sys, threading, time

class Base(BaseException):
    pass

class Message(Exception):
    def __str__(self):
        return 5

class Type(type):
    __name__ = property(lambda self: 1 / 0)
    __module__ = property(lambda self: 1 / 0)

class Nameless(Exception, metaclass=Type):
    pass

class Slots:
    __slots__ = ()

class Endless:
    def __len__(self):
        return 10 ** 18
    def __getitem__(self, at):
        return at

class Items(dict):
    def items(self):
        raise SystemExit(3)

class Anything:
    def __getattr__(self, name):
        return Anything()
    def __call__(self, *args, **more):
        return Anything()

class Text(str):
    __str__ = encode = lambda *args: 1 / 0

class Number(int):
    __str__ = __repr__ = lambda self: "no number"

def raises(error):
    raise error

def caused():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    raise first

def chain(length):
    error = None
    for number in range(length):
        another = ValueError(str(number))
        another.__cause__ = error
        error = another
    raise error

def deep():
    return deep()

def holds_itself():
    found = []
    found.append(found)
    return found

def tree(width):
    root = {}
    root["children"] = [{"parent": root} for _ in range(width)]
    return root

def nested(levels):
    found = []
    for _ in range(levels):
        found = [found]
    return found

def gives(*items):
    yield from items

def huge(size):
    yield "a" * size

def forks(count):
    for _ in range(count):
        if os.fork() == 0:
            while True:
                time.sleep(100)
    return count

def threads(count):
    gate = threading.Event()
    for _ in range(count):
        threading.Thread(target=gate.wait, daemon=True).start()
    gate.set()
    return count

def on_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()
    return "goes on"

def nowhere():
    os.makedirs("/tmp/modelbundle-nowhere-%d" % os.getpid())
    os.chdir("/tmp/modelbundle-nowhere-%d" % os.getpid())
    os.rmdir("/tmp/modelbundle-nowhere-%d" % os.getpid())
    return "nowhere"

def predict(code):
    return eval(code)
"""

RAISED = [
    ("raises(Base('b'))", "predict.Base: b"),
    ("raises(SystemExit('bye'))", "SystemExit: bye"),
    ("raises(GeneratorExit())", "GeneratorExit"),
    ("raises(StopIteration(3))", "StopIteration: 3"),
    ("raises(asyncio.CancelledError())", "CancelledError"),
    ("raises(MemoryError())", "MemoryError"),
    ("raises(Message())", "predict.Message: (its message cannot be printed)"),
    ("raises(Nameless())", "an exception whose own methods raise"),
    ("raises(ValueError('m' * 10_000_000))", " [...]"),
    ("raises(ValueError('\\r\\nHTTP/1.1 200 OK\\x1b[31m'))", "HTTP/1.1 200 OK"),
    ("raises(5)", "TypeError: exceptions must derive from BaseException"),
    ("caused()", "ValueError: first"),
    ("chain(2000)", "ValueError: 1999"),
    ("deep()", "RecursionError"),
    ("exit(2)", "SystemExit: 2"),
    ("huge(300_000_000)", "300000002 bytes, more than 256 MiB"),
    ("'a' * 300_000_000", "300000002 bytes, more than 256 MiB"),
]
NOT_JSON = [
    ("holds_itself()", "Circular reference"),
    ("tree(5)", "Circular reference"),
    ("nested(100_000)", "nested too deeply"),
    ("Slots()", "predict.Slots at $"),
    ("Endless()", "predict.Endless at $"),
    ("Items(a=1)", "SystemExit: 3"),
    ("Anything()", "the prediction "),
    ("{b'a': 1}", "the key b'a' at $"),
    ("{float('nan'): 1}", "nan at $"),
    ("1j", "builtins.complex at $"),
    ("sys", "builtins.module at $"),
    ("predict", "builtins.function at $"),
    ("ValueError('x')", "builtins.ValueError at $"),
    ("...", "builtins.ellipsis at $"),
    ("'\\ud800'", "not valid Unicode"),
    ("gives(gives(1))", "builtins.generator at $"),
    ("asyncio.sleep", "builtins.function at $"),
]
ANSWERED = [
    ("Text('text')", "text"),
    ("Number(15)", 15),
    ("nested(900)[0][0] != 1", True),
    ("-10 ** 400", -(10**400)),
    ("collections.Counter('aab')", {"a": 2, "b": 1}),
    ("memoryview(b'abc')", "YWJj"),
    ("gives(1, 'a', None)", [1, "a", None]),
    ("asyncio.sleep(0.01, 'awaited')", "awaited"),
    ("os.chdir('/')", None),
    ("os.umask(0o777) >= 0", True),
    ("signal.signal(signal.SIGTERM, lambda *_: os._exit(9)) is None", False),
    ("signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)) is None", False),
    ("signal.set_wakeup_fd(-1)", -1),
    ("gc.disable()", None),
    ("os.environ.clear()", None),
    ("sys.setprofile(lambda *_: None)", None),
    ("forks(5)", 5),
    ("threads(2000)", 2000),
    ("on_thread(sys.exit, 3)", "goes on"),
    ("on_thread(raises, Base('b'))", "goes on"),
    ("os.close(0)", None),
    ("nowhere()", "nowhere"),
]


@pytest.fixture(scope="module", params=[oldest(), ""], ids=["oldest", "this"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("values") / "root"
    with serving(root, SOURCE, python=request.param, request_timeout_seconds=60) as pair:
        pid = pair.worker_pid
        yield pair
        assert pair.worker_pid == pid
        assert pair.metric("modelbundle_worker_restarts_total") == 0
        assert pair.metric("modelbundle_server_restarts_total") == 0


def goes_on(pair: Pair) -> None:
    assert pair.predict(code="40 + 2").json == 42


@pytest.mark.parametrize(("code", "says"), RAISED)
def test_what_it_raises(pair: Pair, code: str, says: str) -> None:
    answer = pair.predict(code=code)
    assert (answer.status, answer.code, says in answer.message) == (500, "PredictFailed", True), answer.message[:300]
    goes_on(pair)


@pytest.mark.parametrize(("code", "says"), NOT_JSON)
def test_what_is_no_json(pair: Pair, code: str, says: str) -> None:
    answer = pair.predict(code=code)
    assert (answer.status, answer.code, says in answer.message) == (500, "ResponseNotJSON", True), answer.message[:300]
    goes_on(pair)


@pytest.mark.parametrize(("code", "result"), ANSWERED)
def test_what_is_answered(pair: Pair, code: str, result: object) -> None:
    assert pair.predict(code=code).json == result
    goes_on(pair)
