"""The program of the isolated child: `python __main__.py BOX [FOLDERS OF CODE]`.

The folder of the project may not be listed in there, so `generator` is made known by its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

_package = ModuleType("generator")
_package.__path__ = [str(Path(__file__).parents[1])]
sys.modules["generator"] = _package
sys.path += sys.argv[2:]

from generator.smoke_run.child import main

main(Path(sys.argv[1]))
