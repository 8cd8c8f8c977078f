"""The toy network of questions (a) to (d): read from the course's pickle, or drawn.

A pickle is a program, and `pickle.load` runs it. Here nothing in it runs: its opcodes are held
against a list, every call that it asks for is only written down, and the arrays are made
afterwards from what was written down.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from nn.arrays import FloatArray, require_shape
from provenance import records
from provenance.errors import Failure

#: SHA-256 of test_batch_weights_biases.pkl as the course hands it out (it has 543 bytes).
COURSE_SHA256 = "12c1f8cbe3c538b7a67cd36b2a890014654224f8a8f213d0210d9f07adfecf32"

#: No file larger than this is read, no opcode's number is larger.
MAX_BYTES = 1_000_000
#: No toy with more numbers is made: finite differences take two forward passes for each.
MAX_NUMBERS = 10_000
MAX_OPCODES = 10_000

#: The opcode FRAME and its length in eight bytes.
FRAME_BYTES = 9

# What pickle writes for a tuple of lists of arrays, in its protocols 0 to 5.
# fmt: off
OPCODES = frozenset({
    "PROTO", "FRAME", "STOP", "MARK", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "PUT",
    "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET", "EMPTY_TUPLE", "TUPLE",
    "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "NONE", "NEWTRUE",
    "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT", "UNICODE",
    "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES", "BYTEARRAY8",
})
# fmt: on

# What those arrays refer to. NumPy 1 says numpy.core where NumPy 2 says numpy._core; protocols
# 0 to 2 have no bytes and spell them as calls. Whole names only: a prefix would let in
# numpy.f2py, which compiles and runs code.
GLOBALS = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.numeric", "_frombuffer"),
        ("_codecs", "encode"),
        ("__builtin__", "bytes"),
    }
)

NUMBERS = frozenset(
    {"|b1", "|i1", "|u1"}
    | {order + code for order in "<>" for code in ("f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8")}
)

REMEDY = (
    "Put the course's test_batch_weights_biases.pkl in its place, or remove the file: "
    "a toy network of the same shapes is then drawn."
)


class Toy(NamedTuple):
    """A batch and a network, as the course's pickle holds them.

    Attributes
    ----------
    X_batch : ndarray of shape (n, d0)
        One sample a row, float64.
    y_batch : ndarray of shape (n,)
        Labels, 0.0 or 1.0.
    weight_matrices : list of ndarray of shape (d_l, d_{l+1})
        One a layer; the last has one column.
    biases : list of ndarray of shape (1, d_{l+1})
        One a layer.
    """

    X_batch: FloatArray
    y_batch: FloatArray
    weight_matrices: list[FloatArray]
    biases: list[FloatArray]


def load_toy_pickle(path: str | Path) -> Toy:
    """Read a toy network from a pickle without running anything in it.

    Parameters
    ----------
    path : str or Path
        A pickle of (X_batch, y_batch, weight_matrices, biases), in any protocol.

    Returns
    -------
    Toy
        The arrays as float64 in the machine's byte order and C order.

    Raises
    ------
    Failure
        Whatever else the file holds: it names what was expected and what came.
    """
    try:
        toy = _toy(_record_calls(_read(path)))
        check_toy(toy)
    except Exception as error:  # hostile bytes may make pickle raise anything
        what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        # Names in a pickle may hold characters that no log can be written with.
        reason = what[:300].encode("ascii", "backslashreplace").decode()
        raise Failure(f"{path} cannot serve as the toy data: {reason}", REMEDY) from error
    return toy


def _read(path: str | Path) -> bytes:
    """Read the whole file, unless it is no file or too large."""
    if not Path(path).is_file():  # a pipe would wait for ever
        raise ValueError("expected a file; there is none of this name")
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"expected at most {MAX_BYTES} bytes; the file has more")
    return content


class _Global:
    """Stands for a global of the pickle; a call of it is recorded, not made."""

    __slots__ = ("name",)
    __match_args__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: object) -> _Call:
        return _Call(self.name, args)


class _Call:
    """What the pickle wanted to call, with which arguments, and the state it then set."""

    __slots__ = ("args", "name", "state")
    __match_args__ = ("name", "args", "state")

    def __init__(self, name: str, args: tuple[object, ...]) -> None:
        self.name = name
        self.args = args
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Recorder(pickle.Unpickler):
    """An unpickler that knows no classes and no functions."""

    def find_class(self, module: str, name: str) -> _Global:
        if (module, name) not in GLOBALS:
            raise ValueError(
                f"expected numeric NumPy arrays only; the pickle refers to {module}.{name}"
            )
        return _Global(name)


def _record_calls(content: bytes) -> object:
    """Turn the pickle into tuples, lists, plain values and recorded calls."""
    return _Recorder(io.BytesIO(_checked(content))).load()


def _checked(content: bytes) -> bytes:
    """Refuse a pickle that wants more than arrays, or more memory than it has bytes.

    The unpickler makes room for what an opcode announces before it looks whether that comes.
    Frames, which say how much may be read at once, are taken out: after a wrong one the
    unpickler would see other opcodes than those that were checked here.
    """
    kept, start, end = [], 0, 0
    for count, (opcode, argument, position) in enumerate(pickletools.genops(content), start=1):
        if opcode.name not in OPCODES:
            raise ValueError(
                "expected a tuple of numeric arrays as Python 3 pickles it; "
                f"got the opcode {opcode.name} at byte {position}"
            )
        if count > MAX_OPCODES:
            raise ValueError(f"expected at most {MAX_OPCODES} opcodes; the pickle has more")
        if isinstance(argument, int) and abs(argument) > MAX_BYTES:
            raise ValueError(
                f"expected numbers up to {MAX_BYTES} in the structure; "
                f"got a larger one at byte {position}"
            )
        if opcode.name == "FRAME" and position is not None:
            kept.append(content[start:position])
            start = position + FRAME_BYTES
        if opcode.name == "STOP" and position is not None:
            end = position + 1
    if end != len(content):
        raise ValueError(f"expected the end at byte {end}; got {len(content) - end} bytes more")
    return b"".join([*kept, content[start:]])


def _toy(content: object) -> Toy:
    """Make the arrays from what the pickle recorded."""
    if not isinstance(content, tuple | list) or len(content) != 4:
        raise ValueError(
            "expected a tuple of four (X_batch, y_batch, weight_matrices, biases); "
            f"got {_kind(content)}"
        )
    X_batch, y_batch, weight_matrices, biases = content
    # An array may appear many times for a few bytes each: what counts is what is made of them.
    room = _Room(MAX_NUMBERS)
    return Toy(
        _array("X_batch", X_batch, room),
        _array("y_batch", y_batch, room),
        _arrays("weight_matrices", weight_matrices, room),
        _arrays("biases", biases, room),
    )


class _Room:
    """How many numbers may still be made."""

    def __init__(self, numbers: int) -> None:
        self.left = numbers

    def take(self, name: str, numbers: int) -> None:
        self.left -= numbers
        if self.left < 0:
            raise ValueError(f"{name} must not bring the toy above {MAX_NUMBERS} numbers")


def _arrays(name: str, content: object, room: _Room) -> list[FloatArray]:
    """Make a list of arrays, one a layer."""
    if not isinstance(content, tuple | list):
        raise ValueError(f"{name} must be a list of arrays, one a layer; got {_kind(content)}")
    return [_array(f"{name}[{layer}]", value, room) for layer, value in enumerate(content)]


def _array(name: str, content: object, room: _Room) -> FloatArray:
    """Make one float64 array from a recorded call, in C order."""
    shape: Any
    match content:
        case _Call("_reconstruct", (_Global("ndarray"), *_), (1, shape, dtype, int(is_f), data)):
            order = "F" if is_f else "C"
        case _Call("_frombuffer", (data, dtype, shape, ("C" | "F") as order)):
            pass
        case _Call("_reconstruct" | "_frombuffer" as function):
            raise ValueError(f"{name} must be an array as NumPy pickles it; got another {function}")
        case _:
            raise ValueError(f"{name} must be a NumPy array; got {_kind(content)}")
    if not (isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)):
        raise ValueError(f"{name} must have a tuple of lengths as its shape")
    if len(shape) > 2:
        raise ValueError(f"{name} must have one or two axes; got {len(shape)}")
    number = _number_type(name, dtype)
    raw = _raw_bytes(name, data)
    if math.prod(shape) * number.itemsize != len(raw):
        raise ValueError(
            f"{name} must have {math.prod(shape)} numbers of {number.itemsize} bytes "
            f"for its shape {shape}; got {len(raw)} bytes"
        )
    room.take(name, math.prod(shape))
    # reshape knows both orders at run time; its type knows literals only.
    stored = np.frombuffer(raw, number).reshape(shape, order=order)  # type: ignore[call-overload]
    return _as_float64(name, stored)


def _number_type(name: str, content: object) -> np.dtype[Any]:
    """Make the element type from a recorded call, if it is one of a plain number."""
    match content:
        case _Call("dtype", (str(code), *_), (3, str(order), None, None, None, -1, -1, 0)):
            if len(order) == 1 and order + code in NUMBERS:
                return np.dtype(order + code)
            _refuse_type(name, order + code)
        case _Call("dtype", (str(code), *_)):
            _refuse_type(name, code)
    _refuse_type(name, _kind(content))


def _refuse_type(name: str, found: str) -> NoReturn:
    expected = ", ".join(sorted({number[1:] for number in NUMBERS}))
    raise ValueError(f"{name} must hold numbers ({expected}); got {found[:20]!a}")


def _raw_bytes(name: str, content: object) -> bytes:
    """Give the bytes of an array, which protocols 0 to 2 spell as text in Latin-1."""
    match content:
        case bytes() | bytearray():
            return bytes(content)
        case _Call("encode", (str(text), "latin1")):
            return text.encode("latin1")
        case _Call("bytes", ()):
            return b""
    raise ValueError(f"{name} must have its numbers as bytes; got {_kind(content)}")


def _as_float64(name: str, stored: np.ndarray[Any, np.dtype[Any]]) -> FloatArray:
    """Convert without changing a number."""
    if stored.dtype == np.bool_ and np.any(stored.view(np.uint8) > 1):
        raise ValueError(f"{name} must hold booleans as bytes 0 and 1; got others")
    with np.errstate(invalid="ignore"):  # a signalling NaN; check_toy names it
        numbers = stored.astype(np.float64, order="C")
    if stored.dtype.kind in "iu" and np.any(np.abs(numbers) >= 2.0**53):
        raise ValueError(f"{name} must hold integers below 2**53, which a float64 can hold")
    return numbers


def _kind(content: object) -> str:
    """Say what a value is, in a few words."""
    match content:
        case _Call("_reconstruct" | "_frombuffer"):
            return "a NumPy array"
        case _Call() | _Global():
            return f"a use of {content.name}"
        case tuple() | list():
            return f"a {type(content).__name__} of {len(content)}"
    return f"a value of type {type(content).__name__}"


def check_toy(toy: Toy) -> None:
    """Refuse arrays that do not make a batch and a network.

    Parameters
    ----------
    toy : Toy
        Float64 arrays.

    Raises
    ------
    ValueError
        Naming the array, what was expected of it and what came.
    """
    X_batch, y_batch, weight_matrices, biases = toy
    require_shape("X_batch", X_batch, "n", "d0")
    if X_batch.size == 0:
        raise ValueError(f"X_batch must have a sample and a feature; got shape {X_batch.shape}")
    n, width = X_batch.shape
    require_shape("y_batch", y_batch, n)
    if not 1 <= len(weight_matrices) == len(biases):
        raise ValueError(
            "expected as many weight_matrices as biases, and at least one; "
            f"got {len(weight_matrices)} and {len(biases)}"
        )
    for layer, (W, b) in enumerate(zip(weight_matrices, biases, strict=True)):
        outputs = 1 if layer == len(biases) - 1 else f"d{layer + 1}"
        require_shape(f"weight_matrices[{layer}]", W, width, outputs)
        width = W.shape[1]
        if width == 0:
            raise ValueError(f"weight_matrices[{layer}] must have a column; got shape {W.shape}")
        require_shape(f"biases[{layer}]", b, 1, width)
    _check_numbers(toy)


def _check_numbers(toy: Toy) -> None:
    """Refuse NaN, infinities and labels that are no labels."""
    named = [("X_batch", toy.X_batch), ("y_batch", toy.y_batch)]
    named += [(f"weight_matrices[{layer}]", W) for layer, W in enumerate(toy.weight_matrices)]
    named += [(f"biases[{layer}]", b) for layer, b in enumerate(toy.biases)]
    for name, array in named:
        bad = array[~np.isfinite(array)]
        if bad.size:
            raise ValueError(f"{name} must hold finite numbers; got {bad[0]}")
    bad = toy.y_batch[(toy.y_batch != 0.0) & (toy.y_batch != 1.0)]
    if bad.size:
        raise ValueError(f"y_batch must hold labels 0 and 1; got {bad[0]}")


def generate_toy(rng: np.random.Generator) -> Toy:
    """Draw a batch and a network of the shapes of the course's.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws everything.

    Returns
    -------
    Toy
        Two samples of four features, two hidden units, one output. A gradient check sees
        something in every array: each hidden unit is active for a sample, one is inactive for a
        sample, and no pre-activation is so near 0 that a finite difference could step over the
        kink of ReLU.
    """
    while True:
        X_batch = rng.standard_normal((2, 4))
        W1, W2 = rng.standard_normal((4, 2)), rng.standard_normal((2, 1))
        b1, b2 = rng.standard_normal((1, 2)), rng.standard_normal((1, 1))
        hidden = X_batch @ W1 + b1
        output = np.maximum(hidden, 0.0) @ W2 + b2
        active = hidden > 0.0
        mixed = active.any(axis=0).all() and not active.all()
        # The samples differ in their labels and, beyond 2, the sigmoid flattens out.
        if mixed and np.abs(hidden).min() > 1e-2 and 1e-2 < np.abs(output).min() <= 2.0:
            return Toy(X_batch, np.array([0.0, 1.0]), [W1, W2], [b1, b2])


def toy_facts(toy: Toy, pickle_path: str | Path | None = None) -> dict[str, Any]:
    """Say where the toy came from, so that the report can.

    Parameters
    ----------
    toy : Toy
        The toy.
    pickle_path : str or Path, optional
        The pickle that it was read from; nothing if it was drawn.

    Returns
    -------
    dict
        `source` ("course", "other" for another pickle, "generated"), `sha256` of the pickle or
        of the drawn arrays' bytes, and `shapes` by array.
    """
    arrays = toy_arrays(toy)
    if pickle_path is None:
        content = b"".join(array.tobytes() for array in arrays.values())
    else:
        content = Path(pickle_path).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    source = "course" if sha256 == COURSE_SHA256 else "other"
    return {
        "source": source if pickle_path is not None else "generated",
        "sha256": sha256,
        "shapes": {name: list(array.shape) for name, array in arrays.items()},
    }


def toy_arrays(toy: Toy) -> dict[str, FloatArray]:
    """Name the arrays: X_batch, y_batch, then W1, b1, W2, b2 and so on."""
    arrays = {"X_batch": toy.X_batch, "y_batch": toy.y_batch}
    for layer, (W, b) in enumerate(zip(toy.weight_matrices, toy.biases, strict=True), start=1):
        arrays |= {f"W{layer}": W, f"b{layer}": b}
    return arrays


def save_toy(path: str | Path, toy: Toy) -> None:
    """Write the arrays of a toy to an `.npz`, by their names."""
    records.write_npz(path, **toy_arrays(toy))


def load_toy(path: str | Path) -> Toy:
    """Read what `save_toy` wrote."""
    arrays = records.read_npz(path)
    layers = range(1, len(arrays) // 2)
    return Toy(
        arrays["X_batch"],
        arrays["y_batch"],
        [arrays[f"W{layer}"] for layer in layers],
        [arrays[f"b{layer}"] for layer in layers],
    )
