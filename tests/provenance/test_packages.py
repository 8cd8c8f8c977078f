"""The installed packages against the pinned ones."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from provenance.errors import Failure
from provenance.packages import require_pinned


def test_the_pinned_packages_are_accepted() -> None:
    require_pinned("requirements.txt")


@pytest.mark.parametrize(
    ("pin", "installed"), [("numpy==1.0", version("numpy")), ("no-such-package==1.0", "nothing")]
)
def test_a_package_of_another_version_is_refused_by_name(tmp_path, pin, installed) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"{pin} \\\n    --hash=sha256:00\n")
    with pytest.raises(Failure, match=f"{pin}; installed: {installed}"):
        require_pinned(path)


def test_a_pin_for_another_system_is_passed_over(tmp_path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# for elsewhere\nno-such-package==1.0 ; sys_platform == 'elsewhere' \\\n")
    require_pinned(path)
