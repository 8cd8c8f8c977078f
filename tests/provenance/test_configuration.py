"""Configurations that are wrong, and what is said of each."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from provenance.configuration import check_config, read_yaml, require_printed, require_sections
from provenance.errors import Failure

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = "expected a list of two to five different whole numbers, each a line of a figure"
COUNT = "expected a whole number, 1 or more"
POSITIVE = "expected a positive number"
FINITE = "expected a finite number"
STEPS = "training.step_sizes"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
VALID = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))


def problems(config) -> str:
    """Return what is said of a configuration that must be refused."""
    with pytest.raises(Failure) as refusal:
        check_config(config, SCHEMA, "settings.yaml")
    assert str(refusal.value).count("settings.yaml") == 2
    return refusal.value.cause


def changed(path: str, value: object, *, remove: bool = False):
    """Change one key of the valid configuration; the value is written as YAML has it."""
    config = copy.deepcopy(VALID)
    *sections, key = path.split(".")
    section = config
    for name in sections:
        section = section[name]
    if remove:
        del section[key]
    else:
        section[key] = yaml.safe_load(value) if isinstance(value, str) else value
    return config


def test_the_committed_configuration_is_valid() -> None:
    check_config(VALID, SCHEMA, "settings.yaml")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dataset", "synthetic"),
        ("mirrors", "[]"),
        (STEPS, "[1, 10.0, 0.001]"),
        (STEPS, "[0.1]"),
        ("training.seed", "0"),
        ("synthetic.train_images", "100"),
    ],
)
def test_what_may_be_changed_may_be_changed(path, value) -> None:
    check_config(changed(path, value), SCHEMA, "settings.yaml")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("training.hiden", "3", "unknown key 'hiden' in training; did you mean 'hidden'?"),
        ("training.batchsize", "3", "'batchsize' in training; did you mean 'batch_size'?"),
        ("trainnig", "{}", "unknown key 'trainnig'; did you mean 'training'?"),
        ("toy.zzz", "x", "unknown key 'zzz' in toy; expected one of folders, sha256, seed"),
        ("1", "x", "unknown key '1'; expected one of dataset, claims"),
        ("training.hidden", "wide", f"training.hidden: {COUNT}; got 'wide'"),
        ("training.hidden", "2.5", f"training.hidden: {COUNT}; got 2.5"),
        ("training.hidden", "true", f"training.hidden: {COUNT}; got True"),
        ("training.hidden", "200.0", f"training.hidden: {COUNT}; got 200.0"),
        ("training.seed", "0.0", "training.seed: expected a whole number, 0 or more; got 0.0"),
        ("training.epochs", "1" * 401, f"training.epochs: {FINITE}; got 111"),
        (STEPS, f"[0.1, {'1' * 401}]", f"{STEPS}.1: {FINITE}; got 111"),
        ("training.hidden", "0", f"training.hidden: {COUNT}; got 0"),
        ("training.seed", "-1", "training.seed: expected a whole number, 0 or more; got -1"),
        ("training.seed", "", "training.seed: expected a whole number, 0 or more; got None"),
        (STEPS, "[0.1, 1e-3]", f"{STEPS}.1: {POSITIVE}; got '1e-3' (YAML reads this as text"),
        (STEPS, "[0.1, .nan]", f"{STEPS}.1: {FINITE}; got nan"),
        (STEPS, "[0.1, .inf]", f"{STEPS}.1: {FINITE}; got inf"),
        (STEPS, "[0.1, 0]", f"{STEPS}.1: {POSITIVE}; got 0"),
        (STEPS, "[0.1, -1.0]", f"{STEPS}.1: {POSITIVE}; got -1.0"),
        (STEPS, "[]", "expected a list of different positive numbers; got []"),
        (STEPS, "[1, 1.0]", "expected a list of different positive numbers; got [1, 1.0]"),
        (STEPS, "0.1", "expected a list of different positive numbers; got 0.1"),
        ("dataset", "mnits", "dataset: expected mnist or synthetic; got 'mnits'"),
        ("mirrors", "here", "mirrors: expected a list of folders or addresses; got 'here'"),
        ("mirrors", "['']", "mirrors.0: expected a folder or an address; got ''"),
        (
            "memorization.recipe.witdh",
            "3",
            "unknown key 'witdh' in memorization.recipe; did you mean 'width'?",
        ),
        (
            "memorization.attempts",
            "1",
            "memorization.attempts: expected a whole number, 20 or more: fewer say little of a "
            "share; got 1",
        ),
        ("memorization.widths", "[100, 100]", f"memorization.widths: {WIDTHS}; got [100, 100]"),
        ("memorization.widths", "[1, 2, 3, 4, 5, 6]", f"memorization.widths: {WIDTHS}; got [1, 2,"),
        ("memorization.step_sizes", "[0.1]", "positive numbers up to a million; got [0.1]"),
        ("memorization.step_sizes", "[0.1, 1.0e+7]", "positive number up to a million; got"),
        ("memorization.start.width", "2.5", f"memorization.start.width: {COUNT}; got 2.5"),
        ("toy.sha256", "3", "toy.sha256: expected the 64 digits of a SHA-256; got 3"),
        ("toy", "", "toy: expected a section with folders, sha256 and seed; got None"),
        ("synthetic.test_images", "19", "expected a whole number from 20 to 10000; got 19"),
    ],
)
def test_a_wrong_key_is_named_with_what_was_expected_and_what_came(path, value, said) -> None:
    assert said in problems(changed(path, value))


def test_only_numbers_written_as_text_are_explained_as_such() -> None:
    assert "YAML" not in problems(changed("training.hidden", "wide"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("training.seed", "training: 'seed' is a required property"),
        ("toy", "the configuration: 'toy' is a required property"),
    ],
)
def test_a_missing_key_is_named(path, said) -> None:
    assert said in problems(changed(path, None, remove=True))


@pytest.mark.row(23)
def test_an_empty_file_is_refused_with_every_missing_section() -> None:
    said = problems({})
    assert all(f"'{section}' is a required property" in said for section in VALID)


def test_an_unknown_key_that_is_no_text_is_refused() -> None:
    assert "unknown key '7'" in problems({**VALID, 7: 1})


@pytest.mark.row(23)
def test_all_problems_are_said_at_once() -> None:
    config = changed("training.hiden", "3")
    config["dataset"] = "mnits"
    config["memorization"]["seed"] = -1
    said = problems(config).splitlines()[1:]
    assert len(said) == 3
    assert all(line.startswith("    ") for line in said)


def all_objects(schema):
    """Yield every part of the schema that describes a section."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from all_objects(part)


def test_the_schema_lets_no_unknown_key_pass_and_no_known_one_be_left_out() -> None:
    sections = list(all_objects(yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))))
    assert len(sections) > 5
    for section in sections:
        assert section["additionalProperties"] is False
        if not section["description"].startswith("some of"):
            assert section["required"] == [key for key in section["properties"] if key != "cells"]


def all_keys(schema):
    """Yield the schema of every key and of every entry of a list."""
    parts = list(schema.get("properties", {}).values())
    for part in [*parts, schema["items"]] if "items" in schema else parts:
        yield part
        yield from all_keys(part)


def test_the_schema_says_of_every_key_what_is_expected() -> None:
    keys = list(all_keys(yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))))
    assert len(keys) > 15
    assert all(key.get("description") for key in keys)


def test_only_what_may_differ_may_differ_from_the_printed_file(tmp_path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("{kind: a, training: {hidden: 200}}")
    other = {"kind": "b", "training": {"hidden": 200}}
    require_printed(other, path, ["kind"])
    with pytest.raises(Failure, match=r"was changed while the build was running \(kind\)"):
        require_printed(other, path, begun=True)
    with pytest.raises(Failure, match="command line changes kind, but the report prints"):
        require_printed(other, path)
    with pytest.raises(Failure, match=r"changes training(.|\n)*may set `kind` only"):
        require_printed({**other, "training": {"hidden": 150}}, path, ["kind"])


@pytest.mark.row(41, "Refused in one message with the line, before anything is built.")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected sections as `name:`; got an empty file"),
        ("[a, b]", "got ['a', 'b']"),
        ("a: [", "is not valid YAML: while parsing"),
        ("a: {b: 1, c: 2, b: 3}", "'b' stands there twice"),
        ("a: 1\na: 1", "'a' stands there twice"),
        ("a: &x {b: *x}", "recursive"),
        ("a: &x [*x]", "recursive"),
        ("&x {a: *x}", "recursive"),
        (f"a: {'1' * 5000}", "is not valid YAML: Exceeds the limit"),
        ("a: 2024-13-45", "is not valid YAML: month must be"),
        ("[" * 5000, "is not valid YAML: maximum recursion"),
    ],
)
def test_a_file_that_holds_no_sections_is_refused_in_one_message(tmp_path, text, said) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(Failure) as refusal:
        require_sections(path)
    assert said in refusal.value.cause
    assert str(path) in refusal.value.cause


def test_keys_may_be_merged_and_overridden(tmp_path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: *b, y: 4}")
    assert read_yaml(path)["c"] == {"x": 3, "y": 4}
