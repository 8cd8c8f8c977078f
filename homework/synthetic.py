"""Synthetic 3s and 9s, drawn from fonts, for machines without MNIST and for tests.

A glyph's outline becomes a field of signed distances to its edge. An image samples that field at
slanted, tilted, scaled, shifted and rippled positions, and whatever lies closer to the stroke
than a random threshold is ink: the threshold is the pen's width. The fonts are those that
Matplotlib carries with it, by file name, so that a machine's own fonts change nothing.

From the random numbers to the pixels there are only sums, products, quotients and square roots,
whose results IEEE 754 fixes to the last bit: no BLAS, no threads, no processor's own sine.
"""

from __future__ import annotations

import gzip
import io
import struct
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path as Outline
from scipy import ndimage

from nn.digits import TEST, TRAIN
from provenance import files

FloatArray = npt.NDArray[np.float64]
ByteArray = npt.NDArray[np.uint8]

FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono"),
    *("DejaVuSansMono-BoldOblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralBolIta", "STIXGeneralItalic"),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"),
)
# MNIST's training set has 6,131 threes and 5,949 nines.
SHARE_OF_THREES = 6131 / 12080

SIDE = 28  # pixels of an image
GLYPH_HEIGHT = 17.0  # pixels, before an image's own scale
FINE = 5  # points of the distance field along a pixel
RIPPLES = 6  # nodes of the elastic displacement along a side

# How far the images vary: half the width of a uniform distribution where nothing else is said.
SLANT = 0.45
TILT = 0.2
SCALE = 0.2
SHIFT = 2.5  # pixels
ELASTIC = 1.5  # pixels, standard deviation at a node
PEN = (-0.3, 0.8)  # pixels that the pen is wider than the glyph's stroke, on either side
ROUGHNESS = 0.2  # pixels, standard deviation of where the ink ends
GRAIN = 0.15  # standard deviation of the ink's darkness, relative: paper stays white


def draw_digits(n: int, rng: np.random.Generator) -> tuple[ByteArray, ByteArray]:
    """Draw n >= 2 3s and 9s in random order, in MNIST's proportion.

    Returns images, (n, 28, 28) of uint8 with 0 for paper, and labels, (n,), 3 or 9; both occur.
    """
    if n < 2:
        raise ValueError(f"n must be at least 2, for a 3 and a 9; got {n}")
    labels = np.full(n, 9, dtype=np.uint8)
    labels[: min(round(n * SHARE_OF_THREES), n - 1)] = 3
    rng.shuffle(labels)
    fonts = rng.integers(len(FONTS), size=n)
    images = np.empty((n, SIDE, SIDE), dtype=np.uint8)
    # One glyph at a time: its images share one distance field and fit the processor's cache.
    for font, name in enumerate(FONTS):
        for digit in (3, 9):
            chosen = np.flatnonzero((fonts == font) & (labels == digit))
            images[chosen] = _draw_glyph(
                distance_field(f"{name}.ttf", str(digit)), len(chosen), rng
            )
    return images, labels


def _draw_glyph(field: FloatArray, n: int, rng: np.random.Generator) -> ByteArray:
    """Draw n images of one glyph, (n, 28, 28), from its distance field."""
    scale = 1.0 + rng.uniform(-SCALE, SCALE, size=(n, 1, 1))
    positions = _affine(n, rng) / scale + _elastic(n, rng)
    distance = scale * ndimage.map_coordinates(
        field, positions * FINE + (len(field) - 1) / 2, order=1, mode="nearest"
    )
    pen = rng.uniform(*PEN, size=(n, 1, 1))
    edge = pen + ROUGHNESS * rng.standard_normal((n, SIDE, SIDE))
    # Half a pixel on either side of the edge turns from paper to ink: antialiasing.
    grey = np.clip(distance + edge + 0.5, 0.0, 1.0)
    grey *= 1.0 + GRAIN * rng.standard_normal((n, SIDE, SIDE))
    return np.rint(255.0 * np.clip(grey, 0.0, 1.0)).astype(np.uint8)


def _affine(n: int, rng: np.random.Generator) -> FloatArray:
    """Where each pixel's centre lies in the slanted, tilted, shifted glyph: (2, n, 28, 28)."""
    centred = np.arange(SIDE) - (SIDE - 1) / 2
    slant, tilt, down, right = rng.uniform(-1.0, 1.0, size=(4, n, 1, 1))
    row = centred[:, None] - SHIFT * down
    column = centred[None, :] - SHIFT * right
    # Two shears: a tilt with the opposite slant is a rotation, without a sine or a cosine.
    column = column + (SLANT * slant - TILT * tilt) * row
    return np.stack([row + TILT * tilt * column, column])


def _elastic(n: int, rng: np.random.Generator) -> FloatArray:
    """Smooth random displacements, (2, n, 28, 28): normal at a few nodes, splines between."""
    nodes = ELASTIC * rng.standard_normal((2, n, RIPPLES, RIPPLES))
    spline = _spline_weights()
    # einsum sums in a fixed order; a matrix product would ask BLAS.
    rows = np.einsum("yk,cnkl->cnyl", spline, nodes, optimize=False)
    return np.asarray(np.einsum("xl,cnyl->cnyx", spline, rows, optimize=False))


@cache
def _spline_weights() -> FloatArray:
    """Weights of the nodes at each pixel, (28, RIPPLES), of a cubic B-spline."""
    at = np.linspace(1.0, RIPPLES - 2.0, SIDE)
    apart = np.abs(at[:, None] - np.arange(RIPPLES))
    near = 2 / 3 - apart * apart * (1.0 - apart / 2)
    beyond = 2.0 - np.minimum(apart, 2.0)
    far = beyond * beyond * beyond / 6
    return np.where(apart < 1.0, near, far)


@cache
def distance_field(font_name: str, character: str) -> FloatArray:
    """Compute signed distances in pixels to a glyph's edge, positive in the ink, FINE points each.

    The array, (28 FINE + 1, 28 FINE + 1), is shared: not to be changed.
    """
    points = SIDE * FINE + 1
    axis = np.arange(points) - (points - 1) / 2
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    ink = np.zeros(points * points, dtype=bool)
    # Even-odd: a contour within another one is a hole.
    for contour in _contours(font_name, character):
        ink ^= Outline(contour).contains_points(grid)
    glyph = ink.reshape(points, points)
    inside, outside = (ndimage.distance_transform_edt(mask) for mask in (glyph, ~glyph))
    # The edge runs half-way between the last point of ink and the first of paper.
    return np.asarray((inside - outside - np.where(glyph, 0.5, -0.5)) / FINE)


def _contours(font_name: str, character: str) -> list[FloatArray]:
    """Return a glyph's contours as polygons of (x, y), y down, centred, in points of the field."""
    font = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", font_name)))
    font.set_size(100.0, 72.0)
    font.load_char(ord(character), flags=LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    contours = [np.asarray(c) for c in Outline(vertices, codes).to_polygons()]
    corners = np.concatenate(contours)
    low, high = corners.min(axis=0), corners.max(axis=0)
    to_points = np.array([1.0, -1.0]) * (GLYPH_HEIGHT * FINE / (high[1] - low[1]))
    return [(contour - (low + high) / 2) * to_points for contour in contours]


def write_idx(path: str | Path, array: ByteArray) -> None:
    """Write bytes as a gzipped IDX file, MNIST's format; the same array gives the same file.

    IDX is two zero bytes, the type (8: unsigned bytes), the number of dimensions, each dimension
    as four bytes, high byte first, then the data in C order.
    """
    if array.dtype != np.uint8:
        raise ValueError(f"expected an array of uint8; got {array.dtype}")
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    packed = io.BytesIO()
    # No name and no time in gzip's header.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=packed, mtime=0) as file:
        file.write(header + array.tobytes())
    files.write_bytes(path, packed.getvalue())


def write_dataset(folder: str | Path, n_train: int, n_test: int, seed: int) -> None:
    """Draw a training and a test set, independent ones, and write them under MNIST's file names."""
    streams = np.random.default_rng(seed).spawn(2)
    train = draw_digits(n_train, streams[0])
    test = draw_digits(n_test, streams[1])
    for name, array in zip((*TRAIN, *TEST), (*train, *test), strict=True):
        write_idx(Path(folder, name), array)
