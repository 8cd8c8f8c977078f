"""The toy pickle: honest ones load equal, all others are refused, and nothing in them runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import pickletools
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import Failure
from homework.toy import (
    COURSE_SHA256,
    MAX_BYTES,
    Toy,
    check_toy,
    generate_toy,
    load_toy,
    load_toy_pickle,
    save_toy,
    toy_arrays,
    toy_facts,
)

ROOT = Path(__file__).parents[2]
COURSE_PICKLE = ROOT.parent / "shared" / "toy" / "test_batch_weights_biases.pkl"
PROTOCOLS = range(6)
TOY = generate_toy(np.random.default_rng(5))

# Seconds and bytes that one pickle may cost.
TIME_LIMIT = 5.0
MEMORY_LIMIT = 300_000_000


def draw_toy(widths: tuple[int, ...], n: int, seed: int = 0) -> Toy:
    rng = np.random.default_rng(seed)
    pairs = list(zip(widths, (*widths[1:], 1), strict=True))
    return Toy(
        rng.standard_normal((n, widths[0])),
        rng.integers(0, 2, n).astype(np.float64),
        [rng.standard_normal(pair) for pair in pairs],
        [rng.standard_normal((1, d_out)) for _, d_out in pairs],
    )


def assert_equal(toy: Toy, expected: Any) -> None:
    expected = Toy(*expected)
    assert [len(toy.weight_matrices), len(toy.biases)] == [
        len(expected.weight_matrices),
        len(expected.biases),
    ]
    for name, array in toy_arrays(expected).items():
        np.testing.assert_array_equal(toy_arrays(toy)[name], array, strict=False)


def load_bytes(folder: Path, content: bytes) -> Toy:
    path = folder / "toy.pkl"
    path.write_bytes(content)
    return load_toy_pickle(path)


def load_object(folder: Path, content: Any, protocol: int = 4) -> Toy:
    return load_bytes(folder, pickle.dumps(content, protocol=protocol))


def numpy_1(content: bytes) -> bytes:
    """Spell a pickle as NumPy 1 did: numpy.core for numpy._core."""
    for module in (b"multiarray", b"numeric"):
        new, old = b"numpy._core." + module, b"numpy.core." + module
        content = content.replace(
            b"\x8c" + bytes([len(new)]) + new, b"\x8c" + bytes([len(old)]) + old
        )
        content = content.replace(new, old)
    if content[2:3] == b"\x95":
        content = content[:3] + struct.pack("<Q", len(content) - 11) + content[11:]
    return content


# Honest pickles ---------------------------------------------------------------------------------


@pytest.mark.skipif(not COURSE_PICKLE.exists(), reason="the course's pickle is not here")
def test_the_courses_pickle_loads_as_pickle_itself_loads_it() -> None:
    toy = load_toy_pickle(COURSE_PICKLE)
    assert_equal(toy, pickle.loads(COURSE_PICKLE.read_bytes()))
    assert toy_facts(toy, COURSE_PICKLE)["source"] == "course"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_of_every_protocol_loads_equal(tmp_path: Path, protocol: int) -> None:
    assert_equal(load_object(tmp_path, tuple(TOY), protocol), TOY)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_of_numpy_1_loads_equal(tmp_path: Path, protocol: int) -> None:
    content = numpy_1(pickle.dumps(tuple(TOY), protocol=protocol))
    assert b"numpy.core." in content and b"numpy._core." not in content
    assert_equal(load_bytes(tmp_path, content), TOY)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(np.asfortranarray, id="fortran order"),
        pytest.param(lambda a: np.repeat(a, 2, axis=-1)[..., ::2], id="not contiguous"),
        pytest.param(lambda a: a[::-1], id="reversed"),
        pytest.param(lambda a: a.astype(">f8"), id="big-endian"),
        pytest.param(lambda a: a.astype("<f4"), id="float32"),
        pytest.param(lambda a: a.astype(">f4"), id="big-endian float32"),
        pytest.param(lambda a: np.rint(3 * a).astype(">i2"), id="big-endian integers"),
        pytest.param(lambda a: np.frombuffer(a.tobytes()).reshape(a.shape), id="read-only"),
    ],
)
def test_arrays_however_stored_load_equal(
    tmp_path: Path, change: Callable[[Any], Any], protocol: int
) -> None:
    toy = (
        change(TOY.X_batch),
        TOY.y_batch,
        [change(W) for W in TOY.weight_matrices],
        tuple(change(b) for b in TOY.biases),
    )
    assert_equal(load_object(tmp_path, toy, protocol), toy)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("code", [*"?bhiqBHIQfd", ">i4", ">u8", ">f4"])
def test_labels_of_every_number_type_load_equal(tmp_path: Path, code: str, protocol: int) -> None:
    toy = TOY._replace(y_batch=TOY.y_batch.astype(code))
    assert_equal(load_object(tmp_path, tuple(toy), protocol), TOY)


def test_arrays_are_native_writable_float64_in_c_order(tmp_path: Path) -> None:
    foreign = (np.asfortranarray(TOY.X_batch.astype(">f4")), *TOY[1:])
    for array in toy_arrays(load_object(tmp_path, foreign)).values():
        assert array.dtype == np.float64 and array.dtype.isnative
        assert array.flags.c_contiguous and array.flags.writeable and array.flags.aligned


def test_an_array_that_the_pickle_holds_once_and_uses_twice_loads_equal(tmp_path: Path) -> None:
    W, b = np.eye(4), np.ones((1, 4))
    toy = (TOY.X_batch, TOY.y_batch, [W, W, np.ones((4, 1))], [b, b, np.ones((1, 1))])
    loaded = load_object(tmp_path, toy)
    assert_equal(loaded, toy)
    assert not np.shares_memory(loaded.weight_matrices[0], loaded.weight_matrices[1])


@settings(max_examples=60, deadline=None)
@given(
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    n=st.integers(1, 5),
    protocol=st.sampled_from(PROTOCOLS),
)
def test_any_depth_width_and_batch_loads_equal(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], n: int, protocol: int
) -> None:
    toy = draw_toy(tuple(widths), n)
    assert_equal(load_object(tmp_path_factory.getbasetemp(), tuple(toy), protocol), toy)


# Arrays that make no batch and network ----------------------------------------------------------


def changed(array: np.ndarray[Any, Any], value: float) -> np.ndarray[Any, Any]:
    array = array.copy()
    array.flat[-1] = value
    return array


# What is done to an honest (X, y, Ws, bs), and what the message must say.
BREAKS: dict[str, tuple[Callable[..., Any], str]] = {
    "three of four": (lambda X, y, Ws, bs: (X, y, Ws), "tuple of four.*got a tuple of 3"),
    "five": (lambda X, y, Ws, bs: (X, y, Ws, bs, bs), "tuple of four.*got a tuple of 5"),
    "one array": (lambda X, y, Ws, bs: X, "tuple of four.*got a NumPy array"),
    "nothing": (lambda X, y, Ws, bs: None, "tuple of four.*got a value of type NoneType"),
    "X is a list": (lambda X, y, Ws, bs: (X.tolist(), y, Ws, bs), "X_batch must be a NumPy array"),
    "y is a number": (lambda X, y, Ws, bs: (X, 1.5, Ws, bs), "y_batch must be.*type float"),
    "Ws is one array": (lambda X, y, Ws, bs: (X, y, Ws[0], bs), "weight_matrices must be a list"),
    "bs is None": (lambda X, y, Ws, bs: (X, y, Ws, None), "biases must be a list"),
    "X flat": (lambda X, y, Ws, bs: (X.ravel(), y, Ws, bs), r"X_batch must have shape \(n, d0\)"),
    "X a cube": (lambda X, y, Ws, bs: (X[None], y, Ws, bs), "X_batch must have one or two axes"),
    "X a number": (lambda X, y, Ws, bs: (np.array(1.0), y, Ws, bs), r"X_batch.*got \(\)"),
    "no samples": (lambda X, y, Ws, bs: (X[:0], y[:0], Ws, bs), "X_batch must have a sample"),
    "no features": (lambda X, y, Ws, bs: (X[:, :0], y, Ws, bs), "X_batch must have a sample"),
    "y a column": (lambda X, y, Ws, bs: (X, y[:, None], Ws, bs), "y_batch must have shape"),
    "y short": (lambda X, y, Ws, bs: (X, y[1:], Ws, bs), "y_batch must have shape"),
    "X turned": (lambda X, y, Ws, bs: (np.ones((len(y), 9)), y, Ws, bs), r"weight_matrices\[0\]"),
    "no layers": (lambda X, y, Ws, bs: (X, y, [], []), "at least one; got 0 and 0"),
    "bias lost": (lambda X, y, Ws, bs: (X, y, Ws, bs[:-1]), "as many weight_matrices as biases"),
    "last W lost": (
        lambda X, y, Ws, bs: (X, y, [np.ones((X.shape[1], 2))], [np.ones((1, 2))]),
        r"weight_matrices\[0\] must have shape \(\d, 1\)",
    ),
    "W without columns": (
        lambda X, y, Ws, bs: (X, y, [np.ones((X.shape[1], 0)), *Ws], [bs[0][:, :0], *bs]),
        r"weight_matrices\[0\] must have a column",
    ),
    "b flat": (lambda X, y, Ws, bs: (X, y, Ws, [b.ravel() for b in bs]), r"biases\[0\] must have"),
    "b wide": (
        lambda X, y, Ws, bs: (X, y, Ws, [*bs[:-1], np.ones((1, 2))]),
        r"biases\[\d\] must have shape \(1, 1\); got \(1, 2\)",
    ),
    "NaN": (lambda X, y, Ws, bs: (changed(X, np.nan), y, Ws, bs), "X_batch.*finite.*got nan"),
    "infinite": (
        lambda X, y, Ws, bs: (X, y, [*Ws[:-1], changed(Ws[-1], -np.inf)], bs),
        r"weight_matrices\[\d\] must hold finite numbers; got -inf",
    ),
    "NaN bias": (
        lambda X, y, Ws, bs: (X, y, Ws, [changed(bs[0], np.nan), *bs[1:]]),
        r"biases\[0\] must hold finite",
    ),
    "label 2": (lambda X, y, Ws, bs: (X, changed(y, 2), Ws, bs), "labels 0 and 1; got 2.0"),
    "label -1": (lambda X, y, Ws, bs: (X, changed(y, -1), Ws, bs), "labels 0 and 1; got -1.0"),
    "label NaN": (lambda X, y, Ws, bs: (X, changed(y, np.nan), Ws, bs), "y_batch.*finite"),
    "complex": (lambda X, y, Ws, bs: (X + 0j, y, Ws, bs), "X_batch must hold numbers.*c16"),
    "float16": (lambda X, y, Ws, bs: (X.astype("f2"), y, Ws, bs), "X_batch must hold numbers.*f2"),
    "text": (lambda X, y, Ws, bs: (X.astype("U9"), y, Ws, bs), "X_batch must hold numbers.*U9"),
    "bytes": (lambda X, y, Ws, bs: (X.astype("S9"), y, Ws, bs), "X_batch must hold numbers.*S9"),
    "dates": (
        lambda X, y, Ws, bs: (X, y.astype("M8[s]"), Ws, bs),
        "y_batch must hold numbers.*M8",
    ),
    "objects": (lambda X, y, Ws, bs: (X.astype(object), y, Ws, bs), "X_batch.*numbers.*O8"),
    "records": (
        lambda X, y, Ws, bs: (X, np.zeros(len(y), "i4,f8"), Ws, bs),
        "y_batch must hold numbers.*V12|opcode",
    ),
    "masked": (lambda X, y, Ws, bs: (np.ma.array(X), y, Ws, bs), "refers to numpy.ma|opcode"),
    "matrix": (
        lambda X, y, Ws, bs: (X.view(np.matrix), y, Ws, bs),
        "refers to numpy.*matrix",
    ),
    "dict": (lambda X, y, Ws, bs: {"X_batch": X}, "the opcode EMPTY_DICT|the opcode DICT"),
    "large integers": (
        lambda X, y, Ws, bs: (np.full(X.shape, 2**53 + 1), y, Ws, bs),
        "X_batch must hold integers below",
    ),
}


@pytest.mark.filterwarnings("ignore:.*matrix:PendingDeprecationWarning")
@settings(max_examples=400, deadline=None)
@given(
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    n=st.integers(1, 4),
    protocol=st.sampled_from(PROTOCOLS),
    name=st.sampled_from(sorted(BREAKS)),
)
def test_arrays_that_do_not_fit_are_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], n: int, protocol: int, name: str
) -> None:
    spoil, message = BREAKS[name]
    with pytest.raises(Failure, match=message) as caught:
        load_object(tmp_path_factory.getbasetemp(), spoil(*draw_toy(tuple(widths), n)), protocol)
    assert "toy.pkl cannot serve as the toy data" in caught.value.cause
    assert "test_batch_weights_biases.pkl" in caught.value.remedy


@pytest.mark.parametrize("name", sorted(BREAKS))
@pytest.mark.filterwarnings("ignore:.*matrix:PendingDeprecationWarning")
def test_each_break_of_the_courses_shapes_is_refused(tmp_path: Path, name: str) -> None:
    spoil, message = BREAKS[name]
    with pytest.raises(Failure, match=message):
        load_object(tmp_path, spoil(*TOY))


def test_two_equal_weight_matrices_are_not_taken_for_the_last() -> None:
    W = np.ones((1, 1))
    check_toy(Toy(np.ones((1, 1)), np.ones(1), [W, W], [W, W]))
    W = np.ones((2, 2))
    with pytest.raises(ValueError, match=r"weight_matrices\[1\] must have shape \(2, 1\)"):
        check_toy(Toy(np.ones((1, 2)), np.ones(1), [W, W], [W[:1], W[:1]]))


# Attacks, in a child process --------------------------------------------------------------------

# Imports nothing of NumPy's that the reader does not, sets the limit above what is used by then,
# and reads each file of a folder; an honest one must load equal after each.
CHILD = f"""
import json, resource, sys, time, warnings
from pathlib import Path
import numpy as np
from provenance.errors import Failure
from homework.toy import load_toy_pickle, toy_arrays
warnings.simplefilter("error")
folder, honest = Path(sys.argv[1]), sys.argv[2]
expected = toy_arrays(load_toy_pickle(honest))
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {MEMORY_LIMIT}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
modules = set(sys.modules)
for path in sorted(folder.iterdir()):
    start = time.monotonic()
    try:
        load_toy_pickle(path)
        outcome = "loaded"
    except Failure as error:
        outcome = str(error)
    except BaseException as error:
        outcome = "escaped: " + repr(error)
    seconds = time.monotonic() - start
    arrays = toy_arrays(load_toy_pickle(honest))
    same = all(np.array_equal(arrays[name], expected[name]) for name in expected)
    new = sorted(set(sys.modules) - modules)
    new = [name for name in new if not name.startswith("encodings.")]
    print(json.dumps([path.name, outcome, seconds, same, new]), flush=True)
"""


class Call:
    """Pickles as a call with a state, whatever it would do."""

    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Any:
        return self.reduced


def forged_dtype(
    code: Any = "f8", order: Any = "<", tail: Any = (None, None, None, -1, -1, 0)
) -> Any:
    return Call(np.dtype, (code, False, True), (3, order, *tail))


def forged_array(
    shape: Any = (2, 4),
    dtype: Any = None,
    data: Any = bytes(64),
    fortran: Any = False,
    kind: Any = np.ndarray,
) -> Any:
    reconstruct = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
    state = (1, shape, dtype if dtype is not None else forged_dtype(), fortran, data)
    return Call(reconstruct, (kind, (0,), b"b"), state)


def forged_buffer(*args: Any) -> Any:
    return Call(np._core.numeric._frombuffer, args)  # type: ignore[attr-defined]


def as_X(X: Any, protocol: int = 4) -> bytes:
    return pickle.dumps((X, *TOY[1:]), protocol=protocol)


def global_call(module: str, name: str, argument: str = "canary") -> bytes:
    """Call module.name(argument) in protocol 4, which allows dots in the name."""
    text = [b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name, argument)]
    return b"\x80\x04" + text[0] + text[1] + b"\x93" + text[2] + b"\x85R."


def lying_frame(hidden: bytes) -> bytes:
    """Give a pickle whose frame ends inside of an opcode's argument.

    Read in order, it is the number 0 and a byte string. Python's unpickler forgets the rest of
    the frame, takes the number from two bytes later and runs what is hidden in the byte string.
    """
    body = b"J\x00\x00" + b"\x00\x00" + b"C" + bytes([len(hidden)]) + hidden + b"."
    return b"\x80\x04\x95" + struct.pack("<Q", 3) + body


TOUCH = Call(os.system, ("touch canary",))
NESTED = 200_000


class Attack(NamedTuple):
    content: bytes
    message: str  # what the refusal must say


ATTACKS = {
    # Code
    "os.system": Attack(pickle.dumps(TOUCH, protocol=2), "refers to posix.system"),
    "os.system in protocol 0": Attack(pickle.dumps(TOUCH, protocol=0), "posix.system"),
    "os.system as an array": Attack(as_X(TOUCH), "posix.system"),
    "os.system as bytes of an array": Attack(as_X(forged_array(data=TOUCH)), "posix.system"),
    "os.system as a state": Attack(
        pickle.dumps(Call(np.dtype, ("f8",), TOUCH), protocol=4), "posix.system"
    ),
    "eval": Attack(pickle.dumps(Call(eval, ("open('canary', 'w')",))), "builtins.eval"),
    "f2py": Attack(global_call("numpy.f2py.diagnose", "run_command"), "numpy.f2py.diagnose"),
    "numpy's exec_mod": Attack(
        global_call("numpy.testing._private.utils", "runstring"), "numpy.testing"
    ),
    "memmap": Attack(global_call("numpy", "memmap"), "numpy.memmap"),
    "fromfile": Attack(global_call("numpy", "fromfile"), "numpy.fromfile"),
    "load": Attack(global_call("numpy", "load"), "numpy.load"),
    "dotted name": Attack(global_call("numpy", "ndarray.tofile"), "numpy.ndarray.tofile"),
    "dotted name of dtype": Attack(global_call("numpy", "dtype.type"), "numpy.dtype.type"),
    "dunder": Attack(global_call("numpy", "__builtins__"), "numpy.__builtins__"),
    "a module that prints when imported": Attack(global_call("this", "s"), "this.s"),
    "another codec function": Attack(global_call("_codecs", "decode"), "_codecs.decode"),
    "a builtin": Attack(global_call("builtins", "bytes"), "builtins.bytes"),
    "copyreg": Attack(b"\x80\x02ccopyreg\n_reconstructor\n.", "copyreg._reconstructor"),
    "partial": Attack(global_call("functools", "partial"), "functools.partial"),
    "a name no log can show": Attack(
        b"\x80\x04\x8c\x03\xed\xb2\x80\x8c\x01a\x93.", r"refers to \udc80.a"
    ),
    # Opcodes
    "INST": Attack(b"(S'touch canary'\nios\nsystem\n.", "opcode STRING"),
    "INST alone": Attack(b"(ios\nsystem\n.", "opcode INST"),
    "OBJ": Attack(b"(cnumpy\nndarray\no.", "opcode OBJ"),
    "NEWOBJ": Attack(b"\x80\x02cnumpy\nndarray\n)\x81.", "opcode NEWOBJ"),
    "NEWOBJ_EX": Attack(b"\x80\x04cnumpy\nndarray\n)}\x92.", "opcode EMPTY_DICT"),
    "EXT1": Attack(b"\x80\x02\x82\x01.", "opcode EXT1"),
    "EXT2": Attack(b"\x80\x02\x83\x01\x00.", "opcode EXT2"),
    "EXT4": Attack(b"\x80\x02\x84\x01\x00\x00\x00.", "opcode EXT4"),
    "PERSID": Attack(b"Pcanary\n.", "opcode PERSID"),
    "BINPERSID": Attack(b"NQ.", "opcode BINPERSID"),
    "NEXT_BUFFER": Attack(b"\x80\x05\x97.", "opcode NEXT_BUFFER"),
    "READONLY_BUFFER": Attack(b"\x80\x05N\x98.", "opcode READONLY_BUFFER"),
    "a state for a global": Attack(b"\x80\x02cnumpy\ndtype\nK\x01N\x86b.", "state is not"),
    "a call of a number": Attack(b"\x80\x02K\x01)R.", "not callable"),
    "a call of a call": Attack(b"\x80\x02cnumpy\ndtype\n)R)R.", "not callable"),
    "arguments that are no tuple": Attack(b"\x80\x02cnumpy\ndtype\nK\x01R.", "TypeError"),
    "items for bytes": Attack(b"\x80\x03C\x00K\x01a.", "AttributeError"),
    "an unknown protocol": Attack(b"\x80\x09N.", "unsupported pickle protocol"),
    "an unknown opcode": Attack(b"\xff.", "opcode"),
    "no STOP": Attack(b"\x80\x02N", "exhausted before"),
    "an empty file": Attack(b"", "exhausted before"),
    "an empty stack": Attack(b".", "stack"),
    "no mark": Attack(b"Nt.", "could not find MARK"),
    "a memo entry that is not there": Attack(b"h\x07.", "Memo value not found"),
    "Python 2": Attack(b"(S'x'\nt.", "as Python 3 pickles it; got the opcode STRING"),
    # Arrays
    "dtype with a size of its own": Attack(
        as_X(forged_array(dtype=forged_dtype(tail=(None, None, None, 1 << 19, 1, 0)))), "got 'f8'"
    ),
    "dtype with flags": Attack(
        as_X(forged_array(dtype=forged_dtype(tail=(None, None, None, -1, -1, 63)))), "got 'f8'"
    ),
    "dtype with a subarray": Attack(
        as_X(forged_array(dtype=forged_dtype(tail=((1, 2), None, None, -1, -1, 0)))), "got 'f8'"
    ),
    "dtype with fields": Attack(
        as_X(forged_array(dtype=forged_dtype(tail=(None, ("a",), ("a",), -1, -1, 0)))), "got 'f8'"
    ),
    "object dtype": Attack(as_X(forged_array(dtype=forged_dtype("O8", "|"))), "got '|O8'"),
    "object dtype and pointers": Attack(
        as_X(forged_buffer(b"A" * 64, forged_dtype("O8", "|"), (2, 4), "C")), "got '|O8'"
    ),
    "void dtype": Attack(as_X(forged_array(dtype=forged_dtype("V8", "|"))), "got '|V8'"),
    "dtype of many": Attack(as_X(forged_array(dtype=forged_dtype("8f8"))), "got '<8f8'"),
    "byte order in the type's name": Attack(
        as_X(forged_array(dtype=forged_dtype("<f8", order=""))), "X_batch must hold numbers"
    ),
    "byte order in two parts": Attack(
        as_X(forged_array(dtype=forged_dtype("8", order="<f"))), "X_batch must hold numbers"
    ),
    "dtype of a long name": Attack(as_X(forged_array(dtype=forged_dtype("f8," * 9999))), "numbers"),
    "dtype of a number": Attack(as_X(forged_array(dtype=forged_dtype(8))), "use of dtype"),
    "byte order unknown": Attack(as_X(forged_array(dtype=forged_dtype("f8", "?"))), "got '?f8'"),
    "dtype a text": Attack(as_X(forged_array(dtype="f8")), "got 'a value of type str'"),
    "a subclass": Attack(as_X(forged_array(kind=np.recarray)), "recarray"),
    "dtype as the class": Attack(as_X(forged_array(kind=np.dtype)), "as NumPy pickles it"),
    "huge shape": Attack(as_X(forged_array(shape=(2**62, 2))), "LONG1"),
    "huge shape in 31 bits": Attack(as_X(forged_array(shape=(2**31 - 1, 1))), "up to 1000000"),
    "huge product": Attack(as_X(forged_array(shape=(10**6, 10**6))), "got 64 bytes"),
    "huge product and no length": Attack(as_X(forged_array((10**6, 0), data=b"")), "a sample"),
    "negative shape": Attack(as_X(forged_array(shape=(-2, -4))), "tuple of lengths"),
    "shape of booleans": Attack(as_X(forged_array((True, True), data=bytes(8))), "of lengths"),
    "shape of a call": Attack(as_X(forged_array(shape=forged_dtype())), "tuple of lengths"),
    "shape of many axes": Attack(as_X(forged_array((1,) * 99, data=bytes(8))), "two axes; got 99"),
    "too few bytes": Attack(as_X(forged_array(data=bytes(63))), "got 63 bytes"),
    "too many bytes": Attack(as_X(forged_array(data=bytes(65))), "got 65 bytes"),
    "numbers as a list": Attack(as_X(forged_array(data=[0.0] * 8)), "a list of 8"),
    "text outside of Latin-1": Attack(
        as_X(forged_array(data="\u20ac" * 64)), "numbers as bytes; got a value of type str"
    ),
    "booleans that are neither": Attack(
        as_X(forged_array(dtype=forged_dtype("b1", "|"), data=b"\x02" * 8)), "bytes 0 and 1"
    ),
    "signalling NaN": Attack(
        as_X(forged_array(dtype=forged_dtype("f4"), data=b"\x01\x00\x80\x7f" * 8)), "finite"
    ),
    "an array without a state": Attack(
        pickle.dumps(
            (Call(np._core.multiarray._reconstruct, (np.ndarray, (0,), b"b")), *TOY[1:]),  # type: ignore[attr-defined]
            protocol=4,
        ),
        "X_batch must be an array as NumPy pickles it",
    ),
    "a buffer in order K": Attack(
        as_X(forged_buffer(bytes(64), forged_dtype(), (2, 4), "K")), "as NumPy pickles it"
    ),
    # Bombs
    "large file": Attack(b"\x80\x02" + b"N" * MAX_BYTES, "at most 1000000 bytes"),
    "many opcodes": Attack(b"]" * 900_000 + b".", "at most 10000 opcodes"),
    "memo index": Attack(b"\x80\x02Nr\xff\xff\xff\x7f.", "up to 1000000"),
    "memo index in text": Attack(b"Np2147483647\n.", "up to 1000000"),
    "memo index of 100 digits": Attack(b"Np" + b"9" * 100 + b"\n.", "up to 1000000"),
    "memo index below 0": Attack(b"Np-2147483647\n.", "up to 1000000"),
    "BINBYTES": Attack(b"B\xff\xff\xff\x7f.", "expected 2147483647 bytes"),
    "BINBYTES8": Attack(b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", "bytes in a bytes8"),
    "BYTEARRAY8": Attack(b"\x80\x05\x96" + b"\xff" * 4 + bytes(4) + b".", "bytearray8"),
    "BINUNICODE": Attack(b"\x80\x02X\xff\xff\xff\x7f.", "expected 2147483647 bytes"),
    "huge frame": Attack(b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fN.", "up to 1000000"),
    "a frame that lies": Attack(lying_frame(b"r\xff\xff\xff\x7f."), "got a value of type bytes"),
    "LONG of a million digits": Attack(b"L" + b"9" * 900_000 + b"L\n.", "4300 digits"),
    "INT of a million digits": Attack(b"I" + b"9" * 900_000 + b"\n.", "4300 digits"),
    "LONG4": Attack(
        b"\x80\x02\x8b" + struct.pack("<i", 900_000) + b"\x7f" * 900_000 + b".", "LONG4"
    ),
    "nested marks": Attack(b"(" * NESTED + b"t" * NESTED + b".", "at most 10000 opcodes"),
    "nested tuples": Attack(b")" + b"\x85" * 9_000 + b".", "got a tuple of 1"),
    "nested lists": Attack(b"]" * 4_900 + b"a" * 4_899 + b".", "got a list of 1"),
    "nested calls": Attack(
        b"\x80\x02cnumpy\ndtype\nq\x00)R" + b"q\x01h\x00h\x01\x85R" * 1_900 + b".", "use of dtype"
    ),
    "a list of itself": Attack(b"]q\x00h\x00a.", "got a list of 1"),
    "four of itself": Attack(b"]q\x00(h\x00h\x00h\x00h\x00e.", "X_batch must be a NumPy array"),
    # A million booleans, three thousand times: eight gigabytes as float64.
    "one array many times": Attack(
        pickle.dumps((*TOY[:2], [np.zeros((1, 900_000), bool)] * 3_000, []), protocol=4),
        "above 10000 numbers",
    ),
    "one text many times": Attack(
        pickle.dumps((*TOY[:2], [np.zeros((1, 900_000), bool) + 1 > 0] * 3_000, []), protocol=0),
        "above 10000 numbers",
    ),
}


class Outcome(NamedTuple):
    text: str
    seconds: float
    honest_loads_equal: bool
    imported: list[str]


class Siege(NamedTuple):
    outcomes: dict[str, Outcome]
    folder: Path
    end: str


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Siege:
    """Read every attack in one child process, which may crash: what it did until then counts."""
    folder = tmp_path_factory.mktemp("siege")
    (folder / "attacks").mkdir()
    names = {f"{index:03}": name for index, name in enumerate(ATTACKS)}
    for number, name in names.items():
        (folder / "attacks" / number).write_bytes(ATTACKS[name].content)
    (folder / "honest.pkl").write_bytes(pickle.dumps(tuple(TOY)))
    child = subprocess.run(
        [sys.executable, "-c", CHILD, "attacks", "honest.pkl"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [json.loads(line) for line in child.stdout.splitlines()]
    outcomes = {names[number]: Outcome(*rest) for number, *rest in lines}
    return Siege(outcomes, folder, f"status {child.returncode}: {child.stderr[-2000:]}")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_leaves_nothing_behind(siege: Siege, name: str) -> None:
    assert name in siege.outcomes, f"the child died before: {siege.end}"
    outcome = siege.outcomes[name]
    assert "cannot serve as the toy data" in outcome.text
    assert "MemoryError" not in outcome.text and "RecursionError" not in outcome.text
    assert outcome.seconds < TIME_LIMIT
    assert outcome.honest_loads_equal
    assert outcome.imported == []
    assert ATTACKS[name].message in outcome.text


def test_no_attack_made_its_canary(siege: Siege) -> None:
    assert not (siege.folder / "canary").exists()
    assert siege.end == "status 0: "


def test_the_canary_appears_when_pickle_itself_loads_the_attack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(ATTACKS["os.system"].content)
    assert (tmp_path / "canary").exists()


def test_a_frame_that_lies_hides_opcodes_from_whoever_reads_in_order(tmp_path: Path) -> None:
    content = lying_frame(b"K\x07.")
    assert "BININT1" not in [opcode.name for opcode, _, _ in pickletools.genops(content)]
    assert pickle.load(io.BytesIO(content)) == 7
    with pytest.raises(Failure, match="got a value of type bytes"):
        load_bytes(tmp_path, content)


def test_a_global_is_new_in_each_load(tmp_path: Path) -> None:
    first = load_object(tmp_path, tuple(TOY))
    first.X_batch[:] = 7.0
    assert_equal(load_object(tmp_path, tuple(TOY)), TOY)


def test_messages_stay_short(siege: Siege) -> None:
    assert max(len(outcome.text) for outcome in siege.outcomes.values()) < 700


# Files that are no files ------------------------------------------------------------------------


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="there is none of this name"):
        load_toy_pickle(tmp_path / "absent.pkl")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="expected a file"):
        load_toy_pickle(tmp_path)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Failure, match="expected a file"):
        load_toy_pickle(tmp_path / "pipe")


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    content = pickle.dumps(tuple(TOY), protocol=3)
    for length in range(len(content)):
        with pytest.raises(Failure):
            load_bytes(tmp_path, content[:length])


# Mutations --------------------------------------------------------------------------------------

HONEST = [pickle.dumps(tuple(TOY), protocol=protocol) for protocol in PROTOCOLS]


def assert_refused_or_sound(folder: Path, content: bytes) -> None:
    cause: BaseException | None = None
    try:
        toy = load_bytes(folder, content)
        check_toy(toy)
        assert all(array.dtype == np.float64 for array in toy_arrays(toy).values())
    except Failure as error:
        cause = error.__cause__
    assert not isinstance(cause, MemoryError | RecursionError | SystemError)


def opcode_slices(content: bytes) -> list[bytes]:
    starts = [position for _, _, position in pickletools.genops(content)]
    return [
        content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)
    ]


@settings(max_examples=400, deadline=None)
@given(
    content=st.sampled_from(HONEST),
    edits=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 2), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=6,
    ),
)
def test_mutated_bytes_are_refused_or_still_sound(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    for position, kind, piece in edits:
        at = position % (len(content) + 1)
        # Overwrite, insert or cut out.
        resume = at if kind == 1 else at + len(piece)
        content = content[:at] + (b"" if kind == 2 else piece) + content[resume:]
    assert_refused_or_sound(tmp_path_factory.getbasetemp(), content)


@settings(max_examples=400, deadline=None)
@given(
    protocol=st.sampled_from(PROTOCOLS),
    edits=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 3)),
        min_size=1,
        max_size=6,
    ),
)
def test_mutated_opcodes_are_refused_or_still_sound(
    tmp_path_factory: pytest.TempPathFactory, protocol: int, edits: list[tuple[int, int, int]]
) -> None:
    pieces = opcode_slices(HONEST[protocol])
    strange = [piece for content in HONEST for piece in opcode_slices(content)]
    for first, second, kind in edits:
        i, j = first % len(pieces), second % len(pieces)
        if kind == 0:
            pieces[i], pieces[j] = pieces[j], pieces[i]
        elif kind == 1:
            pieces.insert(i, pieces[j])
        elif kind == 2:
            pieces.insert(i, strange[second % len(strange)])
        elif len(pieces) > 1:
            del pieces[i]
    assert_refused_or_sound(tmp_path_factory.getbasetemp(), b"".join(pieces))


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    with pytest.raises(Failure):
        load_bytes(tmp_path_factory.getbasetemp(), content)


# The drawn toy and its record -------------------------------------------------------------------


def pre_activations(toy: Toy) -> tuple[Any, Any]:
    hidden = toy.X_batch @ toy.weight_matrices[0] + toy.biases[0]
    return hidden, np.maximum(hidden, 0.0) @ toy.weight_matrices[1] + toy.biases[1]


@pytest.mark.parametrize("seed", range(20))
def test_a_drawn_toy_shows_every_gradient(seed: int) -> None:
    toy = generate_toy(np.random.default_rng(seed))
    check_toy(toy)
    hidden, output = pre_activations(toy)
    assert (hidden > 0).any(axis=0).all() and (hidden < 0).any()
    assert min(np.abs(hidden).min(), np.abs(output).min()) > 1e-3
    assert all(np.all(a != 0.0) for name, a in toy_arrays(toy).items() if name != "y_batch")


def test_a_drawn_toy_has_the_courses_shapes() -> None:
    shapes = {"X_batch": [2, 4], "y_batch": [2], "W1": [4, 2], "b1": [1, 2]}
    assert toy_facts(TOY)["shapes"] == {**shapes, "W2": [2, 1], "b2": [1, 1]}


def test_the_same_seed_draws_the_same_toy() -> None:
    again = generate_toy(np.random.default_rng(5))
    assert toy_facts(again) == toy_facts(TOY)
    assert toy_facts(generate_toy(np.random.default_rng(6)))["sha256"] != toy_facts(TOY)["sha256"]


def test_the_facts_tell_a_drawn_toy_from_another_pickle(tmp_path: Path) -> None:
    toy = load_object(tmp_path, tuple(TOY))
    assert toy_facts(TOY)["source"] == "generated"
    other = toy_facts(toy, tmp_path / "toy.pkl")
    assert other["source"] == "other"
    assert other["sha256"] not in (COURSE_SHA256, toy_facts(TOY)["sha256"])


@pytest.mark.parametrize("widths", [(3,), (4, 2), (5, 4, 3, 2)])
def test_a_record_gives_back_the_toy(tmp_path: Path, widths: tuple[int, ...]) -> None:
    toy = draw_toy(widths, 3)
    save_toy(tmp_path / "toy.npz", toy)
    assert_equal(load_toy(tmp_path / "toy.npz"), toy)
