"""What a composer is judged on: held-out works, their excerpts, and the works it learnt from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from generator.errors import GeneratorError
from generator.families.checkpoint import Member
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.jsb import jsb_bwv, load_jsb
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import Corpus, load_corpus
from generator.music.grid.chorale import Chorale

JSB_EXCERPT = 128  # steps; the published grid has no fermatas to end phrases by


class SeenWorkError(GeneratorError):
    """A composer would be judged on a work that it learnt from."""


@dataclass(frozen=True)
class Material:
    """One part of a split; all mappings are by the work's name."""

    split: str
    part: str
    works: Mapping[str, Chorale]
    excerpts: Mapping[str, Chorale]
    tunes: Mapping[str, str]
    training: Mapping[str, Chorale]


def load_material(split: str, part: str, trained_on: Collection[str]) -> Material:
    """The works of a part, refused where the composer has seen one of them or a near-copy.

    Raises
    ------
    ValueError
        If the split or part has another name.
    SeenWorkError
        Naming the works of the part that the composer knows.
    """
    if split not in ("jsb", "tunes"):
        raise ValueError(f"unknown split {split!r}; use jsb or tunes")
    if part not in ("train", "valid", "test"):
        raise ValueError(f"unknown part {part!r}; use train, valid or test")
    corpus = load_corpus()
    found = _jsb(part) if split == "jsb" else _named(tunes_split(corpus)[part], corpus)
    return _material(split, part, found, trained_on, corpus)


def load_fold(number: int, member: Member) -> Material:
    """The works that a member of a cross-fitted composer never saw, refused as above."""
    corpus = load_corpus()
    here = [name for name in corpus.works if name in member.fold]
    found = _named(here, corpus)
    return _material("folds", str(number), found, member.trained_on, corpus)


def _material(
    split: str,
    part: str,
    found: Mapping[str, Chorale],
    trained_on: Collection[str],
    corpus: Corpus,
) -> Material:
    tunes = {name: _tune(name, corpus) for name in found}
    _refuse_seen(tunes, trained_on, corpus, split, part)
    excerpts = {name: _excerpt(chorale, split) for name, chorale in found.items()}
    return Material(
        split=split,
        part=part,
        works=found,
        excerpts={name: cut for name, cut in excerpts.items() if cut is not None},
        tunes=tunes,
        training=_training(trained_on, corpus),
    )


def _jsb(part: str) -> dict[str, Chorale]:
    return {f"jsb/{part}/{i}": chorale for i, chorale in enumerate(load_jsb()[part])}


def _named(names: Iterable[str], corpus: Corpus) -> dict[str, Chorale]:
    return {name: corpus.works[name].chorale for name in names}


def _tune(name: str, corpus: Corpus) -> str:
    bwv = jsb_bwv().get(name.removeprefix("jsb/"), name)
    return corpus.works[bwv].tune if bwv in corpus.works else name


def _refuse_seen(
    tunes: Mapping[str, str], trained_on: Collection[str], corpus: Corpus, split: str, part: str
) -> None:
    # Within the published split the published parts stand as they are: its leak of tunes is known
    # and part of every published number. Anywhere else a shared tune is a seen work.
    within = split == "jsb" and all(name.startswith("jsb/") for name in trained_on)
    known = set(trained_on) if within else {_tune(name, corpus) for name in trained_on}
    seen = [name for name, tune in tunes.items() if (name if within else tune) in known]
    if seen:
        raise SeenWorkError(
            f"the composer learnt from {len(seen)} of the {len(tunes)} works of {split}/{part} or "
            f"from their tunes ({', '.join(seen[:3])}, ...); choose the split it was trained for"
        )


def _excerpt(chorale: Chorale, split: str) -> Chorale | None:
    if split == "jsb":
        return chorale.slice(0, min(JSB_EXCERPT, chorale.steps))
    cuts = excerpts_of(chorale)
    return chorale.slice(*cuts[0]) if cuts else None


def _training(trained_on: Collection[str], corpus: Corpus) -> dict[str, Chorale]:
    published = {
        f"jsb/{part}/{i}": chorale
        for part, chorales in load_jsb().items()
        for i, chorale in enumerate(chorales)
    }
    whole = published | {name: work.chorale for name, work in corpus.works.items()}
    return {name: whole[name] for name in trained_on if name in whole}
