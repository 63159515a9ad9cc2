"""Which excerpts a composer writes next: tune families with the fewest pieces come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from django.db.models import Q

from generator.errors import OrderError
from generator.families.checkpoint_metadata import Member
from generator.models import Composer, Excerpt, Pair, Piece, Version, Work
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.grid.conditions import checked_condition
from generator.services.composers import listed_members, ready_version, seen_tunes
from generator.services.site_registry import site_registry

# A single voice, AT, ATB and two SATB; each of the single voices once, since any may be drawn.
FIRST_GAME = ("S", "AT", "ATB", "SATB", "SATB", "A", "T", "B")


@dataclass(frozen=True)
class Choice:
    """An excerpt to write next, and the seed."""

    excerpt: Excerpt
    seed: int


def choose_excerpts(
    composer: Composer, condition: str, count: int, *, seed: int = 0
) -> list[Choice]:
    """Excerpts of works that the composer never saw, spread over tune families.

    A cross-fitted composer writes all works, each by the member that never saw its tune; so does
    one that learnt from no works at all. Any other composer writes the test part of the tunes
    split, except works whose tune it saw. Tune families that are set aside for samples are never
    chosen.

    The family with the fewest pieces of this version and condition comes first, then the one with
    the fewest pieces of all; ties fall by the seed. An excerpt chosen again gets another seed.

    Raises
    ------
    OrderError
        If the condition is unknown, the count is below 1, or no excerpt is unseen.
    """
    try:
        checked_condition(condition)
    except ValueError as error:
        raise OrderError(str(error)) from error
    if count < 1:
        raise OrderError(f"count {count}; order at least 1 piece")
    version = ready_version(composer)
    by_tune = {
        tune: fresh
        for tune, rows in _unseen_excerpts(version).items()
        if tune not in SET_ASIDE_TUNES and (fresh := [row for row in rows if not row.named])
    }
    if not by_tune:
        raise OrderError(f"no excerpt is new to composer {composer.slug!r}; run make setup")
    rng = Random(f"{seed} {composer.slug} {condition}")
    coverage = _Coverage(version, condition)
    return [coverage.take(by_tune, seed, rng) for _ in range(count)]


def sample_excerpts(version: Version) -> list[Excerpt]:
    """The first excerpt of each tune family that is set aside and that the version may write.

    A collection writes nothing more, so that there are none.

    Raises
    ------
    ComposerError
        If the version's row does not list its works yet.
    """
    if version.kind == Version.Kind.COLLECTION:
        return []
    by_tune = _unseen_excerpts(version)
    return [by_tune[tune][0] for tune in sorted(SET_ASIDE_TUNES & by_tune.keys())]


def tunes_to_play(versions: Collection[Version]) -> dict[int, dict[str, list[str]]]:
    """The works that each version may write for the quiz, by tune family; by the version's id.

    The rules are those of `choose_excerpts`. A version that lists no works yet, or was trained on
    a work of unknown tune, has none.
    """
    tunes = dict(Work.objects.values_list("bwv", "tune"))
    fresh = Work.objects.filter(excerpts__named=False).exclude(tune__in=SET_ASIDE_TUNES)
    works = list(fresh.distinct().order_by("id").values_list("bwv", "tune", "part"))
    return {version.pk: _by_tune(version, works, tunes) for version in versions}


def _by_tune(
    version: Version, works: Sequence[tuple[str, str, str]], tunes: Mapping[str, str]
) -> dict[str, list[str]]:
    by_tune: dict[str, list[str]] = {}
    for member in listed_members(version) if version.members else ():
        if not member.trained_on <= tunes.keys():
            return {}
        seen = {tunes[bwv] for bwv in member.trained_on}
        for bwv, tune, part in works:
            held_out = bwv in member.fold if member.fold else part == "test" or not seen
            if held_out and tune not in seen and bwv not in by_tune.get(tune, ()):
                by_tune.setdefault(tune, []).append(bwv)
    return by_tune


def _unseen_excerpts(version: Version) -> dict[str, list[Excerpt]]:
    unseen = Q()
    for member in listed_members(version):
        unseen |= _held_out(member) & ~Q(work__tune__in=seen_tunes(version.composer.slug, member))
    excerpts = Excerpt.objects.filter(unseen).select_related("work")
    by_tune: dict[str, list[Excerpt]] = {}
    # Databases sort names by locales of their own; a seed chooses the same on each.
    for excerpt in sorted(excerpts, key=lambda each: (each.work.bwv, each.start, each.stop)):
        by_tune.setdefault(excerpt.work.tune, []).append(excerpt)
    return by_tune


def _held_out(member: Member) -> Q:
    if member.fold:
        return Q(work__bwv__in=member.fold)
    return Q(work__part="test") if member.trained_on else Q(work__isnull=False)


class _Coverage:
    """How many pieces tunes and excerpts have, kept up to date while choosing."""

    def __init__(self, version: Version, condition: str) -> None:
        pieces = Piece.objects.written().exclude(status=Piece.Status.FAILED)
        in_cell = pieces.filter(version=version, condition=condition)
        self.tunes = Counter(in_cell.values_list("tune", flat=True))
        self.all_tunes = Counter(pieces.values_list("tune", flat=True))
        self.excerpts = Counter(in_cell.values_list("excerpt", flat=True))
        self.all_excerpts = Counter(pieces.values_list("excerpt", flat=True))
        # A failed piece keeps its seed too.
        existing = Piece.objects.filter(version=version, condition=condition)
        self.taken = set(existing.values_list("excerpt", "seed"))

    def take(self, by_tune: dict[str, list[Excerpt]], seed: int, rng: Random) -> Choice:
        tune = min(by_tune, key=lambda t: (self.tunes[t], self.all_tunes[t], rng.random()))
        excerpt = min(
            by_tune[tune],
            key=lambda e: (self.excerpts[e.id], self.all_excerpts[e.id], rng.random()),
        )
        while (excerpt.id, seed) in self.taken:
            seed += 1
        self.taken.add((excerpt.id, seed))
        self.tunes[tune] += 1
        self.all_tunes[tune] += 1
        self.excerpts[excerpt.id] += 1
        self.all_excerpts[excerpt.id] += 1
        return Choice(excerpt, seed)


def missing_for_game(slug: str, *, count_pending: bool) -> list[str]:
    """Conditions that a first game still needs, in the order in which to make them.

    With `count_pending`, pieces in the queue or in the making count as if they were done.
    """
    return list(_beyond(FIRST_GAME, _available(slug, count_pending=count_pending)))


def missing_for_starter(slug: str) -> list[str]:
    """The same for all pairs of a new site, conditions in turn; pending pieces count."""
    starter = site_registry().starters.get(slug)
    wanted = starter.pairs if starter else {}
    rounds = range(max(wanted.values(), default=0))
    in_turn = [name for number in rounds for name in wanted if wanted[name] > number]
    return list(_beyond(in_turn, _available(slug, count_pending=True)))


def _available(slug: str, *, count_pending: bool) -> Counter[str]:
    newest = Version.objects.ready().filter(composer__slug=slug)[:1].values("id")
    playable = Pair.objects.playable().filter(machine__version__in=newest)
    available = Counter(playable.values_list("machine__condition", flat=True))
    if count_pending:
        # Samples are written, and never paired.
        pieces = Piece.objects.pending().filter(version__in=newest)
        pieces = pieces.exclude(tune__in=SET_ASIDE_TUNES)
        available.update(pieces.values_list("condition", flat=True))
    return available


def _beyond(wanted: Sequence[str], available: Counter[str]) -> Iterator[str]:
    unused = Counter(available)
    for condition in wanted:
        if unused[condition]:
            unused[condition] -= 1
        else:
            yield condition
