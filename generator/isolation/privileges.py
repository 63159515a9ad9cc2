"""What a process gives up besides files and calls: the network, root's powers, its resources."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
from collections.abc import Mapping

from generator.isolation.kernel import LayerMissing, prctl, syscall, unshare

_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_SET_PARENT_DEATH_SIGNAL, _SET_NO_NEW_PRIVS, _KILL = 1, 38, 9
_DROP_FROM_BOUNDING, _SET_SECURE_BITS = 24, 28
_ROOT_IS_NOBODY = 0b1111  # no root powers at a start of a program, and no way back
_CAPABILITY_VERSION = 0x20080522
_CAPSET = {"x86_64": 126, "aarch64": 91}


def leave_network() -> None:
    """An empty network, in which nobody can be reached; in a user namespace it takes no root.

    Raises
    ------
    LayerMissing
        If this machine allows neither.
    """
    for flags in (_NEW_USER | _NEW_NETWORK, _NEW_NETWORK):
        with contextlib.suppress(OSError):
            return unshare(flags)
    raise LayerMissing("no empty network: namespaces are forbidden here")


def drop_capabilities() -> None:
    """Root's powers, where the process has them: from here on it is a user like others.

    Raises
    ------
    LayerMissing
        If some are left.
    """
    prctl(_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(OSError):  # where it is no root, it has none to drop
        for capability in range(64):
            prctl(_DROP_FROM_BOUNDING, capability)
    with contextlib.suppress(OSError):
        prctl(_SET_SECURE_BITS, _ROOT_IS_NOBODY)
    number = _CAPSET.get(os.uname().machine)
    if number is not None:
        header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0))
        syscall(number, header, ctypes.create_string_buffer(24))
    if os.getuid() == 0 and (number is None or not _bounding_set_is_empty()):
        raise LayerMissing("root's powers cannot be dropped")


def _bounding_set_is_empty() -> bool:
    # What a program that root starts could have again.
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123  pathlib is slow to load
        line = next((line for line in file if line.startswith("CapBnd")), "")
    return not int(line.split()[-1], 16)


def die_with(parent: int) -> None:
    """Be killed when the parent ends, however that comes about."""
    prctl(_SET_PARENT_DEATH_SIGNAL, _KILL)
    if os.getppid() != parent:
        os._exit(1)


def limit_resources(limits: Mapping[str, int]) -> None:
    """Bounds by their names in `resource`, such as ``{"AS": 2**31}``; they can only be lowered."""
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (bound, bound))
