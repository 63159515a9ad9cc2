"""What a composer is scored on: held-out works, their excerpts, and its training works."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.errors import GeneratorError
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.families.checkpoint_metadata import Member
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.jsb import jsb_bwv, load_jsb
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import Corpus, load_corpus
from generator.music.grid.chorale import Chorale
from generator.music.measures.copying import CopyIndex
from generator.music.measures.decoding_faults import Ranges, ranges_of

JSB_EXCERPT = 128  # steps; the published grid has no fermatas to end phrases by


class SeenWorkError(GeneratorError):
    """A composer would be scored on a work that it was trained on."""


@dataclass(frozen=True)
class TrainingKnowledge:
    """What can be learnt from the training works; each part is built when it is first needed."""

    works: Mapping[str, Chorale]

    @cached_property
    def copies(self) -> CopyIndex:
        return CopyIndex(self.works)

    @cached_property
    def ranges(self) -> Ranges:
        return ranges_of(list(self.works.values()))

    @cached_property
    def model(self) -> SurprisalModel:
        return SurprisalModel(list(self.works.values()))


@dataclass(frozen=True)
class TestSet:
    """One part of a split; all mappings are by the work's name."""

    split: str
    works: Mapping[str, Chorale]
    excerpts: Mapping[str, Chorale]
    tunes: Mapping[str, str]
    training: TrainingKnowledge


def load_test_set(split: str, part: str, trained_on: Collection[str]) -> TestSet:
    """The works of a part of a split.

    Copies are looked for, and chorales compared, with the works that the composer was trained on;
    if there are none, with those that others are trained on.

    Raises
    ------
    ValueError
        If the split or part has another name.
    SeenWorkError
        If the composer was trained on one of the works or on its tune; the message names some.
    """
    if split not in ("jsb", "tunes"):
        raise ValueError(f"unknown split {split!r}; use jsb or tunes")
    if part not in ("train", "valid", "test"):
        raise ValueError(f"unknown part {part!r}; use train, valid or test")
    corpus = load_corpus()
    works = _jsb(part) if split == "jsb" else _chorales(tunes_split(corpus)[part], corpus)
    return _test_set(split, part, works, trained_on, corpus)


def load_fold(number: int, member: Member) -> TestSet:
    """The works that a member of a cross-fitted composer never saw; raises as above."""
    corpus = load_corpus()
    works = _chorales((name for name in corpus.works if name in member.fold), corpus)
    return _test_set("folds", str(number), works, member.trained_on, corpus)


def _test_set(
    split: str,
    part: str,
    works: Mapping[str, Chorale],
    trained_on: Collection[str],
    corpus: Corpus,
) -> TestSet:
    tunes = {name: _tune(name, corpus) for name in works}
    _refuse_seen(tunes, trained_on, corpus, split, part)
    excerpts = {name: _excerpt(chorale, split) for name, chorale in works.items()}
    return TestSet(
        split=split,
        works=works,
        excerpts={name: excerpt for name, excerpt in excerpts.items() if excerpt is not None},
        tunes=tunes,
        training=TrainingKnowledge(_training(trained_on or _usual(split, works, corpus), corpus)),
    )


def _jsb(part: str) -> dict[str, Chorale]:
    return {f"jsb/{part}/{i}": chorale for i, chorale in enumerate(load_jsb()[part])}


def _chorales(names: Iterable[str], corpus: Corpus) -> dict[str, Chorale]:
    return {name: corpus.works[name].chorale for name in names}


def _tune(name: str, corpus: Corpus) -> str:
    bwv = jsb_bwv().get(name.removeprefix("jsb/"), name)
    return corpus.works[bwv].tune if bwv in corpus.works else name


def _refuse_seen(
    tunes: Mapping[str, str], trained_on: Collection[str], corpus: Corpus, split: str, part: str
) -> None:
    # The published split is used as published: it leaks tunes, and so does every published number.
    # Anywhere else, a work with a tune from training counts as seen.
    within = split == "jsb" and all(name.startswith("jsb/") for name in trained_on)
    known = set(trained_on) if within else {_tune(name, corpus) for name in trained_on}
    seen = [name for name, tune in tunes.items() if (name if within else tune) in known]
    if seen:
        raise SeenWorkError(
            f"the composer was trained on {len(seen)} of the {len(tunes)} works of {split}/{part}, "
            f"or on their tunes ({', '.join(seen[:3])}, ...); choose the split it was trained for"
        )


def _excerpt(chorale: Chorale, split: str) -> Chorale | None:
    if split == "jsb":
        return chorale.slice(0, min(JSB_EXCERPT, chorale.steps))
    spans = excerpts_of(chorale)
    return chorale.slice(*spans[0]) if spans else None


def _usual(split: str, held_out: Mapping[str, Chorale], corpus: Corpus) -> Collection[str]:
    """What others learnt from, for scores of a composer that learnt from no works."""
    if split == "jsb":
        return _jsb("train")
    tunes = {_tune(name, corpus) for name in held_out}
    usual = [name for name in tunes_split(corpus)["train"] if corpus.works[name].tune not in tunes]
    if not usual:
        raise ValueError(
            "the composer learnt from no works, and no others are left to compare with; use --part "
            "test or valid"
        )
    return usual


def _training(trained_on: Collection[str], corpus: Corpus) -> dict[str, Chorale]:
    published = {name: chorale for part in load_jsb() for name, chorale in _jsb(part).items()}
    by_name = published | _chorales(corpus.works, corpus)
    return {name: by_name[name] for name in trained_on if name in by_name}
