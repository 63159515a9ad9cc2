"""`python -m generator.isolation` says in one line whether this machine isolates."""

from __future__ import annotations

from generator.isolation.self_test import self_test

if __name__ == "__main__":
    print(f"isolation: {self_test()}")
