"""A filter of system calls: what a process may ask of the kernel, from now on and for good.

It refuses all sockets, other processes, and what Landlock leaves open. Most refusals look like
missing rights (EPERM), so that a program can say what it tried.

References
----------
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

from generator.isolation.kernel import LayerMissing, prctl
from generator.isolation.syscall_numbers import ABSENT, DENIED, LATER, LOOKED_AT

# Of `struct seccomp_data`.
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_ERROR = 0x00050000
_REFUSE = _ERROR | errno.EPERM
_NO_SUCH_CALL = _ERROR | errno.ENOSYS
_NO_TERMINAL = _ERROR | errno.ENOTTY
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # the same calls again, by other numbers

_CLONE_THREAD = 0x00010000
_SET_PARENT_DEATH_SIGNAL = 1
# Who gets a file's signals, and which: another way to kill.
_OWNERS = (8, 10, 15)
# Whether it is a terminal, how much is there to read, and whether a program that is started has it.
_HARMLESS_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)

Instruction = tuple[int, int, int, int]


def refuse_calls() -> None:
    """Filter the calls of this process and of all that it starts.

    Raises
    ------
    LayerMissing
        If the kernel has no filters, or this is a machine whose calls we do not know.
    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        raise LayerMissing(f"no filter of system calls for {machine}")
    program = b"".join(struct.pack("=HBBI", *each) for each in filter_program(machine, os.getpid()))
    code = ctypes.create_string_buffer(program)
    # A `struct sock_fprog`: its length, and a pointer.
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    try:
        prctl(_SET_NO_NEW_PRIVS, 1)
        prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(described))
    except OSError as error:
        raise LayerMissing(f"no filter of system calls ({error.strerror})") from error


def filter_program(machine: str, process: int) -> list[Instruction]:
    """The filter for a process of this number.

    Examples
    --------
    >>> len(filter_program("x86_64", 1)) < 4096  # the kernel's limit
    True
    """
    column, audit = _MACHINES[machine]
    program = [_load(_MACHINE), (_EQUAL, 1, 0, audit), _end(_KILL), _load(_NUMBER)]
    program += [(_AT_LEAST, 0, 1, _X32), _end(_KILL)]
    program += [(_AT_LEAST, 0, 1, LATER), _end(_NO_SUCH_CALL)]
    for calls, verdict in ((DENIED, _REFUSE), (ABSENT, _NO_SUCH_CALL)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                program += [(_EQUAL, 0, 1, number), _end(verdict)]
    for name, block in _blocks(process).items():
        if (number := LOOKED_AT[name][column]) is not None:
            program += [(_EQUAL, 0, len(block), number), *block]
    return [*program, _end(_ALLOW)]


def _blocks(process: int) -> dict[str, list[Instruction]]:
    """By call, what looks at its arguments; each ends in a verdict."""
    itself = _allow_only(0, (process,))
    return {
        "clone": _allow_if_set(0, _CLONE_THREAD),
        "kill": itself,
        "tgkill": itself,
        "prlimit64": _allow_only(0, (0, process)),
        "sched_setaffinity": _allow_only(0, (0, process)),
        "fcntl": _refuse_only(1, _OWNERS),
        "ioctl": _allow_only(1, _HARMLESS_IOCTLS, otherwise=_NO_TERMINAL),
        # The child must die with its parent.
        "prctl": _refuse_only(0, (_SET_PARENT_DEATH_SIGNAL,)),
        "open": _no_truncating_reads(1),
        "openat": _no_truncating_reads(2),
    }


def _allow_only(
    argument: int, values: Sequence[int], otherwise: int = _REFUSE
) -> list[Instruction]:
    return [*_compared(argument, values, _ALLOW), _end(otherwise)]


def _refuse_only(argument: int, values: Sequence[int]) -> list[Instruction]:
    return [*_compared(argument, values, _REFUSE), _end(_ALLOW)]


def _compared(argument: int, values: Sequence[int], verdict: int) -> list[Instruction]:
    # The lower half: the kernel takes these arguments as 32 bits. Both machines are little-endian.
    block = [_load(_ARGUMENTS + 8 * argument)]
    for value in values:
        block += [(_EQUAL, 0, 1, value), _end(verdict)]
    return block


def _allow_if_set(argument: int, flag: int) -> list[Instruction]:
    masked = [_load(_ARGUMENTS + 8 * argument), (_AND, 0, 0, flag)]
    return [*masked, (_EQUAL, 0, 1, flag), _end(_ALLOW), _end(_REFUSE)]


def _no_truncating_reads(argument: int) -> list[Instruction]:
    """Before its third version Landlock let a file that is opened to be read be emptied."""
    masked = [_load(_ARGUMENTS + 8 * argument), (_AND, 0, 0, os.O_TRUNC | os.O_ACCMODE)]
    return [*masked, (_EQUAL, 0, 1, os.O_TRUNC | os.O_RDONLY), _end(_REFUSE), _end(_ALLOW)]


def _load(offset: int) -> Instruction:
    return _LOAD, 0, 0, offset


def _end(verdict: int) -> Instruction:
    return _RETURN, 0, 0, verdict
