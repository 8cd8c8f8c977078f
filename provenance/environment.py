"""Everything around a job that could change its bytes, set to one value before it starts.

The variables are set for all jobs when the Snakefile is read, because they must stand before NumPy
is loaded. Only `pin_threads` needs more than the standard library.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from provenance.errors import Failure, missing

# Matrix products differ in their last bits between the kernels that OpenBLAS chooses by processor.
# Haswell's run on every x86-64 processor with AVX2; forced on an older one they would crash.
BLAS_KERNEL = "Haswell"
# NumPy has its own wider loops for newer processors. Unknown names are ignored by it silently;
# these are those of NumPy 2.4.
NUMPY_WIDE_LOOPS = "X86_V4 AVX512_ICL AVX512_SPR"

# What chooses other warnings, bytecode or loops of the C library; empty it chooses nothing.
UNSET = [
    *("PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONPYCACHEPREFIX"),
    *("GLIBC_TUNABLES", "NPY_ENABLE_CPU_FEATURES"),
]

#: A line such as `numpy==2.4.6 ; python_version < "3.12" \\`, without its hashes.
PIN = re.compile(r"^[A-Za-z0-9][^\\\n]*", re.MULTILINE)


def variables(root: str | Path) -> dict[str, str]:
    """List the environment variables that every job in the project's folder should see."""
    pinned = {
        "PYTHONPATH": str(root),
        # Snakemake runs a script from a folder of its own, and a person may have modules at home.
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
        # A module's bytecode is taken for up to date if the source's size and time, in whole
        # seconds, are those noted in it; so there is none in the project's folder.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        **dict.fromkeys(UNSET, ""),
        "MPLBACKEND": "agg",
        # Of a Snakemake that a job starts, which loads NumPy too; a script has its rule's threads.
        "OPENBLAS_NUM_THREADS": "1",
        "MPLCONFIGDIR": str(_fonts_folder(root)),
        "SOURCE_DATE_EPOCH": "0",
        "TZ": "UTC",
        "LC_ALL": "C",
    }
    if has_avx2():
        pinned |= {
            "OPENBLAS_CORETYPE": BLAS_KERNEL,
            "NPY_DISABLE_CPU_FEATURES": NUMPY_WIDE_LOOPS,
        }
    return pinned


def _fonts_folder(root: str | Path) -> Path:
    """Choose where Matplotlib keeps its list of fonts: in a virtual environment, if it is ours."""
    ours = sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK)
    return (Path(sys.prefix) if ours else Path(root, ".snakemake")) / "matplotlib"


def has_avx2(cpuinfo: str | Path = "/proc/cpuinfo") -> bool:
    """Tell whether this is an x86-64 processor known to run the pinned kernels."""
    try:
        text = Path(cpuinfo).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return platform.machine() in ("x86_64", "AMD64") and {"avx2", "fma"} <= set(flags)


def pin_threads() -> list[str]:
    """Give BLAS one thread; warn on standard error where it is not the pinned one.

    A product's last bits may depend on how many threads share it. So a rule with more threads
    runs several products at once, each on one. Where a warning is told, and returned, the results
    are right all the same; their last bits may differ from the released report's.
    """
    # Not at the top: only jobs that compute need it.
    from threadpoolctl import threadpool_info, threadpool_limits  # noqa: PLC0415

    threadpool_limits(limits=1)
    warnings = []
    for library in threadpool_info():
        name = f"{library['internal_api']} ({library['prefix']})"
        if library["num_threads"] != 1:
            warnings.append(f"{name} runs {library['num_threads']} threads; pinned: 1")
        kernel = library.get("architecture", BLAS_KERNEL)
        if kernel != BLAS_KERNEL:
            warnings.append(f"{name} runs its {kernel} kernel; pinned: {BLAS_KERNEL}")
    if os.environ.get("OPENBLAS_CORETYPE") != BLAS_KERNEL:
        warnings.append(f"this processor lacks AVX2, so the kernel {BLAS_KERNEL} is not pinned")
    for warning in warnings:
        print(f"WARNING: {warning}; bytes may differ from the released report's", file=sys.stderr)
    return warnings


def require_pinned(requirements: str | Path) -> None:
    """Refuse packages of other versions than those pinned in a requirements file, naming each."""
    wrong = []
    if not Path(requirements).is_file():
        raise missing(requirements)
    text = Path(requirements).read_text(encoding="utf-8")
    for requirement in map(Requirement, PIN.findall(text)):
        if requirement.marker is None or requirement.marker.evaluate():
            try:
                installed = version(requirement.name)
                fits = installed in requirement.specifier
            except PackageNotFoundError:
                installed, fits = "nothing", False
            if not fits:
                wrong.append(f"{requirement}; installed: {installed}")
    if wrong:
        raise Failure(
            f"Other packages than those of {requirements}: {', '.join(wrong)}.",
            "`make report` makes .venv anew with the pinned ones; or activate that environment.",
        )
