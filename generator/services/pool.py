"""Which excerpts a composer plays next: tune families that were played least come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from django.db.models import Q

from generator.errors import OrderError
from generator.models import Composer, Excerpt, Pair, Piece
from generator.music.grid.chorale import CONDITIONS
from generator.services.composers import installed_source, seen_tunes

# One game: a single voice, AT, ATB and two SATB; each single voice once, since any may be drawn.
GAME = ("S", "AT", "ATB", "SATB", "SATB", "A", "T", "B")
# Pairs by composer and condition that a new site makes for itself, after the first game's.
STARTER: dict[str, dict[str, int]] = {
    "flagship": {"S": 3, "A": 3, "T": 3, "B": 3, "AT": 12, "ATB": 12, "SATB": 24},
    "markov": {"S": 1, "A": 1, "T": 1, "B": 1, "AT": 4, "ATB": 4, "SATB": 8},
}


@dataclass(frozen=True)
class Choice:
    """A piece that might be ordered."""

    excerpt: Excerpt
    seed: int


def choose_excerpts(
    composer: Composer, condition: str, count: int, *, seed: int = 0
) -> list[Choice]:
    """Excerpts of works that the composer never saw, spread over tune families.

    A cross-fitted composer plays all works, each by the member that never saw its tune; any other
    plays the test part of the split by tunes, as far as it never saw it.

    The family with the fewest pieces of this composer and condition comes first, then the one with
    the fewest pieces of any; ties fall by the seed. The same again is given another seed.

    Raises
    ------
    OrderError
        If the condition is unknown, the count is below 1, or nothing is left to play.
    """
    if condition not in CONDITIONS:
        raise OrderError(f"unknown condition {condition!r}; use one of {', '.join(CONDITIONS)}")
    if count < 1:
        raise OrderError(f"count {count}; order at least 1 piece")
    by_tune = _unseen_excerpts(composer)
    if not by_tune:
        raise OrderError(f"no excerpts that {composer.slug!r} has not seen; run make setup")
    rng = Random(f"{seed} {composer.slug} {condition}")
    counts = _Coverage(composer, condition)
    return [counts.take(by_tune, seed, rng) for _ in range(count)]


def _unseen_excerpts(composer: Composer) -> dict[str, list[Excerpt]]:
    source = installed_source(composer)
    unseen = Q()
    for fold, member in enumerate(source.members):
        works = Q(work__bwv__in=member.fold) if member.fold else Q(work__part="test")
        unseen |= works & ~Q(work__tune__in=seen_tunes(source, fold))
    excerpts = Excerpt.objects.filter(unseen)
    by_tune: dict[str, list[Excerpt]] = {}
    for excerpt in excerpts.select_related("work").order_by("work__bwv", "start", "stop"):
        by_tune.setdefault(excerpt.work.tune, []).append(excerpt)
    return by_tune


class _Coverage:
    """How often tunes and excerpts were ordered, kept up to date while choosing."""

    def __init__(self, composer: Composer, condition: str) -> None:
        pieces = Piece.objects.written().exclude(status=Piece.Status.FAILED)
        mine = pieces.filter(composer=composer, condition=condition)
        self.tunes = Counter(mine.values_list("excerpt__work__tune", flat=True))
        self.all_tunes = Counter(pieces.values_list("excerpt__work__tune", flat=True))
        self.excerpts = Counter(mine.values_list("excerpt", flat=True))
        self.all_excerpts = Counter(pieces.values_list("excerpt", flat=True))
        taken = Piece.objects.filter(composer=composer, condition=condition)
        self.taken = set(taken.values_list("excerpt", "seed"))

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


def lacking_for_game(slug: str, *, coming: bool) -> list[str]:
    """Conditions that a first game lacks, in the order in which to make them.

    With `coming`, what is on its way counts as there.
    """
    return list(_beyond(GAME, _on_hand(slug, coming=coming)))


def lacking_for_starter(slug: str) -> list[str]:
    """The same for the starter pool: conditions in turn, what is on its way counts as there."""
    wanted = STARTER.get(slug, {})
    rounds = range(max(wanted.values(), default=0))
    in_turn = [name for number in rounds for name in wanted if wanted[name] > number]
    return list(_beyond(in_turn, _on_hand(slug, coming=True)))


def _on_hand(slug: str, *, coming: bool) -> Counter[str]:
    playable = Pair.objects.playable().filter(machine__composer__slug=slug)
    have = Counter(playable.values_list("machine__condition", flat=True))
    if coming:
        pieces = Piece.objects.coming().filter(composer__slug=slug)
        have.update(pieces.values_list("condition", flat=True))
    return have


def _beyond(wanted: Sequence[str], have: Counter[str]) -> Iterator[str]:
    left = Counter(have)
    for condition in wanted:
        if left[condition]:
            left[condition] -= 1
        else:
            yield condition
