from __future__ import annotations

from dataclasses import replace

import pytest

from generator.evaluation import test_set as tests_of
from generator.evaluation.from_nothing import MAX_CHORALES, chorale_scores, frames, write_chorales
from generator.evaluation.report import EvaluationSettings, score_stage, stages
from generator.evaluation.scored_fold import Fold
from generator.music.grid.chorale import REST
from generator.registry import OURS, Registry
from tests.generator.families.flagship.debug import debug
from tests.generator.families.material import a_chorale

MARKOV = Registry(OURS).family("markov").debug()


def works(first: int) -> dict:
    return {f"BWV{seed}": a_chorale(64, seed=seed) for seed in range(first, first + 3)}


@pytest.fixture(scope="module")
def test_set() -> tests_of.TestSet:
    held_out = works(1)
    tunes = {name: name for name in held_out}
    return tests_of.TestSet(
        "tunes", held_out, held_out, tunes, tests_of.TrainingKnowledge(works(11))
    )


def test_the_frames_are_in_twenty_keys_with_nothing_but_the_last_note_of_the_bass():
    chorales = frames(MAX_CHORALES)
    assert len({chorale.key for chorale in chorales}) == MAX_CHORALES
    assert sum(chorale.mode == "major" for chorale in chorales) == MAX_CHORALES // 2
    assert {chorale.anacrusis for chorale in chorales} == {0, 4}
    for chorale in chorales:
        assert (chorale.pitch[:3] == REST).all()
        assert chorale.onset.sum() == 1


def test_more_frames_than_there_are_keys_are_refused():
    with pytest.raises(ValueError, match="21 chorales from nothing; use 0 to 20"):
        frames(21)


def test_every_chorale_has_a_seed_of_its_own():
    first, _ = write_chorales(MARKOV, 3, seed=1, settings={})
    later, _ = write_chorales(MARKOV, 2, seed=2, settings={})
    assert first == write_chorales(MARKOV, 3, seed=1, settings={})[0]
    assert first[1:2] != later[1:2]


def test_scores_of_looping_chorales_say_so(test_set):
    pieces = [chorale.with_voices(*trilled(chorale)) for chorale in frames(4)]
    scores = {score.name: score for score in chorale_scores(pieces, [test_set], seconds=2.0)}
    assert scores["loops"].composer.estimate == 100
    assert scores["loops"].bach == 0
    assert scores["collapse into one chord"].composer.estimate == 0
    assert scores["speed"].composer.estimate == 4 * 256 / 2
    assert {score.condition for score in scores.values()} == {"whole"}
    assert scores["counterpoint: ornamented_octaves"].unit == "per 100 beats"
    assert scores["form: bars"].composer.estimate == 16
    assert scores["form: onsets_in_last_quarter"].composer.estimate == 100
    assert scores["form: melody_returns"].composer.estimate == 0  # a trill of one note on the beats


def test_on_the_published_grid_there_is_no_form(test_set):
    published = replace(test_set, split="jsb")
    names = {score.name for score in chorale_scores(frames(2), [published], seconds=1.0)}
    assert {"parallels", "parallels between beats"} <= names
    assert not any(name.startswith(("form", "counterpoint", "style: authentic")) for name in names)


def trilled(chorale):
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    pitch[:, ::2], pitch[:, 1::2], onset[:] = 60, 62, True
    return pitch, onset


def test_they_are_a_stage_of_their_own_where_they_are_asked_for(test_set):
    settings = EvaluationSettings(conditions=("ATB",), chorales=2)
    assert stages(settings) == ["likelihoods", "ATB", "whole"]
    told = []
    fold = Fold(MARKOV, test_set)
    scores = list(score_stage([fold], "whole", settings, lambda done, of: told.append((done, of))))
    assert {score.composer.n for score in scores} == {2}
    assert told == [(1, 2), (2, 2)]


def test_all_members_write_as_one_and_all_their_works_are_searched(test_set):
    composer = debug(True, members=2)
    settings = EvaluationSettings(chorales=1, fill_settings={"sweeps": 0, "repairs": 0})
    averaged = write_chorales(composer.averaged(), 1, seed=1, settings={"sweeps": 0, "repairs": 0})[
        0
    ]
    other = replace(test_set, training=tests_of.TrainingKnowledge({"BWV1": averaged[0]}))
    folds = [Fold(composer.member(0), test_set), Fold(composer.member(1), other)]
    scores = list(score_stage(folds, "whole", settings))
    [copied] = [score for score in scores if score.name == "copying, longest run, median"]
    assert copied.composer.estimate > 30
