"""Files of MNIST's that were unpacked, or packed by somebody else, become what they were."""

from __future__ import annotations

import gzip
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from homework import packing
from homework.packing import PACKED, packed_again
from provenance.mirrors import read_sums

ROOT = Path(__file__).resolve().parents[2]
MNIST = [ROOT / "resources/mnist", ROOT.parent / "shared/mnist"]
NAME = "t10k-labels-idx1-ubyte.gz"
FORMS = [
    *("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
    "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte",
]

needs_gzip = pytest.mark.skipif(not shutil.which("gzip"), reason="gzip is not here")


@needs_gzip
@pytest.mark.parametrize("form", [*FORMS, NAME])
def test_what_lies_there_in_another_form_is_packed_as_it_was(tmp_path: Path, form: str) -> None:
    content = bytes(range(256)) * 40
    (tmp_path / form).parent.mkdir(exist_ok=True)
    (tmp_path / form).write_bytes(gzip.compress(content, 1) if form == NAME else content)
    made = packed_again(tmp_path / NAME)
    assert made is not None
    assert gzip.decompress(made) == content
    assert b"t10k-labels.idx1-ubyte\0" in made[:40]
    assert int.from_bytes(made[4:8], "little") == PACKED[NAME]


@pytest.mark.row(
    61, "Packed again as it was published, and taken if its SHA-256 then is; otherwise said."
)
@pytest.mark.parametrize("name", PACKED)
def test_mnist_unpacked_is_mnist_again(tmp_path: Path, name: str) -> None:
    found = next((folder / name for folder in MNIST if (folder / name).is_file()), None)
    if found is None or not shutil.which("gzip"):
        pytest.skip("MNIST or gzip is not here")
    (tmp_path / name).with_suffix("").write_bytes(gzip.decompress(found.read_bytes()))
    made = packed_again(tmp_path / name)
    assert made is not None
    assert sha256(made).hexdigest() == read_sums(ROOT / "config/mnist.sha256")[name]


def test_where_nothing_sound_lies_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packed_again(tmp_path / NAME) is None
    (tmp_path / NAME).write_bytes(gzip.compress(b"labels")[:-3])
    assert packed_again(tmp_path / NAME) is None
    (tmp_path / NAME).with_suffix("").write_bytes(bytes(11))
    monkeypatch.setattr(packing, "LARGEST", 10)
    assert packed_again(tmp_path / NAME) is None
