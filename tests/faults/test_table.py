"""The table itself: no row without a test, no table that says something else."""

from tests.faults.table import FAULTS, TABLE, marked, table


def test_every_row_has_one_promise_and_a_test() -> None:
    promises = [test.number for test in marked() if test.promise]
    assert sorted(promises) == sorted(FAULTS)
    assert {test.number for test in marked()} == set(FAULTS)


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "run `python -m tests.faults.table`"
