"""What a composer writes with. Needs no Django, so that benchmarks can load composers too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from generator.errors import GeneratorError
from generator.families.checkpoint import checked_path, read_members, sha256_of
from generator.families.checkpoint_metadata import Member
from generator.families.settings import Choices, Value, Values, checked_values
from generator.registry import Registry, installed

if TYPE_CHECKING:
    from generator.families.base import Family


class ComposerError(GeneratorError):
    """A composer that does not exist, or cannot write what was ordered."""


@dataclass(frozen=True)
class ComposerSource:
    """A composer that can write: a family and its checkpoint."""

    slug: str
    family: str
    checkpoint: Path
    registry: Registry = field(default_factory=installed)
    defaults: Values = field(default_factory=dict)
    """Of the settings that a version came with: they stay when those of the code change."""

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """By fold; a single one where the composer is not cross-fitted."""
        return read_members(self.checkpoint)

    def load(self) -> Family:
        """All members."""
        family = self.registry.family(self.family)
        return _loaded(family, self.checkpoint, sha256_of_file(self.checkpoint))

    def member(self, fold: int | None) -> Family:
        """The member that never saw this fold; None stands for the first or only member."""
        return self.load().member(fold or 0)

    def averaged(self) -> Family:
        """All members as one, for music that is no work of the corpus."""
        return self.load().averaged()

    def values(self, choices: Choices) -> dict[str, Value]:
        """Of all settings: as chosen, else the version's default, else the code's.

        Raises
        ------
        ComposerError
            If a default of the version is no longer possible.
        ValueError
            If a choice is not valid.
        """
        settings = self.registry.family(self.family).settings
        kept = {
            name: value
            for name, value in self.defaults.items()
            if name in settings and name not in choices
        }
        try:
            checked_values(settings, kept)
        except ValueError as error:
            raise ComposerError(
                f"composer {self.slug!r} cannot write as it did, with {error}; name the setting, "
                "or upload the checkpoint again as a new version"
            ) from error
        return checked_values(settings, kept | dict(choices))

    def trained_on(self, fold: int | None) -> frozenset[str]:
        """What that member was trained on: BWV numbers, and names of works that have none."""
        return self.members[fold or 0].trained_on

    def fold_of(self, bwv: str) -> int | None:
        """The fold that holds a work, by the checkpoint's own lists; None if there is none."""
        return fold_of(bwv, self.members)


def fold_of(bwv: str, members: Sequence[Member]) -> int | None:
    return next((fold for fold, member in enumerate(members) if bwv in member.fold), None)


def sha256_of_file(path: Path) -> str:
    """Hex digest of a checkpoint, computed again only when the file has changed."""
    stat = checked_path(path).stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _digest(path: Path, changed: int, size: int) -> str:
    return sha256_of(path)


@lru_cache(maxsize=4)
def _loaded(family: type[Family], path: Path, sha256: str) -> Family:
    # The digest is only the key: a file that changed is another checkpoint.
    return family.load(path)
