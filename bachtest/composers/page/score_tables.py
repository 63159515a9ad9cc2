"""A version's objective scores beside Bach's and those of all other published composers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.safestring import SafeString

from bachtest.composers.models import VersionScores
from bachtest.composers.page.access import published_versions
from bachtest.composers.page.counterpoint_rows import CounterpointRow, counterpoint_rows
from bachtest.composers.page.score_figures import (
    MeasuredScore,
    bach_picture,
    in_words,
    scale_of,
    score_picture,
)
from bachtest.lib import svg
from bachtest.stats.rates.order import CONDITIONS, sort_key
from generator.models import Version


@dataclass(frozen=True)
class Headline:
    """A score that people should see first."""

    name: str
    title: str
    meaning: str


MACHINE_LISTENER, PARALLELS = "machine listener", "parallels"
HEADLINES = (
    Headline(
        MACHINE_LISTENER,
        "Told apart by the machine listener",
        "how often a classifier rates Bach’s own voices higher; 50% is guessing",
    ),
    Headline(
        "machine listener 2",
        "Told apart by machine listener 2",
        "the same by another one, which reads short figures; 50% is guessing",
    ),
    Headline(PARALLELS, "Parallel fifths and octaves", "per 1,000 changes of chord"),
    Headline(
        "parallels between beats",
        "Fifths and octaves between beats",
        "per 1,000 changes of chord, whatever ornaments them",
    ),
    Headline(
        "style: root_position_ends",
        "Phrases that end on a root-position chord",
        "as nearly all of Bach’s do",
    ),
    Headline(
        "style: authentic_ends",
        "Phrases that end with an authentic cadence",
        "from the dominant to its tonic, in any key",
    ),
    Headline(
        "copying, longest run, 90th percentile",
        "Longest run shared with a work by Bach",
        "in chords; 9 pieces of 10 share no longer one",
    ),
    Headline(
        "fill accuracy, as played",
        "Same note as Bach’s",
        "share of the written notes; there is more than one good answer",
    ),
    Headline("orderless NLL", "Surprise, in any order", "nats a step; less is better"),
    Headline("joint NLL", "Surprise, from left to right", "nats a step; less is better"),
)
# The condition that is shown first, if it was measured.
PREFERRED = "SATB"


@dataclass(frozen=True)
class ScoreRow:
    """`slug` is empty for Bach."""

    name: str
    slug: str
    is_shown: bool
    score: MeasuredScore | None
    figure: str
    interval: str
    picture: SafeString


@dataclass(frozen=True)
class ScoreGroup:
    headline: Headline
    top: str
    """Of the scale, in words; its bottom is 0."""
    rows: tuple[ScoreRow, ...]


@dataclass(frozen=True)
class MissingFigure:
    name: str
    reason: str


@dataclass(frozen=True)
class ScoreTables:
    """`conditions` are those to choose from; `everything` are all scores of the version."""

    version: Version
    condition: str
    conditions: tuple[str, ...]
    groups: tuple[ScoreGroup, ...]
    counterpoint: tuple[CounterpointRow, ...]
    everything: tuple[MeasuredScore, ...]
    missing: tuple[MissingFigure, ...]

    @cached_property
    def compared(self) -> int:
        """How many other composers stand in the picture."""
        slugs = {row.slug for group in self.groups for row in group.rows if not row.is_shown}
        return len(slugs - {""})


def score_tables(version: Version, condition: str = "") -> ScoreTables | None:
    """None if the version was not measured yet."""
    stored = VersionScores.objects.filter(version=version).first()
    if stored is None:
        return None
    own = measured(stored)
    names = {headline.name for headline in HEADLINES}
    conditions = tuple(
        sorted(
            {each.condition for each in own if each.name in names} & set(CONDITIONS),
            key=lambda each: sort_key(["condition"], [each]),
        )
    )
    if condition not in conditions:
        condition = PREFERRED if PREFERRED in conditions else "".join(conditions[-1:])
    others = [(row, measured(row)) for row in others_of(version)]
    return ScoreTables(
        version,
        condition,
        conditions,
        tuple(_groups(version, own, others, condition)),
        counterpoint_rows(own, condition),
        tuple(own),
        tuple(
            MissingFigure(row["name"], row.get("reason", ""))
            for row in stored.all_rows()
            if "composer" not in row and row.get("name")
        ),
    )


def measured(stored: VersionScores) -> list[MeasuredScore]:
    scores = (MeasuredScore.of_row(row) for row in stored.all_rows())
    return [score for score in scores if score is not None]


def others_of(version: Version) -> list[VersionScores]:
    """Of every other published composer, the scores of what it plays: its newest version."""
    newest: dict[int, Version] = {}
    # False sorts before True: a version that is still played comes before all retired ones.
    for each in published_versions().exclude(composer=version.composer_id).order_by("created"):
        kept = newest.get(each.composer_id)
        if kept is None or _is_ready(each) >= _is_ready(kept):
            newest[each.composer_id] = each
    rows = VersionScores.objects.filter(version__in=newest.values())
    return list(rows.select_related("version__composer").order_by("version__composer__name"))


def _is_ready(version: Version) -> bool:
    return version.status == Version.Status.READY


def find(scores: Iterable[MeasuredScore], name: str, condition: str) -> MeasuredScore | None:
    """The score of this condition, or the one that has none."""
    wanted = [each for each in scores if each.name == name and each.condition in (condition, "")]
    return wanted[0] if wanted else None


def _groups(
    version: Version,
    own: Sequence[MeasuredScore],
    others: Sequence[tuple[VersionScores, list[MeasuredScore]]],
    condition: str,
) -> Iterable[ScoreGroup]:
    for headline in HEADLINES:
        score = find(own, headline.name, condition)
        if score is None:
            continue
        shown = [(version, score)] + [
            (stored.version, other)
            for stored, scores in others
            if (other := find(scores, headline.name, condition)) and other.unit == score.unit
        ]
        scale = scale_of(each for _, each in shown)
        rows = [_row(of, each, scale, is_shown=of == version) for of, each in shown]
        if score.bach is not None:
            rows.append(_bach_row(score, scale))
        yield ScoreGroup(headline, _top(scale, score.unit), tuple(rows))


def _top(scale: svg.Scale, unit: str) -> str:
    return in_words(scale.high, unit).replace(".0%", "%")


def _row(version: Version, score: MeasuredScore, scale: svg.Scale, *, is_shown: bool) -> ScoreRow:
    composer = version.composer
    words = f"{composer.name}: {score.figure}, interval {score.interval}"
    if score.bach is not None:
        words += f"; Bach {score.bach_figure}"
    css = "interval-rate" if is_shown else "interval-other"
    return ScoreRow(
        composer.name,
        composer.slug,
        is_shown,
        score,
        score.figure,
        score.interval,
        score_picture(words, score, scale, css=css),
    )


def _bach_row(score: MeasuredScore, scale: svg.Scale) -> ScoreRow:
    assert score.bach is not None
    picture = bach_picture(f"Bach: {score.bach_figure}", score.bach, scale)
    return ScoreRow("Bach", "", False, None, score.bach_figure, "", picture)
