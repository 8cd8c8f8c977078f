"""Sources packed for a report to carry, and what is refused when they are unpacked."""

from __future__ import annotations

import io
import os
import stat
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import carried
from provenance.carried import MANIFEST, own_files, pack, unpack
from provenance.errors import Failure
from provenance.files import write_bytes

CONTENTS = {MANIFEST: b"{}", "code/one.py": b"1\r\n", "Makefile": b"all:\n", "a/b/c.txt": b""}
PLAIN = stat.S_IFREG | 0o644


def zipped(
    *members: tuple[str, bytes], mode: int = PLAIN, how: int = 0, manifest: bool = True
) -> bytes:
    """Zip members as anybody could."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of a name that is there twice
        for name, content in [*([(f"p/{MANIFEST}", b"{}")] * manifest), *members]:
            member = zipfile.ZipInfo(name)
            member.external_attr, member.compress_type = mode << 16, how
            archive.writestr(member, content)
    return packed.getvalue()


def lying(packed: bytes) -> bytes:
    """Say of the last member that it has 2 GiB."""
    size = packed.rindex(b"PK\1\2") + 24
    return packed[:size] + (1 << 31).to_bytes(4, "little") + packed[size + 4 :]


def test_what_is_packed_comes_out_again(tmp_path: Path) -> None:
    pack(tmp_path / "p.zip", "project", CONTENTS)
    assert unpack((tmp_path / "p.zip").read_bytes()) == ("project", CONTENTS)


def test_the_bytes_depend_on_names_and_content_alone(tmp_path: Path) -> None:
    pack(tmp_path / "p.zip", "project", CONTENTS)
    before = time.tzname, os.umask(0o077)
    try:
        os.environ["TZ"] = "Pacific/Kiritimati"
        time.tzset()
        pack(tmp_path / "q.zip", "project", dict(reversed(CONTENTS.items())))
    finally:
        os.umask(before[1])
        del os.environ["TZ"]
        time.tzset()
    assert (tmp_path / "p.zip").read_bytes() == (tmp_path / "q.zip").read_bytes()


def test_what_could_not_be_unpacked_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"a file is named 'project/\.hidden'"):
        pack(tmp_path / "p.zip", "project", CONTENTS | {".hidden": b""})
    with pytest.raises(Failure, match=r"'project/data/my data\.csv'.*\n.*Rename what is named"):
        pack(tmp_path / "p.zip", "project", CONTENTS | {"data/my data.csv": b""})
    assert [*tmp_path.iterdir()] == []


def test_what_is_computed_hidden_or_beside_is_none_of_a_projects_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"Snakefile", "data/a.csv", "report/main.tex.j2", "scripts/deep/b.py"}
    others = {"results/a.json", "resources/big.csv", "tests/test_b.py", ".git/config", MANIFEST}
    others |= {"scripts/.b.py.swp", "scripts/b.pyc", "report/report.pdf", "report/report.html"}
    others |= {"report/report.pdf.changed-12", "report/claims.expected.json"}
    for name in own | others:
        write_bytes(tmp_path / name, b"")
    monkeypatch.chdir(tmp_path)
    assert {*own_files()} == own


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"%PDF", "no zip file"),
    "a cut zip": (lambda: zipped(("p/a", b"a" * 100))[:-30], "no zip file"),
    "a flipped bit": (lambda: zipped(("p/a", b"abcd")).replace(b"abcd", b"abce"), "Bad CRC"),
    "an empty zip": (lambda: zipped(manifest=False), "0 files"),
    "no manifest": (lambda: zipped(("p/a", b""), manifest=False), f"no {MANIFEST}"),
    "an absolute path": (lambda: zipped(("/etc/passwd", b"")), "'/etc/passwd'"),
    "a path outside": (lambda: zipped(("p/../../a", b"")), "named 'p/../../a'"),
    "a path to here": (lambda: zipped(("p/./a", b"")), "named"),
    "a drive": (lambda: zipped(("C:/a", b"")), "named"),
    "a backslash": (lambda: zipped(("p/..\\..\\a", b"")), "named"),
    "a hidden file": (lambda: zipped(("p/.git/hooks/post-checkout", b"")), "named"),
    "an option": (lambda: zipped(("p/-rf", b"")), "named"),
    "a line break": (lambda: zipped(("p/a\n", b"")), "named"),
    "a terminal code": (lambda: zipped(("p/\x1b[2J", b"")), r"'p/\\x1b"),
    "letters like others": (lambda: zipped(("p/\u0430.py", b"")), "named"),
    "a long name": (lambda: zipped((f"p/{'a' * 300}", b"")), "named"),
    "no folder": (lambda: zipped(("a", b"")), "named 'a'"),
    "an empty folder": (lambda: zipped(("p/a/", b"")), "named"),
    "another folder": (lambda: zipped(("q/a", b"")), "several folders"),
    "a link": (lambda: zipped(("p/a", b"/etc"), mode=stat.S_IFLNK | 0o777), "no plain file"),
    "a device": (lambda: zipped(("p/a", b""), mode=stat.S_IFCHR | 0o666), "no plain file"),
    "a name twice": (lambda: zipped(("p/a", b"1"), ("p/a", b"2")), "p/a is there twice"),
    "two cases": (lambda: zipped(("p/a", b"1"), ("p/A", b"2")), "p/a is there twice"),
    "a file as a folder": (lambda: zipped(("p/a", b""), ("p/a/b", b"")), "p/a is there twice"),
    "compressed": (lambda: zipped(("p/a", b"0" * 10**6), how=zipfile.ZIP_DEFLATED), "compressed"),
    "too many": (lambda: zipped(*((f"p/a{k}", b"") for k in range(2000))), "2001 files"),
    "too large": (lambda: zipped(("p/a", bytes(carried.MOST_BYTES))), "bytes"),
    "a size that lies": (lambda: lying(zipped(("p/a", b"abc"))), "larger than packed"),
}


@pytest.mark.row(
    80,
    "Refused with one message before anything is read, written or run: names that lead elsewhere, "
    "links, names that are there twice, bombs, whatever is no zip.",
)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_sources_are_refused(kind: str) -> None:
    make, said = HOSTILE[kind]
    with pytest.raises(Failure, match=said) as failure:
        unpack(make())
    assert "Nothing was unpacked or run" in failure.value.remedy


@pytest.mark.row(80)
@given(st.data())
def test_a_zip_of_which_bytes_were_changed_is_refused_or_harmless(data: st.DataObject) -> None:
    packed = bytearray(zipped(("p/one.py", b"1"), ("p/a/b", b"2")))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        folder, contents = unpack(bytes(packed))
    except Failure:
        return
    assert all(carried.NAME.fullmatch(f"{folder}/{name}") for name in contents)
    assert sum(map(len, contents.values())) <= len(packed)
