"""IDX files that are not what they say."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.matrix import row
from tests.nn import test_digits


@row(14, "Refused at the first byte past what the IDX header allows, in less than 20 MiB.")
def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    test_digits.test_a_gzip_bomb_is_not_unpacked_past_what_its_header_allows(tmp_path)


@row(14)
@pytest.mark.parametrize(
    "more", [b"\0", gzip.compress(b"", mtime=0), gzip.compress(b"more", mtime=0)], ids=range(3)
)
def test_a_trailing_member_is_refused(tmp_path: Path, more: bytes) -> None:
    test_digits.test_what_follows_the_end_is_refused(tmp_path, more)


@row(15, "Refused from its header, before memory is asked for; the message says what was expected.")
@given(
    magic=st.binary(min_size=4, max_size=4),
    numbers=st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3),
    length=st.integers(0, 40),
)
@settings(deadline=None, max_examples=100)
def test_a_header_that_lies_is_refused(magic: bytes, numbers: list[int], length: int) -> None:
    content = test_digits.header(*numbers, magic=magic) + bytes(length)
    assert test_digits.attempt(gzip.compress(content, mtime=0), (28, 28)) is None


@row(15)
@given(labels=st.lists(st.integers(0, 255), min_size=2, max_size=6))
@settings(deadline=None, max_examples=100)
def test_labels_above_9_are_refused(labels: list[int]) -> None:
    test_digits.test_any_labels_give_the_3s_and_9s_or_a_refusal.hypothesis.inner_test(labels)
