"""The number of threads that numerical libraries use, set in this one place."""

from __future__ import annotations

import os


def use_one_thread() -> None:
    """Call this first in a program: NumPy and torch read it when they are first imported.

    The matrices are small. One thread is the fastest, and two beside other work take up to thirty
    times as long. A number that the environment names stays.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
