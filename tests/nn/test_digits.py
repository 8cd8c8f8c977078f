"""The reader of MNIST's files, on files made here."""

from __future__ import annotations

import gzip
import math
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from nn import digits
from nn.digits import (
    IdxError,
    display_image,
    get_mnist_threes_nines,
    read_idx,
    threes_and_nines,
)

FOLDER = Path(__file__).parents[3] / "shared" / "mnist"


def idx(array: np.ndarray) -> bytes:
    """Write an array of bytes as an IDX file."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


def some_images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28), dtype=np.uint8)


LABELS = np.array([3, 1, 9, 0, 9, 3, 3], dtype=np.uint8)
IMAGES = some_images(len(LABELS))


def refusal(folder: Path, packed: bytes, item: tuple[int, ...] = ()) -> str:
    """Return why these bytes are refused."""
    path = folder / "file.gz"
    path.write_bytes(packed)
    with pytest.raises(IdxError) as caught:
        read_idx(path, item=item)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """Make a folder with four small files under MNIST's names."""
    for images, labels in (digits.TRAIN, digits.TEST):
        (tmp_path / images).write_bytes(gzip.compress(idx(IMAGES)))
        (tmp_path / labels).write_bytes(gzip.compress(idx(LABELS)))
    return tmp_path


def test_a_3_is_0_and_a_9_is_1_and_each_image_is_28_by_28_from_0_to_1(mnist: Path) -> None:
    (X_train, y_train), (X_test, y_test) = get_mnist_threes_nines(mnist)
    assert (X_train.dtype, y_train.dtype) == (np.float64, np.int64)
    assert y_train.tolist() == [0, 1, 1, 0, 0]
    np.testing.assert_array_equal(X_train, IMAGES[[0, 2, 4, 5, 6]] / 255)
    np.testing.assert_array_equal(X_test, X_train)
    np.testing.assert_array_equal(y_test, y_train)


def test_missing_files_are_named_with_what_to_do(mnist: Path) -> None:
    for name in digits.TEST:
        (mnist / name).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        get_mnist_threes_nines(mnist)
    message = str(caught.value)
    assert ", ".join(digits.TEST) in message
    assert digits.TRAIN[0] not in message
    assert "make report" in message
    assert str(mnist) in message


def test_by_default_the_files_are_looked_for_in_the_project(
    mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Path(digits.__file__).parents[1] / "resources" / "mnist" == digits.FOLDER
    monkeypatch.setattr(digits, "FOLDER", mnist)
    (X_train, _), _ = get_mnist_threes_nines()
    assert len(X_train) == 5


@pytest.mark.skipif(not FOLDER.is_dir(), reason="MNIST is not on this machine")
def test_mnist_has_the_known_counts() -> None:
    (X_train, y_train), (X_test, y_test) = get_mnist_threes_nines(FOLDER)
    assert (X_train.shape, X_test.shape) == ((12080, 28, 28), (2019, 28, 28))
    assert (np.bincount(y_train).tolist(), y_test.sum()) == ([6131, 5949], 1009)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES, LABELS[:-1], "expected a label for each of 7 images; got 6"),
        (IMAGES, np.where(LABELS == 0, 10, LABELS), "from 0 to 9; got 10 at position 3"),
        (IMAGES, np.where(LABELS == 3, 2, LABELS), "got none of a 3"),
        (IMAGES[:2], LABELS[:2], "got none of a 9"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    images: np.ndarray, labels: np.ndarray, message: str
) -> None:
    with pytest.raises(IdxError, match=message):
        threes_and_nines(images, labels)


@pytest.mark.row(15)
@given(labels=st.lists(st.integers(0, 255), max_size=30))
@settings(deadline=None, max_examples=60)
def test_any_labels_give_the_3s_and_9s_or_a_refusal(labels: list[int]) -> None:
    array = np.array(labels, dtype=np.uint8)
    images = some_images(len(labels))
    if max(labels, default=0) > 9 or not {3, 9} <= set(labels):
        with pytest.raises(IdxError):
            threes_and_nines(images, array)
    else:
        X, y, index = threes_and_nines(images, array)
        assert index.tolist() == [i for i, label in enumerate(labels) if label in (3, 9)]
        assert [9 if one else 3 for one in y] == [labels[i] for i in index]
        np.testing.assert_array_equal(X, images[index] / 255)


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize(("array", "item"), [(IMAGES, (28, 28)), (LABELS, ())])
def test_a_sound_file_is_read_whole(
    tmp_path: Path, array: np.ndarray, item: tuple[int, ...], level: int
) -> None:
    (tmp_path / "file.gz").write_bytes(gzip.compress(idx(array), level))
    read = read_idx(tmp_path / "file.gz", item=item)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


@pytest.mark.row(8)
@pytest.mark.parametrize("array", [IMAGES[:1], LABELS])
def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    packed = gzip.compress(idx(array))
    for length in {*range(30), *range(0, len(packed), 37), *range(len(packed) - 9, len(packed))}:
        refusal(tmp_path, packed[:length], array.shape[1:])


@pytest.mark.row(14)
@pytest.mark.parametrize(
    "more",
    [b"\0", b"garbage", gzip.compress(b"", mtime=0), gzip.compress(b"more", mtime=0)],
    ids=["a zero", "garbage", "an empty member", "another member"],
)
def test_what_follows_the_end_is_refused(tmp_path: Path, more: bytes) -> None:
    assert "behind the end" in refusal(tmp_path, gzip.compress(idx(LABELS)) + more)


@pytest.mark.parametrize(
    "bent",
    [
        lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],  # the checksum's last byte
        lambda data: data[:20] + bytes([data[20] ^ 255]) + data[21:],
        lambda data: b"PK" + data[2:],
        lambda data: zlib.compress(gzip.decompress(data)),
        gzip.decompress,
    ],
    ids=["checksum", "content", "magic", "zlib", "not packed"],
)
def test_a_damaged_gz_is_refused(tmp_path: Path, bent: Callable[[bytes], bytes]) -> None:
    assert "damaged" in refusal(tmp_path, bent(gzip.compress(idx(LABELS))))


def header(*numbers: int, magic: bytes = b"\0\0\x08\x03") -> bytes:
    return magic + struct.pack(f">{len(numbers)}I", *numbers)


@pytest.mark.row(
    15, "Refused from its header, before memory is asked for; the message says what was expected."
)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a header of 16 bytes; got 0"),
        (header(1, 28), "a header of 16 bytes; got 12"),
        (header(1, 28, 28, magic=b"\0\0\x0d\x03"), "magic"),
        (header(1, 28, 28, magic=b"\0\0\x08\x02"), "magic"),
        (header(1, 28, 28, magic=b"\1\0\x08\x03"), "magic"),
        (header(1, 27, 28), r"shape (28, 28); got (27, 28)"),
        (header(1, 784, 1), r"shape (28, 28); got (784, 1)"),
        (header(0, 28, 28), "1 to 60000 items; got 0"),
        (header(60001, 28, 28), "1 to 60000 items; got 60001"),
        (header(2**32 - 1, 28, 28), "1 to 60000 items; got 4294967295"),
        (header(60000, 28, 28), "expected 47040016 bytes as its header says; got 16"),
        (header(1, 28, 28) + bytes(783), "expected 800 bytes as its header says; got 799"),
        (header(1, 28, 28) + bytes(785), "expected 800 bytes as its header says; got more"),
    ],
)
def test_a_wrong_header_or_length_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    assert message.replace("a header", "an IDX header") in refusal(
        tmp_path, gzip.compress(content, mtime=0), (28, 28)
    )


LIMITED = """
import resource, sys
from nn.digits import IdxError, read_idx
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_idx(sys.argv[1], item=(28, 28))
except IdxError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def memory(path: Path) -> tuple[str, int]:
    """Read a file in a process of its own; return what it said and the MiB that it took."""
    root = Path(digits.__file__).parents[1]
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    *said, mebibytes = done.stdout.split("\n")[:-1]
    return "\n".join(said), int(mebibytes)


@pytest.mark.row(
    14, "Refused at the first byte past what the IDX header allows, in less than 20 MiB."
)
def test_a_gzip_bomb_is_not_unpacked_past_what_its_header_allows(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 24)
    with (tmp_path / "bomb.gz").open("wb") as file:
        file.write(packer.compress(header(1, 28, 28)))
        for _ in range(8):  # 128 MiB
            file.write(packer.compress(zeros))
        file.write(packer.flush())
    said, mebibytes = memory(tmp_path / "bomb.gz")
    assert "expected 800 bytes as its header says; got more" in said
    assert mebibytes < 20


def test_the_largest_file_takes_less_than_300_mebibytes(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "large.gz", "wb", compresslevel=0) as file:
        file.write(header(60_000, 28, 28) + bytes(60_000 * 784))
    said, mebibytes = memory(tmp_path / "large.gz")
    assert said == ""
    assert mebibytes < 300


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path: Path) -> None:
    with (tmp_path / "file.gz").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(IdxError, match=r"expected a file of at most \d+ bytes; got 1099511627776"):
        read_idx(tmp_path / "file.gz", item=(28, 28))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IdxError, match=r"expected a file .*; got a folder"):
        read_idx(tmp_path)


def attempt(packed: bytes, item: tuple[int, ...]) -> np.ndarray | None:
    """Read some bytes; None if they are refused. Any other exception is a failure."""
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(packed)
        file.flush()
        try:
            return read_idx(file.name, item=item)
        except IdxError:
            return None


ITEMS = st.sampled_from([(), (2, 3), (28, 28)])


@given(item=ITEMS, packed=st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
@example(item=(), packed=b"")
@example(item=(), packed=gzip.compress(b"", mtime=0))
def test_no_bytes_are_read_or_raise_anything_else(item: tuple[int, ...], packed: bytes) -> None:
    assert attempt(packed, item) is None


@pytest.mark.row(15)
@given(item=ITEMS, content=st.binary(max_size=60), numbers=st.lists(st.integers(0, 9), max_size=4))
@settings(deadline=None, max_examples=150)
def test_a_file_is_read_only_if_header_and_length_agree(
    item: tuple[int, ...], content: bytes, numbers: list[int]
) -> None:
    head = bytes([0, 0, 8, len(numbers)]) + struct.pack(f">{len(numbers)}I", *numbers)
    read = attempt(gzip.compress(head + content, mtime=0), item)
    sound = tuple(numbers[1:]) == item and numbers[:1] > [0] and len(content) == math.prod(numbers)
    assert (read is not None) == sound
    if read is not None:
        assert read.shape == tuple(numbers)
        assert bytes(read) == content


@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_a_file_with_one_changed_byte_is_refused_or_reads_the_same(data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(idx(LABELS), mtime=0))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    read = attempt(bytes(packed), ())
    # Some bytes say nothing of the content: the date and system of a .gz, padding bits.
    assert read is None or read.tolist() == LABELS.tolist()


@pytest.mark.parametrize("shape", [(784,), (28, 28)])
@pytest.mark.parametrize(("dtype", "white"), [(np.float64, 1), (np.uint8, 255)])
def test_an_image_is_drawn_dark_on_white(
    shape: tuple[int, ...], dtype: type[np.generic], white: int
) -> None:
    x = np.arange(784).astype(dtype)
    figure = display_image(x.reshape(shape))
    (drawn,) = figure.axes[0].images
    np.testing.assert_array_equal(drawn.get_array(), x.reshape(28, 28))
    assert drawn.get_clim() == (0, white)
    assert drawn.cmap(0)[:3] == (1, 1, 1)
    assert drawn.cmap(255)[:3] == (0, 0, 0)


def test_an_image_is_drawn_on_the_axes_that_are_given() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert display_image(np.zeros(784), right) is figure
    assert (len(left.images), len(right.images)) == (0, 1)


@pytest.mark.parametrize("shape", [(783,), (1, 784), (28, 27), (784, 1), ()])
def test_an_image_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must have shape \(784,\) or \(28, 28\); got"):
        display_image(np.zeros(shape))


def test_importing_the_loader_imports_no_plotting() -> None:
    code = "import sys, nn.digits; print('matplotlib' in sys.modules)"
    root = Path(digits.__file__).parents[1]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
