"""The same rows as `old_rows`, as today's models have them: one function for each kind.

What moves to another table changes its function here, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Value
from django.db.models.functions import Coalesce

from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip, Side
from bachtest.studies.models import Study, StudyComposer
from generator.models import Composer, Excerpt, Pair, Piece, Rendering, Version, Work
from tests.migration.old_rows import Rows


def piece_at(path: str = "") -> tuple[str | Coalesce, ...]:
    """The path of each part of a piece's key, from a row that leads to it."""
    excerpt = ("excerpt__work__bwv", "excerpt__start", "excerpt__stop")
    author = Coalesce(f"{path}version__composer__slug", Value("bach"))
    places = tuple(path + name for name in (*excerpt, "condition", "seed"))
    return (*places[:3], author, *places[3:])


def works() -> Rows:
    return list(Work.objects.values_list("bwv", "title", "tune", "part"))


def excerpts() -> Rows:
    return list(Excerpt.objects.values_list("work__bwv", "start", "stop"))


def composers() -> Rows:
    return list(Composer.objects.values_list("slug", "name", "kind", "created"))


def versions() -> Rows:
    assert not Version.objects.exclude(kind="checkpoint", shipped=True)
    return list(Version.objects.values_list("composer__slug", "family", "file", "sha256"))


def pieces() -> Rows:
    return list(Piece.objects.values_list("settings", *piece_at()))


def made() -> Rows:
    # The old site wrote all its pieces at the factor 1.
    names = (Value(1.0), "fold", "tries", "error", "grid", "copied_run", "created", "done")
    return list(Piece.objects.values_list(*piece_at(), *names, "status"))


def clips() -> Rows:
    names = ("seconds", "fingerprint", "loudness", "file")
    return list(Rendering.objects.clips().values_list(*piece_at("piece__"), *names))


def pairs() -> Rows:
    keys = (*piece_at("machine__"), *piece_at("bach__"))
    return list(Pair.objects.values_list(*keys, "differing", "excluded_reason", "created"))


def studies() -> Rows:
    names = ("slug", "title", "is_open", "rounds", "protocol", "feedback", "consent_version")
    names += ("consent_text", "listen_seconds", "margin", "exclusions", "stopping", "created")
    return list(Study.objects.values_list(*names))


def weights() -> Rows:
    return list(StudyComposer.objects.values_list("study__slug", "composer__slug", "weight"))


def listeners() -> Rows:
    return list(Listener.objects.values_list("id", "created"))


def participations() -> Rows:
    names = ("consent_version", "consented_at", "experience", "age_group")
    return list(Participation.objects.values_list("listener", "study__slug", *names))


def games() -> Rows:
    person = ("participation__listener", "participation__study__slug")
    return list(Game.objects.values_list("id", *person, "seed", "created", "finished_at"))


def rounds() -> Rows:
    keys = ("id", "game", "number", *piece_at("pair__machine__"))
    return list(Round.objects.values_list(*keys, "tokens_expire", "sent_at"))


def sides() -> Rows:
    return [
        (
            clip.round_id,
            str(Side.at(clip.position)),
            clip.token,
            "bach" if clip.piece_id == clip.round.pair.bach_id else "machine",
            clip.first_play,
            clip.plays,
            clip.heard,
        )
        for clip in RoundClip.objects.select_related("round__pair")
        if clip.piece_id in (clip.round.pair.bach_id, clip.round.pair.machine_id)
    ]


def answers() -> Rows:
    return [
        (answer.round_id, str(answer.chosen), answer.correct, *said)
        for answer in Answer.objects.all()
        for said in [(answer.seconds, answer.first, answer.knew, answer.created)]
    ]


READERS: dict[str, Callable[[], Rows]] = {
    "works": works,
    "excerpts": excerpts,
    "composers": composers,
    "versions": versions,
    "pieces": pieces,
    "made": made,
    "clips": clips,
    "pairs": pairs,
    "studies": studies,
    "weights": weights,
    "listeners": listeners,
    "participations": participations,
    "games": games,
    "rounds": rounds,
    "sides": sides,
    "answers": answers,
}
