"""One thread for BLAS, and a check that NumPy honours what `pins` asked for."""

from __future__ import annotations

import os
import sys

from threadpoolctl import threadpool_info, threadpool_limits

from provenance.environment import BLAS_KERNEL


def check_pins() -> list[str]:
    """Give BLAS one thread; warn on standard error where it is not the pinned one.

    A product's last bits may depend on how many threads share it. So a rule with more threads
    runs several products at once, each on one.

    Returns
    -------
    list of str
        One warning per difference. The results are right all the same; their last bits may
        differ from the released report's.
    """
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
