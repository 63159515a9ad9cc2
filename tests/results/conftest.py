from __future__ import annotations

from math import exp
from random import Random

import pytest
from django.utils.timezone import now

from bachtest.studies.models import Study, StudyComposer
from tests.builders import make_composer, make_pair, make_pairs
from tests.results.rows import make_answer, make_game, make_many_answers, quiz, spread_over_hours


@pytest.fixture
def busy(db) -> Study:
    """Forty listeners who differ in skill, eight pairs that differ in difficulty, 200 answers."""
    rng = Random(7)
    composers = [make_composer("flagship", name="Flagship"), make_composer("markov", name="Markov")]
    pairs = [
        (make_pair(condition, composer), rng.gauss(0.3, 0.6))
        for condition in ("S", "SATB")
        for composer in composers
        for _ in range(2)
    ]
    answers = []
    for i in range(40):
        game, skill = make_game(["novice", "expert"][i % 2]), rng.gauss(0.3, 0.5)
        for pair, weight in rng.sample(pairs, 5):
            right = rng.random() < 1 / (1 + exp(-skill - weight))
            answers.append((game, pair, right, "yes" if rng.random() < 0.05 else "no"))
    make_many_answers(answers, per_game=5)
    return quiz()


@pytest.fixture
def long(db) -> Study:
    """Thirty listeners over 24 pairs, eight answers each, as the days go by: there is a band."""
    rng = Random(8)
    pairs = make_pairs(["S", "SATB"] * 12, make_composer("flagship", name="Flagship"))
    answers = []
    for _ in range(30):
        game, skill = make_game(), rng.gauss(0.5, 0.4)
        for pair in rng.sample(pairs, 8):
            answers.append((game, pair, rng.random() < 1 / (1 + exp(-skill)), "no"))
    make_many_answers(answers, per_game=8)
    spread_over_hours()
    return quiz()


@pytest.fixture
def played(db) -> Study:
    """Twelve listeners, three pairs that play; one identical, one copied, one not in the study."""
    flagship = make_composer("flagship", name="Flagship")
    markov = make_composer("markov", name="Markov chain")
    StudyComposer.objects.filter(composer=flagship).update(weight=3)
    pairs = [
        make_pair("S", flagship, differing=0.5),
        make_pair("SATB", flagship, differing=0.9),
        make_pair("AT", markov, differing=0.7),
    ]
    make_pair("S", flagship, differing=0.0, excluded_reason="no written note differs from Bach's")
    make_pair("SATB", markov, differing=0.3, excluded_reason="copies 20 events in a row")
    make_pair("TB", markov, differing=0.4)
    for i in range(12):
        game = make_game(["novice", "expert", "unstated"][i % 3])
        make_answer(game, pairs[0], correct=i % 4 > 0, knew="yes" if i < 2 else "no")
        make_answer(game, pairs[1], correct=i % 2 > 0)
        if i < 4:
            make_answer(game, pairs[2], correct=True, knew="unsure")
            game.finished_at = now()
            game.save()
    other = Study.objects.create(slug="other", title="Other", consent_version="1")
    make_answer(make_game("expert", other), pairs[0], correct=False)
    return quiz()
