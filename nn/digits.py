"""MNIST's 3s and 9s, and a look at them: a 3 has the label 0, a 9 the label 1.

The files are in the IDX format: two zero bytes, a type code, the number of dimensions, each
dimension as a big-endian 32-bit integer, then the items. The `mnist` package parses them; what
it takes on trust (how much a .gz unpacks to, how long a header says the data is) is checked here
before, so that no file can ask for more memory than MNIST itself needs.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import mnist
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "mnist"
TRAIN = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
TEST = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")

LABEL = {3: 0, 9: 1}  # the network's label of each digit
IMAGE = (28, 28)
MOST = 60_000  # images in MNIST's largest file; a header that says more is not MNIST's
LARGEST = 48_000_000  # bytes of a .gz: 60,000 images, even if they are not compressed
UNSIGNED_BYTE = 0x08
GZIP = 31  # zlib's name for "a gzip header and trailer, and nothing else"


class IdxError(ValueError):
    """A file is not the IDX file that it should be."""


def get_mnist_threes_nines(
    folder: str | Path | None = None,
) -> tuple[tuple[FloatArray, IntArray], tuple[FloatArray, IntArray]]:
    """MNIST's images of a 3 or a 9, in the order of its files, as the course's starter file does.

    Parameters
    ----------
    folder : str or Path, optional
        Where the four .gz files are; `resources/mnist` of this project if not given.

    Returns
    -------
    (X_train, y_train), (X_test, y_test)
        X is (n, 28, 28), float64 in [0, 1]: `X.reshape(n, -1)` is what the network takes. y is
        (n,), 0 for a 3 and 1 for a 9. MNIST has 12,080 such images for training and 2,019 for
        testing.

    Raises
    ------
    FileNotFoundError
        If files are missing, naming them.
    IdxError
        If a file is damaged or not what its name says.

    References
    ----------
    Handout, 1.1.
    """
    folder = FOLDER if folder is None else Path(folder)
    missing = [name for name in TRAIN + TEST if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"expected MNIST's four files in {folder}; missing: {', '.join(missing)}. "
            "Run `make report` in the project's folder, or "
            f"`snakemake --cores 1 resources/mnist/{missing[0]}`, which fetch them"
        )
    train, test = (read_threes_nines(folder / a, folder / b)[:2] for a, b in (TRAIN, TEST))
    return train, test


def display_image(x: npt.ArrayLike, ax: Axes | None = None) -> Figure:
    """Draw one image, dark ink on white paper.

    Parameters
    ----------
    x : array_like of shape (784,) or (28, 28)
        The image: floats in [0, 1] or integers in 0..255.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's only Axes if not given.

    Returns
    -------
    Figure
        The figure that the image is in.

    Raises
    ------
    ValueError
        If `x` has another shape.

    References
    ----------
    Handout, 1.1.
    """
    image = np.asarray(x)
    if image.shape not in (IMAGE, (math.prod(IMAGE),)):
        raise ValueError(f"an image must have shape (784,) or (28, 28); got {image.shape}")
    if ax is None:
        # Plotting is not the network's business, so only a caller who draws pays for the import.
        from matplotlib.figure import Figure  # noqa: PLC0415

        ax = Figure(figsize=(2, 2), layout="constrained").subplots()
    white = 255 if np.issubdtype(image.dtype, np.integer) else 1
    ax.imshow(image.reshape(IMAGE), cmap="gray_r", vmin=0, vmax=white, interpolation="none")
    ax.set_axis_off()
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def read_threes_nines(
    images: str | Path, labels: str | Path
) -> tuple[FloatArray, IntArray, IntArray]:
    """Read a pair of IDX files and keep the 3s and 9s: `threes_and_nines` of their content."""
    return threes_and_nines(read_idx(images, item=IMAGE), read_idx(labels))


def threes_and_nines(images: ByteArray, labels: ByteArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Keep the 3s and 9s of a labelled set of digits, in their order.

    Returns
    -------
    X : ndarray of shape (m, height, width)
        float64 in [0, 1].
    y : ndarray of shape (m,)
        0 for a 3, 1 for a 9.
    index : ndarray of shape (m,)
        Where each image stands in `images`.

    Raises
    ------
    IdxError
        If the counts differ, a label is no digit, or there is no 3 or no 9.
    """
    if len(images) != len(labels):
        raise IdxError(f"expected a label for each of {len(images)} images; got {len(labels)}")
    if labels.max(initial=0) > 9:
        place = int(np.argmax(labels > 9))
        raise IdxError(f"expected labels from 0 to 9; got {labels[place]} at position {place}")
    for digit in LABEL:
        if digit not in labels:
            raise IdxError(f"expected images of a 3 and of a 9; got none of a {digit}")
    index = np.flatnonzero(np.isin(labels, list(LABEL)))
    y = np.where(labels[index] == 9, LABEL[9], LABEL[3])
    return images[index] / 255.0, y, index.astype(np.int64)


def read_idx(path: str | Path, *, item: tuple[int, ...] = ()) -> ByteArray:
    """Read a gzipped IDX file of n items of unsigned bytes, as an array of shape (n, *item).

    Raises
    ------
    IdxError
        If the .gz is cut, damaged, followed by something, or unpacks to more or less than its
        IDX header says; or if that header is not one of 1 to 60,000 such items.
    """
    path = Path(path)
    size = path.stat().st_size
    if not path.is_file() or size > LARGEST:
        what = f"{size} bytes" if path.is_file() else "a folder or a device"
        raise IdxError(f"{path}: expected a file of at most {LARGEST} bytes; got {what}")
    stream = zlib.decompressobj(GZIP)
    try:
        header = stream.decompress(path.read_bytes(), 8 + 4 * len(item))
        expected = _length(path, header, item)
        # One byte more than expected is enough to know that there are too many.
        content = header + stream.decompress(stream.unconsumed_tail, expected + 1 - len(header))
    except zlib.error as error:
        raise IdxError(f"{path}: expected a sound .gz file; got a damaged one ({error})") from error
    for wrong, got in (
        (len(content) > expected, "more"),
        (not stream.eof, "a .gz file that is cut"),
        (len(content) < expected, len(content)),
        (stream.unused_data, f"{len(stream.unused_data)} bytes more behind the end of the .gz"),
    ):
        if wrong:
            raise IdxError(f"{path}: expected {expected} bytes as its header says; got {got}")
    return np.asarray(mnist.parse_idx(io.BytesIO(content)), dtype=np.uint8)


def _length(path: Path, header: bytes, item: tuple[int, ...]) -> int:
    """Check an IDX header; return how long header and items must be together."""
    length = 8 + 4 * len(item)
    if len(header) < length:
        raise IdxError(f"{path}: expected an IDX header of {length} bytes; got {len(header)}")
    magic = bytes([0, 0, UNSIGNED_BYTE, 1 + len(item)])
    if header[:4] != magic:
        raise IdxError(f"{path}: expected an IDX file with magic {magic!r}; got {header[:4]!r}")
    count, *shape = struct.unpack(f">{1 + len(item)}I", header[4:])
    if tuple(shape) != item:
        raise IdxError(f"{path}: expected items of shape {item}; got {tuple(shape)}")
    if not 1 <= count <= MOST:
        raise IdxError(f"{path}: expected 1 to {MOST} items; got {count}")
    return length + int(count) * math.prod(item)
