"""Makes old_database.sql.gz and expected/ with the code of commit 4913214. It ran once:

    git worktree add --detach ../old 4913214
    cd ../old
    VAR_DIR=$(mktemp -d) python ../bach-or-bot/tests/migration/make_old_database.py

It imports that commit's modules, from the current directory. Its clock, ids and listeners come from
one seed. Clips are made, but not kept: the dump has their names.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import shutil
import sqlite3
import sys
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from math import exp
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
rng = Random(4913214)

EARLIER = {"S": 1, "B": 1, "AT": 2, "ATB": 2, "SATB": 3}
FLAGSHIP = {"S": 1, "A": 1, "T": 1, "B": 1, "AT": 3, "ATB": 3, "SATB": 5}
MARKOV = {"S": 1, "A": 1, "T": 1, "B": 1, "AT": 3, "ATB": 3, "SATB": 4}
EXPERIENCES = ("novice", "intermediate", "advanced", "expert", "unstated")
AGE_GROUPS = ("under-18", "18-29", "30-44", "45-59", "60-plus", "unstated")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 10, 5, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def wait(self, **period: float) -> None:
        self.time += timedelta(**period)


clock = Clock()


def set_up() -> None:
    """Django with our clock and our source of chance, before any model refers to another."""
    from django.utils import timezone

    timezone.now = clock
    secrets.token_urlsafe = lambda count: f"{rng.getrandbits(8 * count):x}"[:32]
    secrets.token_hex = lambda count: f"{rng.getrandbits(8 * count):0{2 * count}x}"
    uuid.uuid4 = lambda: uuid.UUID(int=rng.getrandbits(128), version=4)
    sys.path.insert(0, str(Path.cwd()))
    os.environ["DJANGO_SETTINGS_MODULE"] = "bachtest.settings"
    import django

    django.setup()


def make_pool() -> None:
    """Pairs by the flagship and by a Markov chain, which another version then replaces."""
    from django.core.management import call_command

    from generator.models import Composer, Pair
    from generator.services.composers import install_shipped
    from generator.tasks import order_pieces

    call_command("migrate", verbosity=0)
    call_command("import_corpus", verbosity=0)
    call_command("install_composers", verbosity=0)
    markov = Composer.objects.get(slug="markov")
    for composer, counts in ((Composer.objects.get(slug="flagship"), FLAGSHIP), (markov, EARLIER)):
        for condition, count in counts.items():
            order_pieces(composer, condition, count)
    let_worker_work()
    # This is what the row of a site looks like whose Markov chain came from an earlier file.
    Composer.objects.filter(slug="markov").update(sha256="0ddba11" * 9 + "0")
    play_the_first_weeks()
    install_shipped()
    for condition, count in MARKOV.items():
        order_pieces(Composer.objects.get(slug="markov"), condition, count, seed=1)
    let_worker_work()
    copied, identical = Pair.objects.order_by("-id")[:2]
    Pair.objects.filter(id=copied.id).update(set_aside="copies 20 events in a row from BWV269")
    reason = "no written note differs from Bach's"
    Pair.objects.filter(id=identical.id).update(differing=0.0, set_aside=reason)


def make_studies() -> None:
    from bachtest.studies.models import Study

    Study.objects.filter(slug="quiz").update(consent_version="2026-10")
    Study.objects.create(
        slug="harmony",
        title="Inner voices",
        is_open=True,
        rounds=[["AT"], ["ATB", "SATB"], ["SATB"]],
        composers={"flagship": 2, "markov": 1.5, "flagship-jsb": 0},
        consent_version="harmony-1",
        consent_text="I take part of my own free will.",
        listen_seconds=3.0,
        margin=0.15,
        stopping="After 200 answers.",
    )
    Study.objects.create(
        slug="later",
        title="A study that nobody has answered",
        is_open=True,
        rounds=[["SATB"], ["SATB"]],
        composers={"markov": 0},
        consent_version="later-1",
        exclusions=["knew"],
    )


class Person:
    """A listener with a skill, who plays as the site lets them."""

    def __init__(self) -> None:
        self.row: Any = None
        self.skill = rng.gauss(0.5, 0.6)
        self.experience, self.age_group = rng.choice(EXPERIENCES), rng.choice(AGE_GROUPS)

    def consent(self, slug: str) -> Any:
        from bachtest.game import services

        study = services.open_study(slug)
        self.row = services.enrol(
            self.row,
            study,
            consent=study.consent_version,
            experience=self.experience,
            age_group=self.age_group,
        )
        return study

    def start(self, slug: str) -> Any:
        from bachtest.game import services

        clock.wait(minutes=rng.uniform(20, 90))
        study = self.consent(slug)
        return services.start_game(self.row, study, seed=rng.getrandbits(40))[0]

    def play(self, slug: str, *, answers: int = 99, knew_last: bool = True) -> None:
        from bachtest.game import services
        from bachtest.lib.errors import AppError

        try:
            game = self.start(slug)
        except AppError:  # heard_all, of a few
            return
        for number in range(1, answers + 1):
            current = services.current_round(game)
            if current is None:
                break
            last = number == answers or number == game.rounds.count()
            self.answer(services.round_of(self.row, current.id), says=knew_last or not last)

    def answer(self, row: Any, *, says: bool) -> None:
        from bachtest.game import services
        from bachtest.game.models import Answer, Side

        first = rng.choice([Side.LEFT, Side.RIGHT])
        again = rng.choices(list(Side), k=rng.choice([0, 0, 1, 2]))
        for side in (first, first.other, *again):
            clock.wait(seconds=rng.uniform(6, 12))
            services.note_play(row, side)
            row.refresh_from_db()
        clock.wait(seconds=rng.uniform(6, 20))
        right = rng.random() < 1 / (1 + exp(-self.skill - ease_of(row.pair_id)))
        chosen = Side(row.bach_side) if right else Side(row.bach_side).other
        heard = {f"heard_{side}": round(rng.uniform(6, 15), 2) for side in ("left", "right")}
        services.answer_round(row, chosen, **heard)
        knew = rng.choices(["", "yes", "no", "unsure"], [2, 1, 8, 2])[0] if says else ""
        if knew:
            services.note_knew(row, Answer.Knew(knew))


@cache
def ease_of(pair: int) -> float:
    return rng.gauss(0.0, 0.7)


people: list[Person] = []


def newcomers(count: int) -> list[Person]:
    people.extend(new := [Person() for _ in range(count)])
    return new


def play_the_first_weeks() -> None:
    make_studies()
    for person in newcomers(30):
        person.play("quiz")


def play_the_last_weeks() -> None:
    """Another consent for the quiz, a study beside it, and games that are still under way."""
    from bachtest.game import services
    from bachtest.results.analysis import analyse
    from bachtest.studies.models import Study
    from generator.models import Pair

    Study.objects.filter(slug="quiz").update(consent_version="2026-11")
    for person in [*people[:22], *newcomers(16)]:
        person.play("quiz")
    for person in [*people[5:20], *newcomers(4)]:
        person.play("harmony")
    for person in people[24:28]:
        person.play("quiz")
    let_worker_work()
    for study in Study.objects.filter(slug__in=["quiz", "harmony"]):
        analyse(study)
    for person in newcomers(3):
        person.start("quiz")  # the first round was not even sent
    services.current_round(newcomers(1)[0].start("quiz"))
    newcomers(1)[0].start("harmony")
    newcomers(1)[0].start("later")
    for answers in (1, 2, 3, 4):
        newcomers(1)[0].play("quiz", answers=answers)
        newcomers(1)[0].play("quiz", answers=answers, knew_last=False)
    newcomers(1)[0].play("quiz", knew_last=False)
    people[0].play("quiz", answers=2)  # of several games, and of two consents
    for person in newcomers(2):
        person.consent("later")
    for version in ("2026-09", "2026-10"):  # a consent that no study asks for any more
        [person] = newcomers(1)
        person.consent("quiz")
        person.row.consent_version = version
        person.row.save()
    # A pair that some of these games have still to play is taken out.
    waiting = newcomers(1)[0].start("quiz").rounds.order_by("number").first()
    Pair.objects.filter(id=waiting.pair_id).update(set_aside="withdrawn by an admin")


def let_worker_work() -> None:
    from django.core.management import call_command

    call_command("work", batch=True, interval=0)


def leave_pieces_undone() -> None:
    from generator.models import Composer
    from generator.services.claims import claim, give_up
    from generator.tasks import order_pieces

    flagship, markov = (Composer.objects.get(slug=slug) for slug in ("flagship", "markov"))
    order_pieces(flagship, "SATB", 2, seed=7, sampling={"spacing": "4"})
    running, failed = (order_pieces(markov, "ATB", 1, seed=seed)[0] for seed in (8, 9))
    claim(running.id)
    give_up(claim(failed.id), "no room for the clip", permanent=True)


def write_expected() -> None:
    """Each study's export, and what its results page says, by the old code."""
    from bachtest.results.analysis import analyse
    from bachtest.results.answers import study_report
    from bachtest.results.export import export_study
    from bachtest.stats.show import to_json
    from bachtest.studies.models import Study

    shutil.rmtree(HERE / "expected", ignore_errors=True)
    (HERE / "expected").mkdir()
    for study in Study.objects.order_by("slug"):
        folder = HERE / "expected" / study.slug
        export_study(study, folder)
        shutil.rmtree(folder / "data")  # the same tables again
        fit = analyse(study).findings
        fit = {name: fit.get(name) for name in ("refused", "verdict", "variances")}
        numbers = {"page": to_json(study_report(study)), "fit": fit}
        text = json.dumps(numbers, indent=1, sort_keys=True)
        (folder / "numbers.json").write_text(text + "\n")


def write_dump() -> None:
    from django.conf import settings

    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as database:
        text = "\n".join(database.iterdump()) + "\n"
    (HERE / "old_database.sql.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    set_up()
    make_pool()
    play_the_last_weeks()
    leave_pieces_undone()
    write_dump()
    write_expected()
