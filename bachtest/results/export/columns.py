"""The columns of an export: what each means, and where its values come from.

Nothing here identifies a person: each export draws new ids for listeners and games, and contains no
cookie, no address and no time of day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, DenseRank, Substr

from bachtest.game.models import Answer, RoundClip, Side
from bachtest.results.counts.flags import FLAGS, FLAGS_VERSION, flag_column
from bachtest.results.counts.sides import BACH_SIDE, CHOSEN_SIDE
from bachtest.studies.models import Study
from generator.models import VERSION_DIGITS, Pair, Rendering
from generator.rendering.profiles import PROFILES

Convert = Callable[[Any], Any]
PairClips = Mapping[int, tuple[Rendering | None, Rendering | None]]

# Columns that version 1 of the export does not have, or fills otherwise: file, column, and how.
CHANGED_SINCE_1: dict[tuple[str, str], str] = {
    ("answers.csv", "version"): "not there",
    ("answers.csv", "paired"): "not there; always 1",
    ("answers.csv", "finish_rank"): "not there",
    ("items.csv", "version"): "not there",
    ("composers.csv", "version"): "not there; one row a composer",
    ("composers.csv", "in_quiz"): "of the composer, in every study",
    ("composers.csv", "weight"): "1 where the design named none, even if it was no longer drawn",
    ("answers.csv", "flag_too_good_too_fast"): "not there",
    ("answers.csv", "knew"): "had no 'passed'; empty if the listener did not say",
    ("items.csv", "sampling"): (
        "named spacing, lines and mending what is now block_spacing, melodic_weight and"
        " repair_temperature; had settings order and stride"
    ),
    ("items.csv", "temperature"): "a factor on the temperatures of the composer",
    ("items.csv", "budget_steps"): "not there",
    ("items.csv", "title"): "not there",
    ("items.csv", "rendering"): "not there",
}

GAME = "round__game"
PAIR = "round__pair"
MACHINE = "round__pair__machine"
EXCERPT = "round__pair__excerpt"
WRITTEN = "what the composer wrote: voices by their letters, or NEXT or GAP (docs/corpus.md)"
PAIRED = (
    "1 if both clips are of one excerpt by Bach; 0 if a whole piece by another system stood beside"
    " his, in unpaired_answers.csv alone"
)
FINISH_RANK = (
    "rank of the game among the games of this table, by which had its last answer first: 1, 2, 3"
    " and so on; with trial, the order of the answers"
)
VERSION = f"version of the composer: the first {VERSION_DIGITS} digits of its sha256"


def as_is(value: object) -> object:
    return "" if value is None else value


def as_bit(value: object) -> int:
    return int(bool(value))


def as_answer(value: object) -> object:
    return "" if value is None else as_bit(value)


def as_paired(kind: str) -> int:
    return as_bit(kind != Pair.Kind.UNPAIRED)


def as_short(value: float) -> float:
    """A whole number without its decimal point."""
    return int(value) if value == int(value) else value


def as_rendering(profile: int) -> str:
    return str(PROFILES[profile])


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class ExportColumn:
    """A path from the row (or an expression), and how its values are written."""

    name: str
    meaning: str
    source: str | Combinable
    convert: Convert = as_is


def excerpt_of(path: str) -> Combinable:
    start, stop = (Cast(F(f"{path}__{end}"), CharField()) for end in ("start", "stop"))
    bwv = F(f"{path}__work__bwv")
    return Concat(bwv, Value(":"), start, Value("-"), stop, output_field=CharField())


def clip_of(side: Side, field: str) -> Combinable:
    """A column of the clip that stood on a side of the round."""
    clips = RoundClip.objects.filter(round=OuterRef("round"), position=side.position)
    return Subquery(clips.values(field)[:1])


def version_of(path: str) -> Combinable:
    return Substr(f"{path}sha256", 1, VERSION_DIGITS)


def finish_rank() -> Combinable:
    """Of the game of each answer. Games alone are ranked: who played at once with whom is not told.

    Ids of answers rise as they are given, so no two games are equal.
    """
    of_game = Answer.objects.filter(round__game=OuterRef(GAME)).order_by("-id")
    return Window(DenseRank(), order_by=Subquery(of_game.values("id")[:1]).asc())


def of_pair(clips: PairClips, side: int, field: str) -> Convert:
    """From the id of a pair to a field of Bach's clip (side 0) or the machine's (1)."""
    return lambda pair: as_is(getattr(clips[pair][side], field, None))


def answer_columns(pseudonym: Convert) -> list[ExportColumn]:
    return [
        ExportColumn(
            "listener",
            "the listener: an id drawn for this export",
            f"{GAME}__participation__listener",
            pseudonym,
        ),
        ExportColumn("game", "the game: an id drawn for this export", GAME, pseudonym),
        ExportColumn("trial", "number of the round in its game, from 1", "round__number"),
        ExportColumn("item", "the pair of clips that was played", PAIR),
        ExportColumn("work", "BWV number of the chorale", f"{EXCERPT}__work__bwv"),
        ExportColumn(
            "excerpt", "the work, and its steps (sixteenths) from-to", excerpt_of(EXCERPT)
        ),
        ExportColumn("tune", "tune family of the work", f"{PAIR}__tune"),
        ExportColumn("condition", WRITTEN, f"{MACHINE}__condition"),
        ExportColumn("composer", "who wrote it", f"{MACHINE}__version__composer__slug"),
        ExportColumn("version", VERSION, version_of(f"{MACHINE}__version__")),
        ExportColumn("paired", PAIRED, f"{PAIR}__kind", as_paired),
        ExportColumn(
            "experience",
            "novice, intermediate, advanced, expert or unstated",
            f"{GAME}__participation__experience",
        ),
        ExportColumn("side", "where Bach was: left or right", BACH_SIDE),
        ExportColumn("first", "1 if Bach was heard first", "first", as_answer),
        ExportColumn("chosen", "the side chosen as Bach: left or right", CHOSEN_SIDE),
        ExportColumn(
            "correct", "1 if chosen equals side; empty without a truth", "correct", as_answer
        ),
        ExportColumn(
            "seconds",
            "from the first start of a clip to the answer, by the server's clock",
            "seconds",
        ),
        ExportColumn(
            "plays_left", "how often the left clip was started", clip_of(Side.LEFT, "plays")
        ),
        ExportColumn(
            "plays_right", "how often the right clip was started", clip_of(Side.RIGHT, "plays")
        ),
        ExportColumn(
            "heard_left",
            "seconds of the left clip heard, as the browser reports",
            clip_of(Side.LEFT, "heard"),
        ),
        ExportColumn(
            "heard_right",
            "seconds of the right clip heard, as the browser reports",
            clip_of(Side.RIGHT, "heard"),
        ),
        ExportColumn(
            "knew",
            "knew the piece: yes, no, unsure or passed; empty if it was not asked",
            "knew",
        ),
        ExportColumn(
            "differing", "share of written cells that differ from Bach's", f"{PAIR}__differing"
        ),
        ExportColumn("finish_rank", FINISH_RANK, finish_rank()),
        *flag_columns(),
    ]


def flag_columns() -> list[ExportColumn]:
    return [
        ExportColumn(
            f"flag_{flag.name}",
            f"1 if {flag.meaning} (flags, version {FLAGS_VERSION})",
            flag_column(flag),
            as_bit,
        )
        for flag in FLAGS
    ]


def game_columns(pseudonym: Convert) -> list[ExportColumn]:
    # The seed of an unfinished game would give away the sides of its next rounds.
    seed = Case(When(finished_at__isnull=False, then=F("seed")))
    return [
        ExportColumn("game", "the game: an id drawn for this export", "id", pseudonym),
        ExportColumn(
            "listener",
            "the listener: an id drawn for this export",
            "participation__listener",
            pseudonym,
        ),
        ExportColumn("finished", "1 if every round was answered", "finished_at", as_bit),
        ExportColumn("answers", "rounds answered", Count("rounds__answer")),
        ExportColumn("seed", "of the draw, the order and the sides; empty while unfinished", seed),
    ]


def listener_columns(pseudonym: Convert) -> list[ExportColumn]:
    return [
        ExportColumn(
            "listener", "the listener: an id drawn for this export", "listener", pseudonym
        ),
        ExportColumn(
            "experience", "novice, intermediate, advanced, expert or unstated", "experience"
        ),
        ExportColumn("age_group", "age in years, or unstated", "age_group"),
        ExportColumn("consent_version", "version of the consent given last", "consent_version"),
        ExportColumn("games", "games of this study", Count("games", distinct=True)),
        ExportColumn(
            "answers", "answers in this study", Count("games__rounds__answer", distinct=True)
        ),
    ]


def item_columns(study: Study, clips: PairClips) -> list[ExportColumn]:
    answered = Q(rounds__game__participation__study=study)
    right = answered & Q(rounds__answer__correct=True)
    identical = Case(When(differing=0, then=Value(1)), default=Value(0))
    return [
        ExportColumn("item", "the pair: Bach's piece and the composer's", "id"),
        ExportColumn("work", "BWV number of the chorale", "excerpt__work__bwv"),
        ExportColumn("excerpt", "the work, and its steps from-to", excerpt_of("excerpt")),
        ExportColumn("tune", "tune family of the work", "tune"),
        ExportColumn("condition", WRITTEN, "machine__condition"),
        ExportColumn("composer", "who wrote it", "machine__version__composer__slug"),
        ExportColumn("version", VERSION, version_of("machine__version__")),
        ExportColumn("seed", "of the composer's draw", "machine__seed"),
        ExportColumn(
            "temperature", "of the fill, one of its settings", "machine__settings__temperature"
        ),
        ExportColumn("sampling", "settings of the fill, as JSON", "machine__settings", as_json),
        ExportColumn(
            "budget_steps",
            "at most so many of the composer's own steps; empty: no limit",
            "machine__budget_steps",
        ),
        ExportColumn("fold", "which member of a cross-fitted composer wrote it", "machine__fold"),
        ExportColumn("differing", "share of written cells that differ from Bach's", "differing"),
        ExportColumn("alike", "1 if there is no audible difference; never played", identical),
        ExportColumn("set_aside", "why it is never played; empty if it may be", "excluded_reason"),
        ExportColumn(
            "copied_run", "longest run of events shared with a work by Bach", "machine__copied_run"
        ),
        ExportColumn("seconds", "length of the clips", "id", of_pair(clips, 1, "seconds")),
        ExportColumn(
            "loudness_bach",
            "loudness of Bach's clip in LUFS",
            "id",
            of_pair(clips, 0, "loudness"),
        ),
        ExportColumn(
            "loudness_machine",
            "loudness of the machine's clip in LUFS",
            "id",
            of_pair(clips, 1, "loudness"),
        ),
        ExportColumn(
            "fingerprint", "of what rendered the clips", "id", of_pair(clips, 1, "fingerprint")
        ),
        ExportColumn(
            "rendering",
            "profile of the clips: how loud they are, and the encoder's bit rate",
            Value(study.rendering),
            as_rendering,
        ),
        ExportColumn("answers", "answers in this study", Count("rounds__answer", filter=answered)),
        ExportColumn("correct", "right answers among them", Count("rounds__answer", filter=right)),
        ExportColumn("title", "German title of the chorale", "excerpt__work__title"),
    ]


def composer_columns(study: Study) -> list[ExportColumn]:
    weights = dict(study.composers.values_list("version", "weight"))

    def weight(version: int) -> float:
        return as_short(weights.get(version, 0.0))

    return [
        ExportColumn("composer", "short name of the composer", "composer__slug"),
        ExportColumn("name", "name shown on pages", "composer__name"),
        ExportColumn("kind", "checkpoint or collection", "kind"),
        ExportColumn("family", "architecture of a checkpoint", "family"),
        ExportColumn("sha256", "of the checkpoint", "sha256"),
        ExportColumn("version", VERSION, version_of("")),
        ExportColumn(
            "in_quiz",
            "1 if the study could draw it when this was exported",
            "id",
            lambda version: as_bit(weight(version)),
        ),
        ExportColumn("weight", "how often it is drawn, relative to the others", "id", weight),
    ]
