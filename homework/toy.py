"""The toy network of questions (a) to (d): read from the course's pickle, or drawn.

A pickle is a program, and `pickle.loads` runs it. So a file is opened only if it has the SHA-256
that the configuration trusts.
"""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nn.arrays import FloatArray, require_shape
from provenance.errors import Failure
from provenance.records import read_npz, write_npz

#: SHA-256 of test_batch_weights_biases.pkl as the course hands it out.
COURSE_SHA256 = "12c1f8cbe3c538b7a67cd36b2a890014654224f8a8f213d0210d9f07adfecf32"


class Toy(NamedTuple):
    """A batch and a network, as the course's pickle holds them.

    X_batch is (n, d0), y_batch (n,) of labels 0.0 and 1.0, and for each layer there are a weight
    matrix (d_in, d_out) and a bias vector (1, d_out); the last layer has one column.
    """

    X_batch: FloatArray
    y_batch: FloatArray
    weight_matrices: list[FloatArray]
    biases: list[FloatArray]

    def arrays(self) -> dict[str, FloatArray]:
        """Name the arrays: X_batch, y_batch, then W1, b1, W2, b2 and so on."""
        arrays = {"X_batch": self.X_batch, "y_batch": self.y_batch}
        for layer, (W, b) in enumerate(zip(self.weight_matrices, self.biases, strict=True), 1):
            arrays |= {f"W{layer}": W, f"b{layer}": b}
        return arrays


def load_pickle(path: str | Path, trusted: str) -> Toy:
    """Read a toy from a pickle of (X_batch, y_batch, weight_matrices, biases).

    A file with another SHA-256 than the trusted one is not opened. That, and arrays that do not
    make a batch and a network, is a `Failure`.
    """
    content = Path(path).read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != trusted:
        raise Failure(
            f"{path} is not the pickle that the configuration trusts: expected the SHA-256 "
            f"{trusted}; got {found}. A pickle can run code, so it was not opened.",
            "Put the course's test_batch_weights_biases.pkl in its place; or remove it, and a toy "
            "network is drawn; or, if you trust it, write its SHA-256 into toy.sha256 in "
            "config/config.yaml.",
        )
    try:
        return checked(pickle.loads(content))
    except Exception as error:  # what is no pickle raises whatever its bytes happen to say
        raise Failure(
            f"{path} does not hold a toy network: {error}.",
            "Write a batch and a network that fit into it (README.md says how), or remove it from "
            "that folder.",
        ) from error


def checked(content: Any) -> Toy:
    """Take (X_batch, y_batch, weight_matrices, biases) for a toy; ValueError if it is none."""
    if not isinstance(content, tuple | list) or len(content) != 4:
        expected = "a tuple of X_batch, y_batch, weight_matrices and biases"
        raise ValueError(f"expected {expected}; got {_kind(content)}")
    X, y, Ws, bs = content
    lists = isinstance(Ws, tuple | list) and isinstance(bs, tuple | list)
    if not lists or not 1 <= len(Ws) == len(bs):
        expected = "lists of arrays, one of each a layer"
        got = f"{_kind(Ws)} and {_kind(bs)}"
        raise ValueError(f"weight_matrices and biases must be {expected}; got {got}")
    X = _floats("X_batch", X, "n", "d0")
    y = _floats("y_batch", y, len(X))
    if (bad := y[(y != 0.0) & (y != 1.0)]).size:
        raise ValueError(f"y_batch must hold labels 0 and 1; got {bad[0]}")
    toy, width = Toy(X, y, [], []), X.shape[1]
    for k, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        outputs = 1 if k == len(Ws) - 1 else f"d{k + 1}"
        toy.weight_matrices.append(_floats(f"weight_matrices[{k}]", W, width, outputs))
        width = W.shape[1]
        toy.biases.append(_floats(f"biases[{k}]", b, 1, width))
    return toy


def _floats(name: str, content: Any, *shape: int | str) -> FloatArray:
    """Take an array of finite numbers, of a shape as `require_shape` knows it, as float64."""
    if not isinstance(content, np.ndarray) or content.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be an array of numbers; got {_kind(content)}")
    array = np.array(content, np.float64)
    require_shape(name, array, *shape)
    if not array.size:
        raise ValueError(f"{name} must not be empty; got shape {array.shape}")
    if (bad := array[~np.isfinite(array)]).size:
        raise ValueError(f"{name} must hold finite numbers; got {bad[0]}")
    return array


def _kind(content: Any) -> str:
    """Say in short what something is."""
    if isinstance(content, np.ndarray):
        return f"an array of {content.dtype}"
    length = f" of {len(content)}" if isinstance(content, tuple | list) else ""
    return type(content).__name__ + length


def generate(rng: np.random.Generator) -> Toy:
    """Draw a batch and a network of the shapes of the course's.

    Two samples of four features, two hidden units, one output. A gradient check sees something in
    every array: each hidden unit is active for a sample, one is inactive for a sample, and no
    pre-activation is so near 0 that a finite difference could step over the kink of ReLU.
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


def facts(toy: Toy, trusted: str | None) -> dict[str, Any]:
    """Say where a toy came from: from the pickle with the trusted SHA-256, or drawn (None)."""
    arrays = toy.arrays()
    drawn = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values()))
    source = "course" if trusted == COURSE_SHA256 else "other"
    return {
        "source": source if trusted else "generated",
        "sha256": trusted or drawn.hexdigest(),
        "shapes": {name: list(array.shape) for name, array in arrays.items()},
    }


def save(path: str | Path, toy: Toy) -> None:
    """Write the arrays of a toy to an `.npz`, by their names."""
    write_npz(path, **toy.arrays())


def load(path: str | Path) -> Toy:
    """Read what `save` wrote."""
    a = read_npz(path)
    layers = range(1, len(a) // 2)
    Ws, bs = ([a[f"{kind}{layer}"] for layer in layers] for kind in "Wb")
    return Toy(a["X_batch"], a["y_batch"], Ws, bs)
