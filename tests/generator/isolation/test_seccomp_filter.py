"""The filter as the kernel would read it, for both machines that we know."""

from __future__ import annotations

import errno
import struct

import pytest

from generator.isolation.seccomp_filter import filter_program
from generator.isolation.syscall_numbers import ABSENT, DENIED, LATER, LOOKED_AT

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, ENOTTY = (0x50000 | each for each in (errno.EPERM, errno.ENOSYS, errno.ENOTTY))
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 0, "aarch64": 1}
ME, PARENT = 4242, 1


def verdict(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter says of a call; jumps and loads as in the kernel's interpreter."""
    filled = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<iIQ6Q", number, audit or MACHINES[machine], 0, *filled)
    program, at, value = filter_program(machine, ME), 0, 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x54:
            value &= operand
        elif code == 0x15:
            at += if_true if value == operand else if_false
        elif code == 0x35:
            at += if_true if value >= operand else if_false
        else:
            assert code == 0x06
            return operand


def call(machine: str, name: str, *arguments: int) -> int:
    number = LOOKED_AT[name][COLUMN[machine]]
    assert number is not None
    return verdict(machine, number, *arguments)


@pytest.fixture(params=MACHINES)
def machine(request) -> str:
    return request.param


def test_calls_are_refused_by_their_numbers(machine):
    for calls, expected in ((DENIED, EPERM), (ABSENT, ENOSYS)):
        for numbers in calls.values():
            if (number := numbers[COLUMN[machine]]) is not None:
                assert verdict(machine, number) == expected


def test_ordinary_calls_pass(machine):
    # read, write, mmap, futex
    for number in {"x86_64": (0, 1, 9, 202), "aarch64": (63, 64, 222, 98)}[machine]:
        assert verdict(machine, number) == ALLOW


def test_calls_that_are_newer_than_the_list_do_not_exist(machine):
    assert verdict(machine, LATER) == ENOSYS
    assert verdict(machine, LATER + 100) == ENOSYS


def test_calls_of_another_machine_end_the_process(machine):
    assert verdict(machine, 1, audit=0x40000003) == KILL
    assert verdict(machine, 0x40000001) == KILL


def test_a_process_signals_and_limits_itself_alone(machine):
    for name in ("kill", "tgkill"):
        assert call(machine, name, ME) == ALLOW
        for other in (PARENT, 0, 2**64 - 1):
            assert call(machine, name, other) == EPERM
    assert call(machine, "prlimit64", 0) == call(machine, "prlimit64", ME) == ALLOW
    assert call(machine, "prlimit64", PARENT) == EPERM


def test_threads_are_no_processes(machine):
    assert call(machine, "clone", 0x3D0F00) == ALLOW  # as pthread_create asks
    assert call(machine, "clone", 17) == EPERM  # as fork does


def test_some_files_are_asked_for_in_odd_ways(machine):
    truncating, reading, writing = 0o1000, 0, 1
    assert call(machine, "openat", 0, 0, reading) == ALLOW
    assert call(machine, "openat", 0, 0, writing | truncating) == ALLOW
    assert call(machine, "openat", 0, 0, reading | truncating) == EPERM
    assert call(machine, "ioctl", 0, 0x5401) == ALLOW
    assert call(machine, "ioctl", 0, 0x5412) == ENOTTY  # types into a terminal
    assert call(machine, "fcntl", 0, 8) == EPERM
    assert call(machine, "fcntl", 0, 3) == ALLOW
    assert call(machine, "prctl", 1) == EPERM
    assert call(machine, "prctl", 15) == ALLOW
