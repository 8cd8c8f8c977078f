"""A pickle can run code; so it is opened only if it is the one that is trusted."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from tests.project import Project, digest

PICKLE = "resources/toy/test_batch_weights_biases.pkl"


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = str(canary)

    def __reduce__(self) -> object:
        return os.mkdir, (self.canary,)


@pytest.mark.row(17, "Refused unopened; told are its hash, the trusted one and the remedy.")
def test_a_pickle_with_another_hash_is_not_opened(built: Project) -> None:
    canary = built / "canary"
    attack = pickle.dumps(Hostile(canary))
    (built / PICKLE).parent.mkdir(parents=True)
    (built / PICKLE).write_bytes(attack)
    said = built.fails().last_words()
    assert not canary.exists()
    assert f"load_toy failed: {PICKLE}" in said
    assert digest(built / PICKLE) in said
    assert built.jobs()["load_toy"].params["sha256"] in said
    assert "toy.sha256" in said
    pickle.loads(attack)
    assert canary.exists(), "the attack is one"
