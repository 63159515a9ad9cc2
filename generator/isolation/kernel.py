"""System calls by ctypes. The launcher imports it before anything else, so it stays small."""

from __future__ import annotations

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)


class LayerMissing(Exception):
    """A layer of the isolation that this machine does not have."""


def syscall(number: int, *arguments: object) -> int:
    """A system call by its number; raises OSError as functions of `os` do."""
    return _checked(_LIBC.syscall(ctypes.c_long(number), *map(_as_c, arguments)))


def prctl(option: int, *arguments: object) -> int:
    """See prctl(2); raises OSError."""
    # The kernel reads all five, and wants zeros where an option has fewer.
    filled = (*arguments, 0, 0, 0, 0)[:4]
    return _checked(_LIBC.prctl(ctypes.c_int(option), *map(_as_c, filled)))


def unshare(flags: int) -> None:
    """See unshare(2); raises OSError."""
    _checked(_LIBC.unshare(ctypes.c_int(flags)))


def _as_c(argument: object) -> object:
    # A Python int would be passed as 32 bits.
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
