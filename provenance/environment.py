"""Everything around a job that could change its bytes, set to one value before it starts.

The Snakefile sets these variables for all jobs. This module imports the standard library only,
because they must stand before NumPy is loaded.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

# Matrix products differ in their last bits between the kernels that OpenBLAS chooses by processor.
# Haswell's run on every x86-64 processor with AVX2; forced on an older one they would crash.
BLAS_KERNEL = "Haswell"
# `make verify ARGS=--kernels` asks for others here, to see what they change.
KERNEL_VARIABLE = "HW2_BLAS_KERNEL"
# NumPy has its own wider loops for newer processors. Unknown names are ignored by it silently;
# these are those of NumPy 2.4.
NUMPY_WIDE_LOOPS = "X86_V4 AVX512_ICL AVX512_SPR"


def environment(root: str | Path) -> dict[str, str]:
    """List the environment variables that every job should see.

    Parameters
    ----------
    root : str or Path
        The project's folder.

    Returns
    -------
    dict of str to str
    """
    variables = {
        "PYTHONPATH": str(root),
        "PYTHONHASHSEED": "0",
        # Bytecode is written when the Snakefile is read (provenance/bytecode.py).
        "PYTHONDONTWRITEBYTECODE": "1",
        # These can switch other loops of the C library on.
        "GLIBC_TUNABLES": "",
        "PYTHONUTF8": "1",
        "MPLCONFIGDIR": str(_fonts_folder(root)),
        "SOURCE_DATE_EPOCH": "0",
        "TZ": "UTC",
        "LC_ALL": "C",
        # For glibc: keep freed memory for the next array. Handing it back and asking again costs
        # more than the arithmetic on it where arrays are large (n = all).
        "MALLOC_MMAP_THRESHOLD_": str(2**30),
        "MALLOC_TRIM_THRESHOLD_": str(2**30),
        # For NumPy: large arrays in ordinary pages. In a virtual machine whose host takes free
        # memory back, the first touch of a huge page waits for the host (0.2 s for 100 MB).
        "NUMPY_MADVISE_HUGEPAGE": "0",
    }
    kernel = os.environ.get(KERNEL_VARIABLE, BLAS_KERNEL if has_avx2() else "")
    if kernel:
        variables |= {
            "OPENBLAS_CORETYPE": kernel,
            "NPY_DISABLE_CPU_FEATURES": NUMPY_WIDE_LOOPS,
        }
    return variables


def _fonts_folder(root: str | Path) -> Path:
    """Choose where Matplotlib keeps its list of the fonts that it finds, which takes it a second.

    Like Matplotlib itself it is part of the environment. Where that is not a virtual environment,
    or belongs to somebody else, each project has its own list.
    """
    virtual = sys.prefix != sys.base_prefix
    ours = virtual and os.access(sys.prefix, os.W_OK)
    return (Path(sys.prefix) if ours else Path(root, ".snakemake")) / "matplotlib"


def has_avx2(cpuinfo: str | Path = "/proc/cpuinfo") -> bool:
    """Tell whether this is an x86-64 processor known to run the pinned kernels."""
    try:
        text = Path(cpuinfo).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return platform.machine() in ("x86_64", "AMD64") and {"avx2", "fma"} <= set(flags)
