"""A folder in which jobs have left files and receipts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from provenance import receipts
from provenance.files import sha256
from provenance.receipts import Receipt


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def leave(inside: Path) -> Callable[..., Receipt]:
    """Return a function that leaves a job's receipt: of these files, as they are now."""

    def write(rule: str, inputs: Sequence[str], outputs: Sequence[str], **params: Any) -> Receipt:
        read, made = ({path: sha256(path) for path in paths} for paths in (inputs, outputs))
        receipt = Receipt(rule, {}, params, read, made)
        receipts.write(receipt)
        return receipt

    return write
