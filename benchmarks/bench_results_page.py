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
INSERT INTO game_listener
    (id, experience, age_group, consent_version, consented_at, created)
SELECT printf('%%032x', i),
    substr('novice      intermediateadvanced    expert      unstated    ',
           1 + 12 * (abs(random()) %% 5), 12), 'unstated', '1', '2026-01-01', '2026-01-01' FROM k
"""
GAMES = """
INSERT INTO game_game (id, listener_id, study_id, seed, created, finished_at)
SELECT printf('%%032x', i), printf('%%032x', i), %s, i, '2026-01-01', '2026-01-01' FROM k
"""
ROUNDS = """
INSERT INTO game_round (id, game_id, number, pair_id, bach_side, left_token, right_token,
    tokens_expire, plays_left, plays_right)
SELECT printf('%%032x', i), printf('%%032x', i / 5), 1 + i %% 5,
    1 + abs(random()) %% (SELECT max(id) FROM generator_pair),
    CASE abs(random()) %% 2 WHEN 0 THEN 'left' ELSE 'right' END, 'l' || i, 'r' || i,
    '2026-01-01', 1, 1 FROM k
"""
ANSWER_ROWS = """
INSERT INTO game_answer (id, round_id, chosen, correct, seconds, heard_left, heard_right,
    plays_left, plays_right, first, knew, created)
SELECT i + 1, printf('%%032x', i), 'left', abs(random()) %% 10 < 6, 20, 9, 9, 1, 1,
    abs(random()) %% 2, CASE abs(random()) %% 20 WHEN 0 THEN 'yes' ELSE 'no' END,
    datetime('2026-01-01', '+' || (i / 100) || ' minutes') FROM k
"""
CORRECTIONS = (
    "UPDATE game_listener SET experience = trim(experience)",
    "UPDATE game_answer SET chosen = (SELECT CASE WHEN game_answer.correct THEN bach_side"
    " ELSE CASE bach_side WHEN 'left' THEN 'right' ELSE 'left' END END"
    " FROM game_round WHERE id = round_id)",
)


def main(answers: int = ANSWERS) -> None:
    """Measure in a process of its own: Django reads where its database is once, when it starts."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "VAR_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "bachtest.settings",
            "TASKS_BACKEND": "django_tasks.backends.dummy.DummyBackend",
        }
        program = (
            "import django; django.setup(); from benchmarks import bench_results_page as bench"
        )
        command = [sys.executable, "-c", f"{program}; bench.measure({answers})"]
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
    untallied = seconds(lambda: tallies.count(Answer.objects.filter(round__game__study=study)))
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


def fill(answers: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from bachtest.studies.models import Study

    call_command("migrate", verbosity=0)
    make_pairs()
    study = Study.objects.get(slug="quiz").id
    listeners = answers // ANSWERS_EACH
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute(NUMBERS + LISTENERS, [listeners])
        cursor.execute(NUMBERS + GAMES, [listeners, study])
        cursor.execute(NUMBERS + ROUNDS, [answers])
        cursor.execute(NUMBERS + ANSWER_ROWS, [answers])
        for statement in CORRECTIONS:
            cursor.execute(statement)


def make_pairs() -> None:
    from bachtest.stats.rates.order import CONDITIONS
    from generator.models import Composer, Excerpt, Pair, Piece, Work

    def make_composer(slug: str, kind: str) -> Composer:
        made = {"name": slug, "kind": kind, "in_quiz": True}
        return Composer.objects.update_or_create(slug=slug, defaults=made)[0]

    bach = make_composer("bach", "bach")
    machines = [make_composer("flagship", "checkpoint"), make_composer("markov", "checkpoint")]
    for i in range(PAIRS):
        work = Work.objects.create(bwv=f"BWV {i}", title="-", tune=f"tune {i}", part="test")
        excerpt = Excerpt.objects.create(work=work, start=0, stop=64)
        pieces = [
            Piece.objects.create(
                excerpt=excerpt, composer=composer, condition=condition, status="done", seconds=15
            )
            for composer, condition in ((bach, ""), (machines[i % 2], CONDITIONS[i // 2 % 7]))
        ]
        Pair.objects.create(bach=pieces[0], machine=pieces[1], differing=0.5)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
