"""The columns of an export: what each means, and where it comes from.

Nothing here can tell who somebody is: ids of listeners and games are drawn anew for each export,
and no cookie, address or time of day is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from bachtest.results.counts.flags import FLAGS, FLAGS_VERSION, flag_column
from bachtest.studies.models import Study

Convert = Callable[[Any], Any]

GAME = "round__game"
PAIR = "round__pair"
MACHINE = "round__pair__machine"
EXCERPT = "round__pair__machine__excerpt"


def as_is(value: object) -> object:
    return "" if value is None else value


def as_bit(value: object) -> int:
    return int(bool(value))


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class Column:
    """A column: a path from the row (or an expression), and how its value is written."""

    name: str
    meaning: str
    source: str | Combinable
    convert: Convert = as_is


def excerpt_of(path: str) -> Combinable:
    start, stop = (Cast(F(f"{path}__{end}"), CharField()) for end in ("start", "stop"))
    bwv = F(f"{path}__work__bwv")
    return Concat(bwv, Value(":"), start, Value("-"), stop, output_field=CharField())


def answer_columns(pseudonym: Convert) -> list[Column]:
    return [
        Column("listener", "who answered: an id of this export", f"{GAME}__listener", pseudonym),
        Column("game", "the sitting: an id of this export", GAME, pseudonym),
        Column("trial", "place of the round in the game, from 1", "round__number"),
        Column("item", "the pair put to the listener", PAIR),
        Column("work", "number of the chorale", f"{EXCERPT}__work__bwv"),
        Column("excerpt", "work and its steps (sixteenths) from-to", excerpt_of(EXCERPT)),
        Column("tune", "tune family of the work", f"{EXCERPT}__work__tune"),
        Column("condition", "voices that the composer wrote", f"{MACHINE}__condition"),
        Column("composer", "who wrote them", f"{MACHINE}__composer__slug"),
        Column(
            "experience",
            "novice, intermediate, advanced, expert or unstated",
            f"{GAME}__listener__experience",
        ),
        Column("side", "where Bach was: left or right", "round__bach_side"),
        Column("first", "1: Bach was heard first", "first", as_bit),
        Column("chosen", "the side taken for Bach: left or right", "chosen"),
        Column("correct", "1: chosen is side", "correct", as_bit),
        Column("seconds", "first start of a clip to answer, by the server's clock", "seconds"),
        Column("plays_left", "how often the left clip was started", "plays_left"),
        Column("plays_right", "how often the right clip was started", "plays_right"),
        Column("heard_left", "seconds of the left clip, as the browser says", "heard_left"),
        Column("heard_right", "seconds of the right clip, as the browser says", "heard_right"),
        Column("knew", "knew the piece: yes, no, unsure; empty: not said", "knew"),
        Column("differing", "share of written cells unlike Bach's", f"{PAIR}__differing"),
        *flag_columns(),
    ]


def flag_columns() -> list[Column]:
    return [
        Column(
            f"flag_{flag.name}",
            f"1: {flag.meaning} (flags, version {FLAGS_VERSION})",
            flag_column(flag),
            as_bit,
        )
        for flag in FLAGS
    ]


def game_columns(pseudonym: Convert) -> list[Column]:
    # The seed of an unfinished game would give its next sides away.
    seed = Case(When(finished_at__isnull=False, then=F("seed")))
    return [
        Column("game", "the sitting: an id of this export", "id", pseudonym),
        Column("listener", "who played: an id of this export", "listener", pseudonym),
        Column("finished", "1: every round was answered", "finished_at", as_bit),
        Column("answers", "rounds answered", Count("rounds__answer")),
        Column("seed", "of draw, order and sides; empty while unfinished", seed),
    ]


def listener_columns(study: Study, pseudonym: Convert) -> list[Column]:
    here = Q(games__study=study)
    answers = Count("games__rounds__answer", filter=here, distinct=True)
    return [
        Column("listener", "an id of this export", "id", pseudonym),
        Column("experience", "novice, intermediate, advanced, expert or unstated", "experience"),
        Column("age_group", "age in years, or unstated", "age_group"),
        Column("consent_version", "the consent given last", "consent_version"),
        Column("games", "games of this study", Count("games", filter=here, distinct=True)),
        Column("answers", "answers in this study", answers),
    ]


def item_columns(study: Study) -> list[Column]:
    here = Q(rounds__game__study=study)
    right = here & Q(rounds__answer__correct=True)
    alike = Case(When(differing=0, then=Value(1)), default=Value(0))
    return [
        Column("item", "the pair: Bach's piece and the composer's", "id"),
        Column("work", "number of the chorale", "machine__excerpt__work__bwv"),
        Column("excerpt", "work and its steps from-to", excerpt_of("machine__excerpt")),
        Column("tune", "tune family of the work", "machine__excerpt__work__tune"),
        Column("condition", "voices that the composer wrote", "machine__condition"),
        Column("composer", "who wrote them", "machine__composer__slug"),
        Column("seed", "of the composer's draw", "machine__seed"),
        Column("temperature", "of the composer's draw", "machine__temperature"),
        Column("sampling", "settings of the fill, as JSON", "machine__settings", as_json),
        Column("fold", "member that wrote it, of a cross-fitted composer", "machine__fold"),
        Column("differing", "share of written cells unlike Bach's", "differing"),
        Column("alike", "1: no audible difference, so never played", alike),
        Column("set_aside", "why it is never played; empty: it may be", "excluded_reason"),
        Column("copied_run", "longest run of events shared with training", "machine__copied_run"),
        Column("seconds", "length of the clips", "machine__seconds"),
        Column("loudness_bach", "LUFS", "bach__loudness"),
        Column("loudness_machine", "LUFS", "machine__loudness"),
        Column("fingerprint", "of what rendered the clips", "machine__fingerprint"),
        Column("answers", "answers in this study", Count("rounds__answer", filter=here)),
        Column("correct", "of these, right ones", Count("rounds__answer", filter=right)),
    ]


def composer_columns(study: Study) -> list[Column]:
    return [
        Column("composer", "short name", "slug"),
        Column("name", "name as shown", "name"),
        Column("kind", "checkpoint or collection", "kind"),
        Column("family", "architecture, of a checkpoint", "family"),
        Column("sha256", "of the checkpoint", "sha256"),
        Column("in_quiz", "1: playing when this was exported", "in_quiz", as_bit),
        Column("weight", "how often drawn", "slug", lambda slug: study.composers.get(slug, 1)),
    ]
