"""The results page at a million answers, on SQLite, beside counting them all for every visit.

python -m benchmarks.bench_results_page [ANSWERS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ANSWERS = 1_000_000
ANSWERS_EACH = 5
PAIRS = 280
VISITS = 5
# Rows are written straight into the tables, with SQLite's own random().
NUMBERS = "WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i + 1 < %s) "
LISTENERS = """
INSERT INTO game_listener (id, created) SELECT printf('%%032x', i), '2026-01-01' FROM k
"""
PARTICIPATIONS = """
INSERT INTO game_participation
    (id, listener_id, study_id, experience, age_group, consent_version, consented_at, created)
SELECT i + 1, printf('%%032x', i), %s,
    trim(substr('novice      intermediateadvanced    expert      unstated    ',
                1 + 12 * (abs(random()) %% 5), 12)), 'unstated', '1', '2026-01-01', '2026-01-01'
FROM k
"""
GAMES = """
INSERT INTO game_game (id, participation_id, seed, created, finished_at)
SELECT printf('%%032x', i), i + 1, i, '2026-01-01', '2026-01-01' FROM k
"""
ROUNDS = """
INSERT INTO game_round (id, game_id, number, pair_id, kind, withdrawn, tokens_expire)
SELECT printf('%%032x', i), printf('%%032x', i / 5), 1 + i %% 5,
    1 + abs(random()) %% (SELECT max(id) FROM generator_pair), 'scored', 0, '2026-01-01' FROM k
"""
CLIPS = """
INSERT INTO game_roundclip (round_id, position, role, piece_id, token, plays, heard)
SELECT round.id, side.position, '',
    CASE WHEN (side.position + round.rowid) %% 2 THEN pair.bach_id ELSE pair.machine_id END,
    side.position || round.id, 1, 9
FROM game_round round JOIN generator_pair pair ON pair.id = round.pair_id
CROSS JOIN (SELECT 1 AS position UNION ALL SELECT 2) side
"""
ANSWER_ROWS = """
INSERT INTO game_answer
    (id, round_id, response, correct, seconds, quick_streak, first, knew, created)
SELECT i + 1, printf('%%032x', i), 1 + abs(random()) %% 2, abs(random()) %% 10 < 6, 20, 0,
    abs(random()) %% 2, CASE abs(random()) %% 20 WHEN 0 THEN 'yes' ELSE 'no' END,
    datetime('2026-01-01', '+' || (i / 100) || ' minutes') FROM k
"""


def main(answers: int = ANSWERS) -> None:
    in_new_site(f"benchmarks.bench_results_page import measure; measure({answers})")


def in_new_site(program: str) -> None:
    """In a process of its own: Django reads where its database is once, when it starts."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "bachtest.settings",
            "TASKS_BACKEND": "django_tasks.backends.dummy.DummyBackend",
        }
        command = [sys.executable, "-c", f"import django; django.setup(); from {program}"]
        root = Path(__file__).resolve().parent.parent
        subprocess.run(command, env=environment, cwd=root, check=True)


def measure(answers: int) -> None:
    from bachtest.game.models import Answer
    from bachtest.results.counts import tallies
    from bachtest.studies.models import Study

    print("wall time, and processor time, which does not depend on what else is running")
    print(f"{answers} answers written: {show(lambda: fill(answers))}")
    study = Study.objects.get(slug="quiz")
    print(f"counting them all (once): {show(lambda: tallies.rebuild(study))}")
    print(f"the page, first visit: {show(visit)}")
    later = min(seconds(visit) for _ in range(VISITS))
    print(f"later visits, best of {VISITS}: {later[0]:.3f} s, processor {later[1]:.3f} s")
    untallied = seconds(
        lambda: tallies.count(Answer.objects.filter(round__game__participation__study=study))
    )
    ratio = untallied[1] / later[1]
    print(f"without tallies a visit would count for {untallied[0]:.1f} s: {ratio:.0f} x")


def visit() -> None:
    from django.test import Client

    response = Client().get("/results/", headers={"host": "localhost"})
    assert response.status_code == 200, response.status_code


def show(job: Callable[[], object]) -> str:
    wall, processor = seconds(job)
    return f"{wall:.1f} s, processor {processor:.1f} s"


def seconds(job: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    job()
    return time.perf_counter() - wall, time.process_time() - processor


def fill(answers: int, pairs: int = PAIRS) -> None:
    from django.core.management import call_command
    from django.db import connection, transaction

    from bachtest.studies.models import Study

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        make_pairs(pairs)
    study = Study.objects.get(slug="quiz").id
    listeners = answers // ANSWERS_EACH
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute(NUMBERS + LISTENERS, [listeners])
        cursor.execute(NUMBERS + PARTICIPATIONS, [listeners, study])
        cursor.execute(NUMBERS + GAMES, [listeners])
        cursor.execute(NUMBERS + ROUNDS, [answers])
        cursor.execute(CLIPS.replace("%%", "%"))
        cursor.execute(NUMBERS + ANSWER_ROWS, [answers])


def make_pairs(pairs: int) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from bachtest.stats.rates.order import CONDITIONS
    from bachtest.studies.models import Study, StudyComposer
    from generator.models import Composer, Excerpt, Pair, Piece, Rendering, Version, Work
    from generator.rendering.profiles import NEWEST

    def make_version(slug: str) -> Version:
        made = {"name": slug, "kind": Composer.Kind.CHECKPOINT}
        composer, _ = Composer.objects.update_or_create(slug=slug, defaults=made)
        version = Version.objects.create(composer=composer, status=Version.Status.READY)
        quiz = Study.objects.get(slug="quiz")
        StudyComposer.objects.create(study=quiz, composer=composer, version=version)
        return version

    machines = [make_version("network"), make_version("chain")]
    # One file for all clips: a game looks whether each is there.
    file = {"file": default_storage.save("clips/one.mp3", ContentFile(b"mp3")), "bytes": 3}
    made = {"fingerprint": "f" * 64, "sha256": "f" * 64, "profile": NEWEST, "seconds": 15}
    for i in range(pairs):
        work = Work.objects.create(bwv=f"BWV {i}", title="-", tune=f"tune {i}", part="test")
        excerpt = Excerpt.objects.create(work=work, start=0, stop=64)
        pieces = [
            Piece.objects.create(
                excerpt=excerpt, version=version, condition=condition, status="done"
            )
            for version, condition in ((None, ""), (machines[i % 2], CONDITIONS[i // 2 % 7]))
        ]
        Rendering.objects.bulk_create(Rendering(piece=piece, **made, **file) for piece in pieces)
        Pair.objects.create(
            excerpt=excerpt, tune=work.tune, bach=pieces[0], machine=pieces[1], differing=0.5
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
