"""`make verify`: the committed manifest held against this folder and against a build from nothing.

The manifest of the released report is committed. Here the last commit is cloned into a temporary
folder, built there, and compared with it stage by stage; and so is what stands in this folder's
results/, if it was built from the same sources.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from provenance.errors import Failure
from provenance.files import sha256
from provenance.manifest import STAGES
from homework.mnist_files import FILES
from provenance.environment import KERNEL_VARIABLE
from provenance.records import read_json, write_json
from provenance.seals import unsealed_files
from provenance.sums import describe_record

Manifest = Mapping[str, Any]
File = Mapping[str, Any]

PDF = "report/hw2.pdf"
BUILT = "results/manifest.json"
EXPECTED = "report/manifest.expected.json"
TOY = "test_batch_weights_biases.pkl"
#: How far numbers may be apart to be called that close.
LEVELS = (1e-12, 1e-9, 1e-6)
KERNELS = ("Haswell", "Zen", "SkylakeX", "Nehalem", "Prescott")


def main(arguments: Sequence[str]) -> int:
    """Verify, or do what the option says; return the exit status."""
    parser = argparse.ArgumentParser(prog="make verify", description=__doc__)
    parser.add_argument("--update", action="store_true", help="commit to what is built here")
    parser.add_argument("--kernels", action="store_true", help="compare the kernels of OpenBLAS")
    options = parser.parse_args(arguments)
    try:
        if options.update:
            return update()
        return compare_kernels() if options.kernels else verify()
    except Failure as error:
        print(f"verify: {error}", file=sys.stderr)
        return 1


def verify() -> int:
    """Compare this folder's results, then those of a build from nothing."""
    here = check_here()
    with cloned() as clone:
        if not (clone / EXPECTED).is_file():
            raise Failure(
                f"The last commit has no {EXPECTED} to compare with.",
                "Build the report, run `make manifest` and commit that file.",
            )
        build(clone)
        expected, built = read_json(clone / EXPECTED), read_json(clone / BUILT)
        left_out = toy_is_another(expected, built, clone)
    differences = list(compare(expected, built, left_out))
    for line in differences:
        print(line)
    if differences:
        print(f"NOT OK: the build differs from {EXPECTED}, first in the stage {differences[0]}")
    elif here:
        print("NOT OK: built from nothing the report is as expected, but the files here are not")
    elif left_out:
        print("OK, as far as it can be compared without the course's toy network")
    else:
        print(f"The chain up to the figures, which the last page states: {printed(expected)}")
        print(f"OK: every byte is as expected; the chain ends in {expected['pdf']['chain']}")
    return 1 if differences or here else 0


def printed(manifest: Manifest) -> str:
    """Give the hash that the report's last page can state: that of all that comes before it."""
    chain: str = manifest["figures"]["chain"]
    return chain


def check_here() -> bool:
    """Compare this folder's results with its manifest; tell whether any file is not as expected."""
    if not Path(EXPECTED).is_file() or not Path(BUILT).is_file():
        print("Here: nothing is built that could be compared.")
        return False
    expected = read_json(EXPECTED)
    if others := [*differing_sources(expected)]:
        print(
            f"Here: not compared, the sources are others than the manifest's ({summary(others)})."
        )
        return False
    found = [*compare_files(expected)]
    for line in found:
        print(f"Here: {line}")
    if not found:
        print("Here: every file is as expected.")
    return bool(found)


def differing_sources(manifest: Manifest) -> Iterator[str]:
    """Yield the sources and pins in this folder that are not those of a manifest."""
    for stage in ("pins", "sources"):
        for path, file in manifest[stage]["files"].items():
            if not Path(path).is_file() or sha256(path) != file["sha256"]:
                yield path


def compare_files(manifest: Manifest) -> Iterator[str]:
    """Compare this folder's files with a manifest.

    Parameters
    ----------
    manifest : mapping
        What they should be.

    Yields
    ------
    str
        Stage, file and kind of difference for each that is not as it should be: those of the
        manifest first, stage by stage, then those that no stage counts.
    """
    listed = set()
    for stage in STAGES[STAGES.index("data") :]:
        for path, file in manifest[stage]["files"].items():
            listed.add(path)
            if Path(path).is_file():
                if sha256(path) != file["sha256"]:
                    yield f"{stage}: {path}: {how_different(file, _describe(path))}"
            elif not path.startswith("resources/"):
                yield f"{stage}: {path}: missing"
    for path in unsealed_files(["results", PDF]):
        if path not in listed:
            yield f"{stage_of(path)}: {path}: not what its job wrote"


def stage_of(path: str) -> str:
    """Name the stage to which a computed file belongs that the manifest does not list."""
    if "/figures/" in path:
        return "figures"
    if "/idx/" in path or path.endswith((".npz", "digits.json")):
        return "data"
    if path.endswith(("arrays.json", "chain.json", "manifest.json")):
        return "manifest"
    return "tex" if "/tex/" in path else "facts"


def compare(expected: Manifest, built: Manifest, left_out: Sequence[str] = ()) -> Iterator[str]:
    """Compare two manifests.

    Parameters
    ----------
    expected, built : mapping
        The manifests.
    left_out : sequence of str
        Beginnings of the paths that are not compared.

    Yields
    ------
    str
        For each stage with files that differ: its name, how they differ and which they are.
    """
    for stage in STAGES:
        old, new = expected[stage]["files"], built[stage]["files"]
        kinds: dict[str, list[str]] = {}
        for path in sorted({*old, *new}):
            hashes = {files.get(path, {}).get("sha256") for files in (old, new)}
            if len(hashes) > 1 and not path.startswith(tuple(left_out)):
                kind = how_different(old.get(path), new.get(path))
                kinds.setdefault(kind, []).append(path)
        if kinds:
            yield f"{stage}: " + "; ".join(f"{kind}: {summary(p)}" for kind, p in kinds.items())


def how_different(old: File | None, new: File | None) -> str:
    """Say how two files differ, from what a manifest says of them.

    Parameters
    ----------
    old, new : mapping or None
        Their descriptions; None for a file that is not there.

    Returns
    -------
    str
        "new", "missing", "bytes only" (the sums of the numbers agree), "numbers within 1e-12",
        "printed digits or words" and so on.
    """
    if old is None or new is None:
        return "new" if old is None else "missing"
    if "words" in old and "words" in new:
        return "hashes only" if old["words"] == new["words"] else "printed digits or words"
    if "sums" not in old or "sums" not in new:
        return "damaged" if "sums" in old else "bytes"
    gap = largest_gap(old["sums"], new["sums"])
    if gap == 0:
        return "bytes only"
    for level in LEVELS:
        if gap <= level:
            return f"numbers within {level:g}"
    return f"numbers, whose sums differ by {gap:.1g}" if gap < 1 else "other numbers"


def largest_gap(old: Mapping[str, Sequence[float]], new: Mapping[str, Sequence[float]]) -> float:
    """Return the largest relative difference between sums; infinity if they count other things."""
    if old.keys() != new.keys() or any(old[name][0] != new[name][0] for name in old):
        return float("inf")
    gaps = [abs(old[name][3] - new[name][3]) for name in old]  # of logarithms
    pairs = [pair for name in old for pair in zip(old[name][1:3], new[name][1:3], strict=True)]
    gaps += [abs(a - b) / (max(abs(a), abs(b)) or 1.0) for a, b in pairs]
    return max(gaps, default=0.0)


def toy_is_another(expected: Manifest, built: Manifest, clone: Path) -> list[str]:
    """List what shows the toy network, if the build had to draw one for want of the course's."""
    arrays = "results/toy/toy.npz"
    old, new = (manifest["data"]["files"][arrays] for manifest in (expected, built))
    if old == new or read_json(clone / "results/toy/toy.json")["source"] == "course":
        return []
    print(
        f"The released report shows the course's toy network; {TOY} is not here, so a drawn one "
        "took its place. What shows it is not compared. With that file in resources/toy it will be."
    )
    return ["results/toy/", "results/claims.json", "results/tex/", PDF]


@contextmanager
def cloned() -> Iterator[Path]:
    """Clone the last commit into a temporary folder, with the downloads that are here."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        clone = Path(folder, "hw2")
        command = ["git", "clone", "--quiet", "--no-hardlinks", os.getcwd(), str(clone)]
        if subprocess.run(command, check=False).returncode != 0:
            raise Failure(
                "The last commit cannot be cloned; git says why above.",
                "Run `make verify` in a git checkout of the project.",
            )
        if changed := git("status", "--porcelain", "--untracked-files=no"):
            print(f"Not part of the commit: {summary([line[3:] for line in changed])}.")
        copy_downloads(clone)
        yield clone


def git(*arguments: str) -> list[str]:
    """Ask git something; return the lines of its answer."""
    answer = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def copy_downloads(clone: Path) -> None:
    """Copy MNIST's files and the course's pickle to where a clone finds them without network."""
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    wanted = {
        "resources/mnist": (["resources/mnist", *config["mirrors"]], [*FILES]),
        "resources/toy": (config["toy"]["folders"], [TOY]),
    }
    for target, (folders, names) in wanted.items():
        for name in names:
            found = [path for folder in folders if (path := Path(folder, name)).is_file()]
            if found:
                (clone / target).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found[0], clone / target / name)


def build(folder: Path, **environment: str) -> None:
    """Build the report on MNIST in another folder, from nothing."""
    print(f"Building commit {git('rev-parse', '--short', 'HEAD')[0]} from nothing:", flush=True)
    # The logger that shows one line a job lies in setup/.
    variables = {"PYTHONPATH": str(folder / "setup"), **environment}
    options = ["--cores", "all", "--logger", "steps"]
    ran = subprocess.run(
        [sys.executable, "-m", "snakemake", PDF, BUILT, *options],
        cwd=folder,
        env=os.environ | variables,
        check=False,
    )
    if ran.returncode != 0:
        raise Failure(
            "The commit could not be built; its last words are above.", "Mend that and try again."
        )


def update() -> int:
    """Make the manifest of what is built here the expected one, and show what that changes."""
    if not Path(BUILT).is_file():
        raise Failure(f"There is no {BUILT}.", "Build the report first: make report")
    built = read_json(BUILT)
    if found := [*differing_sources(built), *compare_files(built)]:
        raise Failure(
            f"{BUILT} is not of the files that are here: {summary(found)}.",
            "Build the report first: make report",
        )
    if read_json("results/toy/toy.json")["source"] != "course":
        print(f"WARNING: this report shows a drawn toy network; the released one wants {TOY}.")
    if Path(EXPECTED).is_file():
        print("\n".join(compare(read_json(EXPECTED), built)) or f"{EXPECTED}: nothing changes.")
    else:
        print(f"{EXPECTED} is new; the chain ends in {built['pdf']['chain']}")
    write_json(EXPECTED, built)
    return 0


def compare_kernels() -> int:
    """Build with each kernel of OpenBLAS that runs here; print what each stage keeps."""
    loaded = {kernel: loaded_kernel(kernel) for kernel in KERNELS}
    manifests: dict[str, Manifest] = {}
    with cloned() as clone:
        for kernel in dict.fromkeys(kernel for kernel in loaded.values() if kernel):
            print(f"\n{kernel}:", flush=True)
            asked = next(name for name in KERNELS if loaded[name] == kernel)
            build(clone, **{KERNEL_VARIABLE: asked})
            manifests[kernel] = read_json(clone / BUILT)
            (clone / PDF).unlink()
            for name in ("results", ".snakemake"):
                shutil.rmtree(clone / name)
    first = manifests[loaded[KERNELS[0]] or next(iter(manifests))]
    for asked, ran in loaded.items():
        print(f"\n{asked}: " + (f"runs as {ran}" if ran else "does not run here"))
        lines = [*compare(first, manifests[ran])] if ran else []
        told = {line.partition(": ")[0]: f"  {line}" for line in lines}
        for stage in STAGES if ran else ():
            print(told.get(stage, f"  {stage}: same bytes"))
    return 0


def loaded_kernel(name: str) -> str | None:
    """Ask OpenBLAS for a kernel; return which it takes, None if this processor cannot run it."""
    program = (
        "import numpy as np, threadpoolctl as t; np.ones((300, 300)) @ np.ones((300, 300));"
        "print(t.threadpool_info()[0]['architecture'])"
    )
    tried = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"OPENBLAS_CORETYPE": name},
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stdout.strip() if tried.returncode == 0 else None


def summary(paths: Sequence[str], most: int = 3) -> str:
    """Name some and count the others."""
    others = len(paths) - most
    return ", ".join(paths[:most]) + (f" and {others} more" if others > 0 else "")


def _describe(path: str) -> File:
    """Describe a file that may be damaged beyond reading."""
    try:
        return describe_record(path)
    # Whatever a damaged zip, table or JSON makes its reader raise: that is the finding.
    except Exception:
        return {"sha256": sha256(path)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
