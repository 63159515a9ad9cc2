"""`make bench`: runs each bench_*.py of this folder, or those that are named.

    python -m benchmarks [rendering ...]

A benchmark is a module with `main() -> None` that prints its own table.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from bachtest.lib.threads import use_one_thread


def main(wanted: list[str]) -> int:
    names = [path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")]
    if unknown := sorted(set(wanted) - set(names)):
        sys.stderr.write(f"no benchmark {unknown[0]!r}; there are {', '.join(sorted(names))}\n")
        return 1
    use_one_thread()
    for name in sorted(wanted or names):
        print(f"== {name}", flush=True)
        import_module(f"benchmarks.bench_{name}").main()
        print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
