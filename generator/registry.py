"""Families and the composers that come with the code, by name.

All code is named by dotted strings, so that nothing here loads a family or torch. Families of one's
own come from installed packages, by the entry point `bachorbot.families`: its value is a module's
`Registered`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from generator.registered import BACH as BACH
from generator.registered import CARDS as CARDS
from generator.registered import CHECKPOINTS as CHECKPOINTS
from generator.registered import MAX_FAMILY as MAX_FAMILY
from generator.registered import MAX_NAME as MAX_NAME
from generator.registered import MAX_SLUG as MAX_SLUG
from generator.registered import SLUG as SLUG
from generator.registered import Registered as Registered
from generator.registered import RegistryError as RegistryError
from generator.registered import Shipped as Shipped
from generator.registered import Starter as Starter
from generator.registered import check_name, described, subclass_named

if TYPE_CHECKING:
    from generator.families.base import Family
    from generator.training.trainer import Trainer

logger = logging.getLogger(__name__)

ENTRY_POINT = "bachorbot.families"
FAMILY = "generator.families.base.Family"
TRAINER = "generator.training.trainer.Trainer"

OURS: dict[str, Registered] = {
    "flagship": Registered(
        family="generator.families.flagship.flagship.Flagship",
        trainer="generator.families.flagship.training.FlagshipTrainer",
        shipped=(
            Shipped(
                "flagship",
                "Flagship",
                "The Flagship is a neural network that reads all four voices at once, writes beat "
                "by beat, and checks its writing before you hear it. Of several drafts of a beat "
                "it keeps those most like Bach’s other chorales. Then it corrects, by rule and "
                "not by ear, what a teacher of counterpoint would mark, such as parallel fifths, "
                "and every phrase ending whose chord lacks its third or does not rest on its "
                "root.",
            ),
            Shipped("flagship-jsb", "Flagship (published split, pitches only)"),
            Shipped("flagship-jsb-causal", "Flagship (published split, left to right)"),
        ),
        starter=Starter(
            "flagship",
            3.0,
            {"S": 3, "A": 3, "T": 3, "B": 3, "AT": 12, "ATB": 12, "SATB": 24, "NEXT": 12},
        ),
    ),
    "markov": Registered(
        family="generator.families.markov.markov.Markov",
        trainer="generator.families.markov.training.MarkovTrainer",
        shipped=(
            Shipped(
                "markov",
                "Markov chain",
                "The Markov chain draws each chord by lot, from those that followed the last two "
                "chords in Bach.",
            ),
        ),
        starter=Starter(
            "markov", 1.0, {"S": 1, "A": 1, "T": 1, "B": 1, "AT": 4, "ATB": 4, "SATB": 8, "NEXT": 4}
        ),
    ),
    "char_rnn": Registered(
        family="generator.families.char_rnn.char_rnn.CharRnn",
        trainer="generator.families.char_rnn.training.CharRnnTrainer",
        shipped=(
            Shipped(
                "char_rnn",
                "Character RNN",
                "The Character RNN reads and writes music as text, with one letter for each key of "
                "a piano. It knows neither voices nor bar lines, and does not look ahead.",
            ),
        ),
        starter=Starter("char_rnn", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "gru_pairs": Registered(
        family="generator.families.gru_pairs.gru_pairs.GruPairs",
        trainer="generator.families.gru_pairs.training.GruPairsTrainer",
        shipped=(
            Shipped(
                "gru_pairs",
                "MuseGen GRU",
                "A small recurrent network that was taught one thing: which note comes after this "
                "one. It knows no bar lines and no phrase endings.",
            ),
        ),
        starter=Starter("gru_pairs", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "bilstm_ngram": Registered(
        family="generator.families.bilstm_ngram.bilstm_ngram.BilstmNgram",
        trainer="generator.families.bilstm_ngram.training.BilstmNgramTrainer",
        shipped=(
            Shipped(
                "bilstm_ngram",
                "MuseGen BiLSTM",
                "It looks at the last 19 notes and always takes the likeliest next one. Only the "
                "first notes are drawn at random, and it easily falls into a loop.",
            ),
        ),
        starter=Starter("bilstm_ngram", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "next_chord": Registered(
        family="generator.families.next_chord.next_chord.NextChord",
        trainer="generator.families.next_chord.training.NextChordTrainer",
        shipped=(
            Shipped(
                "next_chord",
                "Next chord",
                "Next chord writes chord after chord, like a phone that suggests the next word. It "
                "remembers the last forty chords and knows neither bar lines nor phrase ends.",
            ),
        ),
        starter=Starter("next_chord", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "bachbot": Registered(
        family="generator.families.bachbot.bachbot.Bachbot",
        trainer="generator.families.bachbot.training.BachbotTrainer",
        shipped=(
            Shipped(
                "bachbot",
                "BachBot (2016)",
                "BachBot is a recurrent network that reads and writes chorales as text, one note "
                "after the other. Its author had listeners tell it from Bach, as this quiz does.",
            ),
        ),
        starter=Starter("bachbot", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "biaxial": Registered(
        family="generator.families.biaxial.biaxial.Biaxial",
        trainer="generator.families.biaxial.training.BiaxialTrainer",
        shipped=(
            Shipped(
                "biaxial",
                "Biaxial LSTM",
                "The Biaxial LSTM writes for a piano: it decides key by key what sounds. Only "
                "afterwards is each key given to a voice, and a voice without a key of its own "
                "sings in unison with another.",
            ),
        ),
        starter=Starter("biaxial", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "music_vae": Registered(
        family="generator.families.music_vae.music_vae.MusicVae",
        trainer="generator.families.music_vae.training.MusicVaeTrainer",
        shipped=(
            Shipped(
                "music_vae",
                "MusicVAE",
                "MusicVAE squeezes each two bars into 64 numbers and writes them from there. It "
                "looks for the numbers that fit the voices it is given.",
            ),
        ),
        starter=Starter("music_vae", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "splice": Registered(
        family="generator.families.splice.splice.Splice",
        trainer="generator.families.splice.training.SpliceTrainer",
        shipped=(
            Shipped(
                "splice",
                "Splice",
                "Splice writes nothing of its own. It cuts chorales by Bach into half-phrases and "
                "beats, and joins them where every voice can go on by a step or a small leap.",
            ),
        ),
        starter=Starter("splice", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "rules": Registered(
        family="generator.families.rules.rules.Rules",
        trainer="generator.families.rules.training.RulesTrainer",
        shipped=(
            Shipped(
                "rules",
                "Rules",
                "Rules has never heard a chorale. It follows a textbook of harmony, with chords, "
                "cadences and forbidden parallels.",
            ),
        ),
        starter=Starter("rules", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "deepbach": Registered(
        family="generator.families.deepbach.deepbach.DeepBach",
        trainer="generator.families.deepbach.training.DeepBachTrainer",
        shipped=(
            Shipped(
                "deepbach",
                "DeepBach",
                "DeepBach (2017) begins with random notes and corrects them over and over, each by "
                "what sounds before it, after it and beside it.",
            ),
        ),
        starter=Starter("deepbach", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
    ),
    "coconet": Registered(
        family="generator.families.coconet.coconet.Coconet",
        trainer="generator.families.coconet.training.CoconetTrainer",
        shipped=(
            Shipped(
                "coconet",
                "Coconet",
                "Coconet (2017) looks at the score as an image. It erases and redraws parts of it "
                "again and again, ever smaller ones. Its descendant was Google's Bach Doodle.",
            ),
        ),
        starter=Starter("coconet", 0.5, {"ATB": 2, "SATB": 2, "NEXT": 2}),
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
            check_name("family", name, MAX_FAMILY)
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
        found: type[Family] = subclass_named(dotted, name, FAMILY)
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
        found: type[Trainer[Any]] = subclass_named(self.entry(name).trainer, name, TRAINER)
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
            f"family {name!r}: {point.value} cannot be loaded ({described(error)}); fix or "
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
