"""Records: the same bytes for the same content, whole or not at all, and back again."""

from __future__ import annotations

import errno
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from provenance import files, records
from provenance.errors import Failure
from provenance.files import digest, sha256

FACTS = {"b": [1, 2.5, True, None], "a": {"text": "caf\u00e9"}}
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
SOME = settings(max_examples=20, deadline=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return one folder for all examples of a hypothesis test."""
    return tmp_path_factory.mktemp("records")


WRITERS = {
    "bytes": lambda path: files.write_bytes(path, b"new"),
    "text": lambda path: files.write_text(path, "new"),
    "json": lambda path: files.write_json(path, FACTS),
    "csv": lambda path: records.write_csv(path, {"a": [1]}),
    "npz": lambda path: records.write_npz(path, a=np.ones(3)),
}
FAILURES = {
    "json": lambda path: files.write_json(path, {"a": 1, "b": float("nan")}),
    "csv": lambda path: records.write_csv(path, {"a": [1, 2], "b": [1]}),
    "npz": lambda path: records.write_npz(path, a=np.ones(3), b=np.array([{}])),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_record_makes_its_folder_or_replaces_the_old_one_and_leaves_nothing_beside_it(
    tmp_path, write
) -> None:
    path = tmp_path / "new" / "folder" / "record"
    write(str(path))
    written = path.read_bytes()
    path.write_bytes(b"old")
    write(path)
    assert path.read_bytes() == written != b"old"
    assert os.listdir(path.parent) == ["record"]


@pytest.mark.parametrize("write", FAILURES.values(), ids=FAILURES)
def test_a_record_that_cannot_be_written_leaves_the_old_one_alone(tmp_path, write) -> None:
    path = tmp_path / "record"
    path.write_bytes(b"old")
    with pytest.raises(ValueError):
        write(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["record"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_half_written_file_never_has_the_final_name(tmp_path, error) -> None:
    path = tmp_path / "record"
    with pytest.raises(error), files.beside(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent
        raise error
    assert os.listdir(tmp_path) == []


def test_a_disk_that_is_full_leaves_nothing_and_names_the_file_that_a_person_knows(
    tmp_path, monkeypatch
) -> None:
    def full(self, content):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_text(tmp_path / "record", "text")
    assert caught.value.filename == str(tmp_path / "record")
    assert os.listdir(tmp_path) == []


def test_two_writers_of_one_record_use_different_temporary_files(tmp_path) -> None:
    path = tmp_path / "record"
    with files.beside(path) as one, files.beside(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"


@pytest.mark.row(64, "It builds.")
@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_drive_without_rights_takes_records(tmp_path, monkeypatch, number) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "chmod", refuse)
    files.write_text(tmp_path / "record", "text")
    assert (tmp_path / "record").read_text() == "text"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_record_is_as_readable_as_the_umask_says(tmp_path, umask, mode) -> None:
    before = os.umask(umask)
    try:
        files.write_text(tmp_path / "record", "text")
        assert (tmp_path / "record").stat().st_mode & 0o777 == mode
        assert os.umask(umask) == umask
    finally:
        os.umask(before)


@pytest.mark.parametrize("facts", [{"b": 1, "a": [0.1, 1e-15]}, {"a": [0.1, 1e-15], "b": 1}])
def test_json_is_canonical(tmp_path, facts) -> None:
    files.write_json(tmp_path / "a", facts)
    assert (tmp_path / "a").read_bytes() == b'{\n "a": [\n  0.1,\n  1e-15\n ],\n "b": 1\n}\n'
    assert digest(facts) == sha256(tmp_path / "a")


@SOME
@given(JSON)
def test_json_comes_back_as_it_went(folder, facts) -> None:
    files.write_json(folder / "facts.json", facts)
    assert files.read_json(folder / "facts.json") == facts


def test_json_takes_what_numpy_computed(tmp_path) -> None:
    facts = {
        "array": np.arange(4).reshape(2, 2),
        "count": np.int64(3),
        "share": np.float32(0.5),
        "holds": np.bool_(True),
    }
    files.write_json(tmp_path / "facts", facts)
    plain = {"array": [[0, 1], [2, 3]], "count": 3, "share": 0.5, "holds": True}
    assert files.read_json(tmp_path / "facts") == plain


@pytest.mark.parametrize("wrap", [float, np.float64, np.float32, lambda x: np.array([x])])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_json_refuses_what_is_no_number(tmp_path, wrap, value) -> None:
    with pytest.raises(ValueError):
        files.write_json(tmp_path / "facts", {"deep": [{"down": wrap(value)}]})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("value", [{1, 2}, memoryview(b"12")])
def test_json_refuses_other_objects_and_names_their_type(tmp_path, value) -> None:
    with pytest.raises(TypeError, match=f"got {type(value)}"):
        files.write_json(tmp_path / "facts", {"a": value})


NUMBERS = hnp.arrays(np.int64, 4) | hnp.arrays(np.float64, 4)


@SOME
@given(st.dictionaries(st.text("abc_", min_size=1), NUMBERS, min_size=1, max_size=4))
def test_columns_of_numbers_come_back_bit_by_bit(folder, columns) -> None:
    records.write_csv(folder / "series.csv", columns)
    back = records.read_csv(folder / "series.csv")
    assert list(back) == list(columns)
    for name, column in columns.items():
        assert back[name].dtype == column.dtype
        np.testing.assert_array_equal(back[name], column)


@SOME
@given(st.lists(st.text('xyz ,"\n\u00e9', min_size=1), min_size=1, max_size=5))
def test_a_column_of_text_comes_back(folder, column) -> None:
    records.write_csv(folder / "text.csv", {"words": column, "count": range(len(column))})
    back = {name: values.tolist() for name, values in records.read_csv(folder / "text.csv").items()}
    assert back == {"words": column, "count": [*range(len(column))]}


def test_a_table_that_a_person_made_is_read(tmp_path) -> None:
    (tmp_path / "a").write_bytes("\ufeffhours,words\r\n1,a\r\n2.5,\r\n\r\n".encode())
    back = {name: values.tolist() for name, values in records.read_csv(tmp_path / "a").items()}
    assert back == {"hours": [1, 2.5], "words": ["a", ""]}
    (tmp_path / "a").write_text("hours,words\n1,a\n2,5,b\n")
    with pytest.raises(Failure, match="has 2 columns, but 3 cells in line 3"):
        records.read_csv(tmp_path / "a")


def test_a_csv_is_plain_to_read(tmp_path) -> None:
    records.write_csv(tmp_path / "a", {"timestep": np.arange(1, 3), "loss": np.array([0.1, 2.0])})
    assert (tmp_path / "a").read_bytes() == b"timestep,loss\n1,0.1\n2,2.0\n"


def test_a_table_without_rows_keeps_its_columns(tmp_path) -> None:
    records.write_csv(tmp_path / "a", {"index": [], "margin": []})
    back = records.read_csv(tmp_path / "a")
    assert list(back) == ["index", "margin"]
    assert all(column.shape == (0,) for column in back.values())


@SOME
@given(
    st.dictionaries(
        st.sampled_from(["W1", "b1", "y_test"]),
        hnp.arrays(
            st.sampled_from([np.dtype(t) for t in ("f8", "f4", "u1", "i8", "?")]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
    )
)
def test_arrays_come_back_with_shape_type_and_bits(folder, arrays) -> None:
    records.write_npz(folder / "arrays.npz", **arrays)
    back = records.read_npz(folder / "arrays.npz")
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_arrays_give_the_same_bytes_at_another_time_and_in_another_order(
    tmp_path, monkeypatch
) -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.ones(2, np.uint8)
    records.write_npz(tmp_path / "now", a=a, b=b)
    later = time.struct_time((2038, 1, 19, 3, 14, 7, 1, 19, 0))
    monkeypatch.setattr(zipfile.time, "localtime", lambda *seconds: later)
    records.write_npz(tmp_path / "later", b=b, a=np.asfortranarray(a))
    assert (tmp_path / "now").read_bytes() == (tmp_path / "later").read_bytes()


@pytest.mark.row(8)
@pytest.mark.parametrize("kept", [0, 10, 100, -1, None])
def test_an_npz_that_was_cut_or_has_a_flipped_bit_is_not_read(tmp_path, kept) -> None:
    path = tmp_path / "arrays.npz"
    records.write_npz(path, a=np.arange(100))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1 if kept is None else 0
    path.write_bytes(content[:kept])
    with pytest.raises((ValueError, EOFError, zipfile.BadZipFile, OSError)):
        records.read_npz(path)


def test_an_npz_that_would_run_code_is_not_read(tmp_path) -> None:
    np.savez(tmp_path / "arrays.npz", a=np.array([{}]))
    with pytest.raises(ValueError, match="allow_pickle"):
        records.read_npz(tmp_path / "arrays.npz")
