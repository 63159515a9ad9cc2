"""Families and the composers that come with the code, by name.

All code is named by dotted strings, so that nothing here loads a family or torch. Families of one's
own come from installed packages, by the entry point `bachorbot.families`: its value is a module's
`Registered`.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.errors import GeneratorError

if TYPE_CHECKING:
    from generator.families.base import Family
    from generator.training.trainer import Trainer

logger = logging.getLogger(__name__)

CHECKPOINTS = Path(__file__).parent / "checkpoints"
ENTRY_POINT = "bachorbot.families"
FAMILY = "generator.families.base.Family"
TRAINER = "generator.training.trainer.Trainer"
BACH = "bach"
# Of the columns that hold them, and what Django takes for a slug.
MAX_SLUG, MAX_NAME, MAX_FAMILY = 50, 100, 40
SLUG = re.compile(r"[-a-zA-Z0-9_]+")


class RegistryError(GeneratorError):
    """A family that does not exist, or whose package is broken."""


def _check_name(what: str, name: str, longest: int) -> None:
    if not SLUG.fullmatch(name) or len(name) > longest:
        raise RegistryError(
            f"{what} {name!r}; use 1 to {longest} letters, digits, hyphens and underscores"
        )


@dataclass(frozen=True)
class Shipped:
    """A composer that comes with its family's code: a checkpoint of its slug in `folder`."""

    slug: str
    name: str
    about: str = ""
    """What listeners should know of how it writes; a sentence or two for the About page."""
    folder: Path = CHECKPOINTS

    def __post_init__(self) -> None:
        _check_name("slug", self.slug, MAX_SLUG)
        if self.slug == BACH:
            raise RegistryError(f"slug {BACH!r} is Bach's own; choose another")
        if not 0 < len(self.name) <= MAX_NAME:
            raise RegistryError(f"name {self.name!r}; use 1 to {MAX_NAME} characters")

    @property
    def path(self) -> Path:
        return self.folder / f"{self.slug}.safetensors"


@dataclass(frozen=True)
class Starter:
    """What a new site has of a composer."""

    slug: str
    weight: float
    """How often the quiz draws it, relative to others."""
    pairs: Mapping[str, int]
    """How many pairs of each condition the site makes by itself."""


@dataclass(frozen=True)
class Registered:
    """All that the code knows of a family, but for its own files."""

    family: str
    trainer: str
    shipped: tuple[Shipped, ...] = ()
    starter: Starter | None = None
    """The first family that has one also makes the pairs of a new site's first game."""

    def __post_init__(self) -> None:
        slugs = [shipped.slug for shipped in self.shipped]
        if self.starter is not None and self.starter.slug not in slugs:
            raise RegistryError(f"starter {self.starter.slug!r} is not among its composers {slugs}")


OURS: dict[str, Registered] = {
    "flagship": Registered(
        family="generator.families.flagship.flagship.Flagship",
        trainer="generator.families.flagship.training.FlagshipTrainer",
        shipped=(
            Shipped(
                "flagship",
                "Flagship",
                "The Flagship checks its writing before you hear it. It rewrites every beat with "
                "parallel fifths or octaves, and every phrase ending whose chord lacks its third "
                "or does not rest on its root. It does so by rule, not by ear.",
            ),
            Shipped("flagship-jsb", "Flagship (published split, pitches only)"),
            Shipped("flagship-jsb-causal", "Flagship (published split, left to right)"),
        ),
        starter=Starter(
            "flagship", 3.0, {"S": 3, "A": 3, "T": 3, "B": 3, "AT": 12, "ATB": 12, "SATB": 24}
        ),
    ),
    "markov": Registered(
        family="generator.families.markov.markov.Markov",
        trainer="generator.families.markov.training.MarkovTrainer",
        shipped=(Shipped("markov", "Markov chain"),),
        starter=Starter(
            "markov", 1.0, {"S": 1, "A": 1, "T": 1, "B": 1, "AT": 4, "ATB": 4, "SATB": 8}
        ),
    ),
}


@dataclass(frozen=True)
class Registry:
    """Families by name; the first of several that ship one slug would hide the others."""

    families: Mapping[str, Registered] = field(default_factory=dict)
    broken: Mapping[str, RegistryError] = field(default_factory=dict)
    """Why families of installed packages are left out."""

    def __post_init__(self) -> None:
        for name in self.families:
            _check_name("family", name, MAX_FAMILY)
        slugs = Counter(shipped.slug for shipped, _ in self.shipped)
        if twice := [slug for slug, count in slugs.items() if count > 1]:
            raise RegistryError(f"two families ship a composer {twice[0]!r}; rename one of them")

    @property
    def shipped(self) -> list[tuple[Shipped, str]]:
        """The composers that come with the code, each with its family's name."""
        return [(each, name) for name, entry in self.families.items() for each in entry.shipped]

    @property
    def starters(self) -> dict[str, Starter]:
        """What a new site has, by slug; the composer of the first game comes first."""
        starters = [entry.starter for entry in self.families.values() if entry.starter]
        return {starter.slug: starter for starter in starters}

    def find_shipped(self, slug: str) -> tuple[Shipped, str] | None:
        return next((found for found in self.shipped if found[0].slug == slug), None)

    def entry(self, name: str) -> Registered:
        """What is registered of a family.

        Raises
        ------
        RegistryError
            If the family is not installed, or its package is broken.
        """
        if name in self.families:
            return self.families[name]
        if name in self.broken:
            raise RegistryError(str(self.broken[name])) from self.broken[name]
        raise RegistryError(
            f"family {name!r} is not installed; install its package, or use one of "
            f"{', '.join(self.families)}"
        )

    def family(self, name: str) -> type[Family]:
        """The class of a family, imported on this call.

        Raises
        ------
        RegistryError
            If the family is not installed, its code cannot be imported, or it is not a family of
            that name.
        """
        dotted = self.entry(name).family
        found: type[Family] = _subclass(dotted, name, FAMILY)
        own_name = getattr(found, "name", None)
        if own_name != name:
            raise RegistryError(
                f"family {name!r}: {dotted} has the name {own_name!r}; use one name for both"
            )
        return found

    def trainer(self, name: str) -> type[Trainer[Any]]:
        """What trains a family, imported on this call.

        Raises
        ------
        RegistryError
            If the family is not installed, or its trainer cannot be imported or is not a `Trainer`.
        """
        found: type[Trainer[Any]] = _subclass(self.entry(name).trainer, name, TRAINER)
        return found


@lru_cache(maxsize=1)
def installed() -> Registry:
    """Our own families, then those of installed packages by name; broken ones are kept apart."""
    registry = Registry(OURS)
    for point in sorted(entry_points(group=ENTRY_POINT), key=lambda each: each.name):
        try:
            registry = _joined(registry, point)
        except RegistryError as error:
            logger.warning("%s", error)
            registry = Registry(registry.families, {**registry.broken, point.name: error})
    return registry


def _joined(registry: Registry, point: EntryPoint) -> Registry:
    """The registry and the family of a package; a RegistryError says whose fault it is."""
    name = point.name
    if name in registry.families:
        raise RegistryError(f"{point.value} takes the name of family {name!r}; rename it")
    try:
        entry = point.load()
    except (Exception, SystemExit) as error:  # code of others may raise anything
        raise RegistryError(
            f"family {name!r}: {point.value} cannot be loaded ({_described(error)}); fix or "
            "uninstall its package"
        ) from error
    if not isinstance(entry, Registered):
        raise RegistryError(f"family {name!r}: {point.value} is not a Registered")
    try:
        return Registry({**registry.families, name: entry}, registry.broken)
    except RegistryError as error:
        raise RegistryError(
            f"family {name!r}: {point.value}: {error}; fix or uninstall its package"
        ) from error


def _subclass(dotted: str, family: str, base: str) -> Any:
    found, interface = _imported(dotted, family), _imported(base, family)
    if not (isinstance(found, type) and issubclass(found, interface)):
        raise RegistryError(f"family {family!r}: {dotted} is not a subclass of {base}")
    return found


def _imported(dotted: str, family: str) -> Any:
    module, _, attribute = dotted.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (Exception, SystemExit) as error:  # code of others may raise anything
        raise RegistryError(
            f"family {family!r}: {dotted} cannot be loaded ({_described(error)})"
        ) from error


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
