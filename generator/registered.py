"""What is registered of a family, and how its code is found by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from generator.errors import GeneratorError

CHECKPOINTS = Path(__file__).parent / "checkpoints"
CARDS = Path(__file__).parent.parent / "docs/families"
BACH = "bach"
# Of the columns that hold them, and what Django takes for a slug.
MAX_SLUG, MAX_NAME, MAX_FAMILY = 50, 100, 40
SLUG = re.compile(r"[-a-zA-Z0-9_]+")


class RegistryError(GeneratorError):
    """A family that does not exist, or whose package is broken."""


def check_name(what: str, name: str, longest: int) -> None:
    if not SLUG.fullmatch(name) or len(name) > longest:
        raise RegistryError(
            f"{what} {name!r}; use 1 to {longest} letters, digits, hyphens and underscores"
        )


def first_sentence(about: str) -> str:
    """
    >>> first_sentence("It hums. It also whistles.")
    'It hums.'
    """
    first, stop, _ = about.partition(". ")
    return first + stop.rstrip()


@dataclass(frozen=True)
class Shipped:
    """A composer that comes with its family's code: a checkpoint of its slug in `folder`."""

    slug: str
    name: str
    about: str = ""
    """What listeners should know of how it writes; a sentence or two for the About page."""
    folder: Path = CHECKPOINTS

    def __post_init__(self) -> None:
        check_name("slug", self.slug, MAX_SLUG)
        if self.slug == BACH:
            raise RegistryError(f"slug {BACH!r} is Bach's own; choose another")
        if not 0 < len(self.name) <= MAX_NAME:
            raise RegistryError(f"name {self.name!r}; use 1 to {MAX_NAME} characters")

    @property
    def path(self) -> Path:
        return self.folder / f"{self.slug}.safetensors"

    @property
    def card(self) -> Path:
        """The page that tells what it is, in Markdown; a package may have one of its slug too."""
        folder = CARDS if self.folder == CHECKPOINTS else self.folder
        return folder / f"{self.slug}.md"


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


def subclass_named(dotted: str, family: str, base: str) -> Any:
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
            f"family {family!r}: {dotted} cannot be loaded ({described(error)})"
        ) from error


def described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
