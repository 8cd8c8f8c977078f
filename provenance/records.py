"""Records: what one rule leaves for the next, the same bytes for the same content.

Arrays go to `.npz`, series to `.csv`, facts to `.json`. A record appears whole or not at all:
it is written beside its final name and then renamed.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from provenance.errors import Failure
from provenance.files import beside, write_text

# A zip member must carry a date; this is the earliest that the format can say.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_csv(path: str | Path, columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]]) -> None:
    """Write equally long columns, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Where to.
    columns : mapping of str to sequence or ndarray
        The columns by name, in their order. Floats are written in shortest round-trip form.
    """
    plain = [np.asarray(column).tolist() for column in columns.values()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*plain, strict=True))
    write_text(path, text.getvalue())


def read_csv(path: str | Path) -> dict[str, npt.NDArray[Any]]:
    """Read what `write_csv` wrote, or a table of numbers of a person's.

    Parameters
    ----------
    path : str or Path
        The file: UTF-8, cells separated by commas, the names of the columns in the first line.

    Returns
    -------
    dict of str to ndarray
        An array per column, of integers, floats or strings.

    Raises
    ------
    Failure
        If a line has more or fewer cells than the first one.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:  # some programs write a mark first
        names, *rows = filter(None, csv.reader(file))
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            cause = f"{path} has {len(names)} columns, but {len(row)} cells in line {number}."
            raise Failure(cause, "Correct that line; numbers are written with a point, as 0.5.")
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {name: _numbers(column) for name, column in zip(names, columns, strict=True)}


def _numbers(column: Sequence[str]) -> npt.NDArray[Any]:
    """Convert a column of text to integers, else floats, else leave it text."""
    for kind in (np.int64, np.float64):
        try:
            return np.array(column, dtype=np.str_).astype(kind)
        except ValueError:
            continue
    return np.array(column)


def write_npz(path: str | Path, **arrays: npt.NDArray[Any]) -> None:
    """Write arrays as an uncompressed `.npz` without time stamps.

    Parameters
    ----------
    path : str or Path
        Where to.
    **arrays : ndarray
        The arrays by name. Their order in the file is that of the names.
    """
    with beside(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(arrays):
            content = io.BytesIO()
            array = np.asarray(arrays[name], order="C")
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), content.getvalue())


def read_npz(path: str | Path) -> dict[str, npt.NDArray[Any]]:
    """Read what `write_npz` wrote. Zip checks each member's CRC on the way.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict of str to ndarray
        The arrays by name.
    """
    # np.load itself leaves a damaged file open.
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
