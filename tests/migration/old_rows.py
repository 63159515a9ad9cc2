"""Every row of the old site by what it is, not by its id. Only what is expected of them changes."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps

Rows = list[tuple[Any, ...]]

PIECE = ("excerpt__work__bwv", "excerpt__start", "excerpt__stop", "composer__slug", "condition")
PIECE += ("seed",)
BACH, MACHINE, PLAYED = (
    tuple(f"{path}__{name}" for name in PIECE) for path in ("bach", "machine", "pair__machine")
)
SAID_ONCE = ("consent_version", "consented_at", "experience", "age_group")

# Settings of the flagship that have another name today, and two that exist no more.
SETTINGS = {"spacing": "block_spacing", "lines": "melodic_weight", "mending": "repair_temperature"}
DROPPED = ("order", "stride")


def old_rows(apps: Apps) -> dict[str, Rows]:
    """By the models of the old code, from the database that it made."""

    def of(model: str, *names: str) -> Rows:
        return list(apps.get_model(model).objects.values_list(*names))

    return {
        "works": of("generator.Work", "bwv", "title", "tune", "part"),
        "excerpts": of("generator.Excerpt", "work__bwv", "start", "stop"),
        "composers": of("generator.Composer", "slug", "name", "kind", "created"),
        "versions": [
            row
            for row in of("generator.Composer", "slug", "family", "checkpoint", "sha256")
            if row[0] != "bach"
        ],
        "pieces": [
            (renamed(settings) or unsaid(status, *row), *row)
            for settings, status, *row in of("generator.Piece", "sampling", "status", *PIECE)
        ],
        "made": of(
            "generator.Piece",
            *PIECE,
            *("temperature", "fold", "tries", "error", "grid", "copied_run", "created", "done"),
            "status",
        ),
        "clips": [
            row
            for row in of("generator.Piece", *PIECE, "seconds", "fingerprint", "loudness", "clip")
            if row[-1]
        ],
        "pairs": of("generator.Pair", *MACHINE, *BACH, "differing", "set_aside", "created"),
        "studies": of(
            "studies.Study",
            *("slug", "title", "is_open", "rounds", "protocol", "feedback", "consent_version"),
            *("consent_text", "listen_seconds", "margin", "exclusions", "stopping", "created"),
        ),
        "weights": weights(of),
        "listeners": of("game.Listener", "id", "created"),
        "participations": participations(of),
        "games": of("game.Game", "id", "listener", "study__slug", "seed", "created", "finished_at"),
        "rounds": of("game.Round", "id", "game", "number", *PLAYED, "tokens_expire", "sent_at"),
        "sides": [row for side in ("left", "right") for row in clips_on(side, of)],
        "answers": of(
            "game.Answer",
            *("round", "chosen", "correct", "seconds", "first", "knew", "created"),
        ),
    }


def clips_on(side: str, of: Any) -> Rows:
    """What each round had on this side, by whom, and how it was heard."""
    names = (f"{side}_token", f"first_play_{side}", f"plays_{side}", f"answer__heard_{side}")
    return [
        (game, side, token, "bach" if bach == side else "machine", first, plays, heard or 0.0)
        for game, bach, token, first, plays, heard in of("game.Round", "id", "bach_side", *names)
    ]


def renamed(settings: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in settings.items() if name not in DROPPED}
    return {SETTINGS.get(name, name): value for name, value in kept.items()}


def unsaid(status: str, bwv: str, start: int, stop: int, composer: str, *_: Any) -> dict[str, Any]:
    """A composer without other settings had a temperature too, 1 for all pieces of this site."""
    return {"temperature": 1.0} if status == "done" and composer != "bach" else {}


def weights(of: Any) -> Rows:
    """Of each study and each composer of the quiz; 1 if the design does not name it.

    Composers that were answered, and are no longer drawn, have weight 0.
    """
    in_quiz = [slug for slug, is_in in of("generator.Composer", "slug", "in_quiz") if is_in]
    drawn = {
        (study, slug): float(named.get(slug, 1))
        for study, named in of("studies.Study", "slug", "composers")
        for slug in in_quiz
    }
    machine = "round__pair__machine__composer__slug"
    answered = of("game.Answer", "round__game__study__slug", machine)
    return [(*cell, weight) for cell, weight in (dict.fromkeys(answered, 0.0) | drawn).items()]


def participations(of: Any) -> Rows:
    """A listener in each study played; without a game, where the consent was given.

    A consent that no study asks for any more belongs to the oldest study.
    """
    studies = sorted(of("studies.Study", "id", "slug", "consent_version"))
    asked = {version: slug for _, slug, version in reversed(studies)}
    oldest = studies[0][1]
    played: dict[Any, set[str]] = {}
    for listener, slug in of("game.Game", "listener", "study__slug"):
        played.setdefault(listener, set()).add(slug)
    return [
        (listener, slug, *said)
        for listener, *said in of("game.Listener", "id", *SAID_ONCE)
        for slug in played.get(listener, {asked.get(said[0], oldest)})
    ]
