"""Runs in the child: it locks itself in, then becomes the program.

A process of its own, since code between fork and exec must not run Python where there are threads.
It imports little: each start waits for it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from generator.isolation import landlock, privileges, seccomp_filter
from generator.isolation.kernel import LayerMissing

LAYERS = ("network", "capabilities", "files", "calls")
"""In the order in which a process must give them up."""


def main() -> None:
    """Lock this process in as its argument says, tell how that went, and become the program."""
    rules = json.loads(sys.argv[1])
    status = rules["status"]
    os.set_inheritable(status, False)  # it closes when the program starts
    try:
        privileges.die_with(rules["parent"])
        os.umask(0o077)
        missing = _locked_in(rules)
        if refused := [layer for layer in rules["needed"] if layer in missing]:
            _tell(status, {"error": missing[refused[0]]})
            return
        _tell(status, {"missing": missing})
        os.execve(rules["arguments"][0], rules["arguments"], rules["environment"])
    except OSError as error:
        _tell(status, {"error": f"{error.strerror}: {error.filename or rules['arguments'][0]}"})


def _locked_in(rules: dict[str, Any]) -> dict[str, str]:
    """Which layers are missing, and why."""
    locks = {
        "network": privileges.leave_network,
        "capabilities": privileges.drop_capabilities,
        "files": lambda: landlock.restrict_files(rules["readable"], rules["writable"]),
        "calls": seccomp_filter.refuse_calls,
    }
    missing: dict[str, str] = {}
    privileges.limit_resources(rules["limits"])
    for layer in LAYERS:
        if layer not in rules["layers"]:
            missing[layer] = f"{layer} left out"
            continue
        try:
            locks[layer]()
        except (LayerMissing, OSError) as error:
            missing[layer] = str(error)
    return missing


def _tell(status: int, report: dict[str, Any]) -> None:
    os.write(status, json.dumps(report).encode())
