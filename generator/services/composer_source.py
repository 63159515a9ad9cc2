"""What a composer writes with. Needs no Django, so that benchmarks can load composers too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from generator.errors import GeneratorError
from generator.families.checkpoint import (
    CheckpointError,
    Member,
    checked_path,
    read_members,
    sha256_of,
)
from generator.registry import family_class

if TYPE_CHECKING:
    from generator.families.base import Family, Setting


class ComposerError(GeneratorError):
    """A composer that does not exist, or cannot write what was ordered."""


@dataclass(frozen=True)
class ComposerSource:
    """A composer that can write: a family, its checkpoint, and settings of the fill.

    `settings` holds only those that differ from the family's own; they may be text.
    """

    slug: str
    family: str
    checkpoint: Path
    settings: Mapping[str, Setting] = field(default_factory=dict)

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """By fold; a single one where the composer is not cross-fitted."""
        return read_members(self.checkpoint)

    def load(self) -> Family:
        """All members, with the settings of this source.

        Raises
        ------
        ComposerError
            If the composer has no such setting, or the setting cannot have that value.
        """
        family = _loaded(self.family, self.checkpoint, sha256_of_file(self.checkpoint))
        try:
            return family.with_settings(**self.settings)
        except ValueError as error:
            raise ComposerError(str(error)) from error

    def member(self, fold: int | None) -> Family:
        """The member that never saw this fold; None stands for the first or only member."""
        return self.load().member(fold or 0)

    def trained_on(self, fold: int | None) -> frozenset[str]:
        """What that member was trained on: BWV numbers, and names of works that have none."""
        return self.members[fold or 0].trained_on

    def fold_of(self, bwv: str) -> int | None:
        """The fold that holds a work, by the checkpoint's own lists; None if there is none."""
        return next((fold for fold, member in enumerate(self.members) if bwv in member.fold), None)


def sha256_of_file(path: Path) -> str:
    """Hex digest of a checkpoint, computed again only when the file has changed."""
    stat = checked_path(path).stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _digest(path: Path, changed: int, size: int) -> str:
    return sha256_of(path)


@lru_cache(maxsize=4)
def _loaded(family: str, path: Path, sha256: str) -> Family:
    # The digest is only the key: a file that changed is another checkpoint.
    loaded = family_class(family).load(path)
    listed = len(read_members(path))
    if loaded.members != listed:
        raise CheckpointError(
            f"{path} lists the works of {listed} members but holds weights of {loaded.members}"
        )
    return loaded
