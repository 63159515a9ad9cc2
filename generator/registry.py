"""Families and shipped composers by name; dotted strings, so that nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from generator.families.base import Family

CHECKPOINTS = Path(__file__).parent / "checkpoints"

FAMILIES: dict[str, str] = {
    "markov": "generator.families.markov.markov.Markov",
    "flagship": "generator.families.flagship.flagship.Flagship",
}

TRAINERS: dict[str, str] = {
    "markov": "generator.families.markov.training.train",
    "flagship": "generator.families.flagship.training.train",
}


@dataclass(frozen=True)
class Shipped:
    """A composer that comes with the code."""

    slug: str
    name: str
    family: str

    @property
    def path(self) -> Path:
        return CHECKPOINTS / f"{self.slug}.safetensors"


SHIPPED: tuple[Shipped, ...] = (
    Shipped("flagship", "Flagship", "flagship"),
    Shipped("flagship-jsb", "Flagship (published split, pitches only)", "flagship"),
    Shipped(
        "flagship-jsb-causal",
        "Flagship (published split, left to right)",
        "flagship",
    ),
    Shipped("markov", "Markov chain", "markov"),
)


def family_class(name: str) -> type[Family]:
    """The class of a family, imported on this call.

    Raises
    ------
    ValueError
        If no family has that name.
    """
    if name not in FAMILIES:
        raise ValueError(f"unknown family {name!r}; use one of {', '.join(FAMILIES)}")
    return cast("type[Family]", _imported(FAMILIES[name]))


def trainer(name: str) -> Callable[..., dict[str, float]]:
    """The function that trains a family, imported on this call.

    Raises
    ------
    ValueError
        If no family of that name can be trained.
    """
    if name not in TRAINERS:
        raise ValueError(f"no training for {name!r}; use one of {', '.join(TRAINERS)}")
    return cast("Callable[..., dict[str, float]]", _imported(TRAINERS[name]))


def _imported(dotted: str) -> object:
    module, _, attribute = dotted.rpartition(".")
    return getattr(import_module(module), attribute)
