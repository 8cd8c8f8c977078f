"""Folders, before a build begins."""

from __future__ import annotations

import pytest

from provenance.errors import Failure
from provenance.folders import require_no_shadows


@pytest.mark.parametrize("name", ["numpy.py", "random.py", "sitecustomize.py", "yaml/__init__.py"])
def test_a_module_that_jobs_would_import_in_place_of_another_is_refused(tmp_path, name) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(Failure, match="would be imported in place of"):
        require_no_shadows(tmp_path)


@pytest.mark.parametrize("name", ["hw2.py", "my_plots.py", "nn/__init__.py", "numpy.txt", "yaml/a"])
def test_a_persons_own_files_may_lie_there(tmp_path, name) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    require_no_shadows(tmp_path)
