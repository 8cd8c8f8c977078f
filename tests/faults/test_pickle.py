"""The toy pickle: hostile, heavy, honest, mistaken and mutated ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.homework import test_toy as test_toy_pickle
from tests.homework.test_toy import ATTACKS, BREAKS, PROTOCOLS, Siege

# All attacks are read in one child process with a limit of memory.
siege = test_toy_pickle.siege
NAMES = list(ATTACKS)
CODE = NAMES[: NAMES.index("INST")]
FORGED = NAMES[NAMES.index("INST") : NAMES.index("large file")]
BOMBS = NAMES[NAMES.index("large file") :]


def withstood(siege: Siege, names: list[str]) -> None:
    for name in names:
        test_toy_pickle.test_an_attack_is_refused_and_leaves_nothing_behind(siege, name)
    test_toy_pickle.test_no_attack_made_its_canary(siege)


@row(17, "Refused; nothing in it runs, nothing is imported.")
def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(siege: Siege) -> None:
    withstood(siege, CODE)


@row(17)
def test_the_attack_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test_toy_pickle.test_the_canary_appears_when_pickle_itself_loads_the_attack(
        tmp_path, monkeypatch
    )


@row(18, "Refused by name; no crash, shown in a child process.")
def test_a_pickle_with_unexpected_contents_is_refused(siege: Siege) -> None:
    withstood(siege, FORGED)


@row(19, "Refused within five seconds and 300 MB.")
def test_a_bomb_does_not_go_off(siege: Siege) -> None:
    withstood(siege, BOMBS)


@row(20, "Load equal to what `pickle` itself loads, or are refused with the reason.")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_honest_pickle_loads_equal(tmp_path: Path, protocol: int) -> None:
    test_toy_pickle.test_a_pickle_of_every_protocol_loads_equal(tmp_path, protocol)
    test_toy_pickle.test_a_pickle_of_numpy_1_loads_equal(tmp_path, protocol)
    for code in (*"?bhiqBHIQfd", ">i4", ">u8", ">f4"):
        test_toy_pickle.test_labels_of_every_number_type_load_equal(tmp_path, code, protocol)


@row(21, "Refused; the message names the element, what was expected of it and what came.")
@pytest.mark.filterwarnings("ignore:.*matrix:PendingDeprecationWarning")
@pytest.mark.parametrize("name", sorted(BREAKS))
def test_arrays_that_do_not_fit_are_refused_by_name(tmp_path: Path, name: str) -> None:
    test_toy_pickle.test_each_break_of_the_courses_shapes_is_refused(tmp_path, name)


@row(22, "Loads as something sound or is refused; nothing else is ever raised.")
def test_mutated_pickles_raise_nothing_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    test_toy_pickle.test_mutated_bytes_are_refused_or_still_sound(tmp_path_factory)
    test_toy_pickle.test_mutated_opcodes_are_refused_or_still_sound(tmp_path_factory)
