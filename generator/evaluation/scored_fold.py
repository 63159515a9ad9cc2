"""Who is scored on what."""

from __future__ import annotations

from dataclasses import dataclass

from generator.evaluation.bach_reference import BachReference
from generator.evaluation.test_set import TestSet
from generator.families.base import Family

Filler = Family | BachReference


@dataclass(frozen=True)
class Fold:
    """A composer, or one of its members, and the works it is scored on."""

    composer: Filler
    test_set: TestSet
