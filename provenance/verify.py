"""`verify`: the committed manifest held against this folder and against a build from nothing.

The manifest of the released report is committed. Here the last commit is laid out in a temporary
folder, built there and compared with it job by job; and so is what stands in this folder, if it was
built from the same sources. Where there is no git, as in a downloaded archive, the sources that the
manifest names are taken as they are here.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path

from provenance.errors import Failure
from provenance.files import write_bytes, write_json
from provenance.manifest import DATA, Manifest, differing, manifest_of, read_manifest
from provenance.receipts import altered_files, hash_of

# A checkout of somebody else's is read as well: its code runs here in any case.
GIT = ("git", "-c", "safe.directory=*")


def main(arguments: Sequence[str]) -> int:
    """Verify, or do what the option says; return the exit status."""
    parser = argparse.ArgumentParser(prog="verify", description=__doc__)
    parser.add_argument("report", help="the document, as the Snakefile names it")
    parser.add_argument("expected", help="its manifest, which is committed")
    parser.add_argument("--update", action="store_true", help="commit to what is built here")
    parser.add_argument(
        "--copy",
        nargs=2,
        action="append",
        default=[],
        dest="copies",
        metavar=("RECORD", "COPY"),
        help="a record of which a copy is committed beside the manifest",
    )
    options = parser.parse_args(arguments)
    act = update if options.update else verify
    try:
        return act(options.report, options.expected, options.copies)
    except Failure as error:
        print(f"verify: {error}", file=sys.stderr)
        return 1


def verify(report: str, expected_at: str, copies: Sequence[Sequence[str]]) -> int:
    """Compare this folder's files, then those of a build from nothing."""
    here = check_here(report, expected_at)
    with elsewhere("commit") as folder:
        what = lay_out(folder, [expected_at, *(copy for _, copy in copies)])
        if not Path(folder, expected_at).is_file():
            raise Failure(
                f"There is no {expected_at} in {what} to compare with.",
                "Build the report, run `make manifest` and commit that file. A report that carries "
                "its sources needs none: `make verify PDF=<that report>`.",
            )
        print(f"Building {what} from nothing:", flush=True)
        with chdir(folder):
            build(report)
            expected, built = read_manifest(expected_at), manifest_of([report])
            found, lacking = compare(expected, built, differing(expected))
            found += [
                f"{copy}: not the {record} of {expected_at}"
                for record, copy in copies
                if hash_of(copy) != expected.files.get(record)
            ]
    for line in found:
        print(line)
    if found:
        print(f"NOT OK: the build differs from {expected_at}, first in {found[0]}")
    elif here:
        print("NOT OK: built from nothing the report is as expected, but the files here are not")
    elif lacking:
        print(f"OK, as far as it can be compared without {', '.join(lacking)}")
    else:
        print(f"OK: every byte is as expected; the chain ends in {expected.chain}")
    return 1 if found or here else 0


def compare(
    expected: Manifest, built: Manifest, differs: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Say where a build parts from what was expected, and which data it did not have.

    First come the sources that differ (`differs` says how, by path), then each job that made other
    files of the same inputs, then those that follow from them. What was made without some data is
    not held against the build.
    """
    lacking = sorted(expected.data.keys() - built.data.keys())
    others = [path for path, h in expected.data.items() if built.data.get(path, h) != h]
    sources = [*others, *(path for path in expected.sources if path in differs)]
    found: list[str] = []
    followers: list[str] = []
    if sources:
        found.append(f"sources: {_kinds(sources, differs)}")
    made_without = {*lacking}
    for job in expected.jobs:
        if parts := [path for path in job["outputs"] if path in differs]:
            if made_without & set(job["inputs"]):
                made_without |= set(parts)
                continue
            follows = any(path in differs for path in job["inputs"])
            line = f"{job['label']}: {_kinds(parts, differs)}"
            (followers if follows else found).append(line)
    return found + followers, [path.removeprefix(DATA) for path in lacking]


def _kinds(paths: Sequence[str], differs: Mapping[str, str]) -> str:
    """Put together which files differ in which way."""
    kinds: dict[str, list[str]] = {}
    for path in paths:
        kinds.setdefault(differs.get(path, "bytes"), []).append(path)
    return "; ".join(f"{kind}: {summary(alike)}" for kind, alike in kinds.items())


def check_here(report: str, expected_at: str) -> bool:
    """Compare this folder's files with its manifest; tell whether any is not as expected."""
    if not Path(expected_at).is_file() or not Path(report).is_file():
        print("Here: nothing is built that could be compared.")
        return False
    expected = read_manifest(expected_at)
    differs = differing(expected)
    if others := [path for path in expected.sources if path in differs]:
        print(
            f"Here: not compared, the sources are others than the manifest's ({summary(others)})."
        )
        return False
    computed = {path.split("/")[0] for job in expected.jobs for path in job["outputs"]}
    for path in altered_files([*sorted(computed - {Path(report).parts[0]}), report]):
        differs.setdefault(path, "not what its job wrote")
    for path, kind in differs.items():
        print(f"Here: {path}: {kind}")
    if not differs:
        print("Here: every file is as expected.")
    return bool(differs)


@contextmanager
def elsewhere(name: str) -> Iterator[Path]:
    """Make a folder of this name in a temporary place, with the downloads that are here."""
    with tempfile.TemporaryDirectory(prefix="verify-") as place:
        folder = Path(place, name)
        folder.mkdir()
        if Path(DATA).is_dir():
            shutil.copytree(DATA, folder / DATA)
        # What the configuration looks for beside this folder is found beside that one as well.
        for neighbour in Path.cwd().parent.iterdir():
            if neighbour.name != name:
                Path(place, neighbour.name).symlink_to(neighbour)
        yield folder


def lay_out(folder: Path, committed: Sequence[str]) -> str:
    """Put the last commit into a folder; without git, what is committed and what that names.

    No hook of git's runs then, and no setting of a person's counts. Returns what it is.
    """
    try:
        name = git("rev-parse", "--short", "HEAD").decode().strip()
    except Failure as failure:
        print(f"{failure.cause} So the sources are taken as they are here.")
        expected_at = committed[0]
        named = read_manifest(expected_at).sources if Path(expected_at).is_file() else ()
        for path in filter(os.path.isfile, [*committed, *named]):
            write_bytes(folder / path, Path(path).read_bytes())
        return "this folder"
    if changed := git("status", "--porcelain", "--untracked-files=no").decode().splitlines():
        print(f"Not part of the commit: {summary([line[3:] for line in changed])}.")
    with tarfile.open(fileobj=io.BytesIO(git("archive", "HEAD"))) as archive:
        archive.extractall(folder, filter="data")
    return f"commit {name}"


def git(*arguments: str, wanted: str = "The last commit") -> bytes:
    """Ask git for something; return its answer."""
    try:
        return subprocess.run([*GIT, *arguments], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip() or error
        raise Failure(
            f"{wanted} cannot be had from git: {said}.",
            "Run this with git in a checkout of the project.",
        ) from error


def build(report: str) -> None:
    """Build the report in the present folder, from nothing."""
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "snakemake", report, "--cores", "all", "--logger", "steps"],
        env=os.environ | {"PYTHONPATH": str(Path.cwd() / "provenance/display")},
        check=False,
    )
    if ran.returncode != 0:
        raise Failure(
            "It could not be built; the last words of the build are above.",
            "Mend that and try again.",
        )


def update(report: str, expected_at: str, copies: Sequence[Sequence[str]]) -> int:
    """Make the manifest of what is built here the expected one, and show what that changes."""
    built = built_here(report, sums=True)
    if Path(expected_at).is_file():
        before = read_manifest(expected_at)
        lines, _ = compare(before, built, differing(before))
        print("\n".join(lines) or f"{expected_at}: nothing changes.")
    else:
        print(f"{expected_at} is new: there was no such manifest to compare with.")
    write_json(expected_at, built._asdict())
    for record, copy in copies:
        write_bytes(copy, Path(record).read_bytes())
    print(f"The chain ends in {built.chain}")
    return 0


def built_here(report: str, *, sums: bool = False) -> Manifest:
    """Give the manifest of a report that is built here of the files that are here."""
    if not Path(report).is_file() or altered_files([report]):
        raise Failure(f"There is no {report} of this folder's.", "Build it first: make report")
    built = manifest_of([report], sums=sums)
    if found := differing(built):
        raise Failure(
            f"{report} is not of the files that are here: {summary([*found])}.",
            "Build it first: make report",
        )
    return built


def summary(paths: Sequence[str], most: int = 3) -> str:
    """Name some and count the others."""
    others = len(paths) - most
    return ", ".join(paths[:most]) + (f" and {others} more" if others > 0 else "")
