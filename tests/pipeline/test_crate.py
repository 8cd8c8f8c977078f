"""The RO-Crate of a run, written and checked with packages that only it needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile

import pytest

from tests.project import PDF, ROOT, Project, surroundings

CRATE = "report/crate.zip"


@pytest.mark.faults
def test_the_crate_of_a_run_is_valid_and_says_which_job_made_what(built: Project) -> None:
    shutil.copytree(ROOT / "crate", built / "crate", ignore=shutil.ignore_patterns(".venv"))
    command = ["bash", "setup/apart.sh", "crate", "-m", "crate.describe", PDF, CRATE]
    ran = subprocess.run(
        command, cwd=built.folder, env=surroundings(), capture_output=True, text=True, check=False
    )
    if "could not be installed" in ran.stdout + ran.stderr:
        pytest.skip("the packages of crate/requirements.txt cannot be had here")
    assert ran.returncode == 0, ran.stderr
    assert "a valid Provenance Run Crate" in ran.stdout
    with zipfile.ZipFile(built / CRATE) as archive:
        graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
        assert archive.read(PDF) == (built / PDF).read_bytes()
    made = built.jobs()["check_gradients"].outputs
    actions = {entity["name"]: entity for entity in graph if entity["@type"] == "CreateAction"}
    results = {entity["@id"] for entity in actions["check gradients"]["result"]}
    assert results == {*made}
