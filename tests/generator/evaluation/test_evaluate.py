from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from generator.evaluation import from_nothing, test_set
from generator.evaluation.bach_reference import BachReference
from generator.evaluation.card import figures_block
from generator.evaluation.report import EvaluationSettings, evaluate
from generator.evaluation.scored_fold import Fold
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.evaluation.test_set import SeenWorkError, load_test_set
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import Network
from generator.families.markov.markov import Markov
from generator.music.corpus.splits import tunes_split
from generator.music.measures.counterpoint import PER_BEAT

WORKS = 10


@pytest.fixture(scope="module")
def held_out(corpus) -> test_set.TestSet:
    parts = tunes_split(corpus)
    whole = load_test_set("tunes", "test", parts["train"][:40])
    names = list(whole.excerpts)[:WORKS]
    return replace(
        whole,
        works={name: whole.excerpts[name] for name in names},
        excerpts={name: whole.excerpts[name] for name in names},
        tunes={name: name for name in names},
    )


def scores_of(composer, held_out, *conditions, **settings):
    settings = EvaluationSettings(conditions=conditions, **settings)
    scores = evaluate([Fold(composer, held_out)], settings)
    given = [score for score in scores if isinstance(score, ObjectiveScore)]
    return {(score.name, score.condition): score for score in given}


def missing_of(composer, held_out):
    settings = EvaluationSettings(with_fills=False)
    scores = evaluate([Fold(composer, held_out)], settings)
    return {score.name: score.reason for score in scores if isinstance(score, MissingScore)}


def test_bach_himself_scores_as_bach(held_out):
    scores = scores_of(BachReference(), held_out, "ATB", "S", "A", "T", "B")
    assert scores["fill accuracy, as played", "ATB"].composer.estimate == 1
    assert scores["machine listener", "ATB"].composer.estimate == 0.5
    assert scores["machine listener", "1"].composer.estimate == 0.5
    for name, condition in scores:
        if name.startswith(("style", "parallels", "counterpoint", "copying")):
            score = scores[name, condition]
            assert score.composer.estimate == pytest.approx(score.bach)
    assert {f"counterpoint: {rule}" for rule in PER_BEAT} <= {name for name, _ in scores}


def test_bach_goes_on_in_his_own_form(held_out):
    scores = scores_of(BachReference(), held_out, "NEXT")
    form = {name: score for (name, _), score in scores.items() if name.startswith("form")}
    assert {"form: melody_returns", "form: last_cadence_authentic"} <= form.keys()
    assert not {"form: opens_in_key", "form: bars"} & form.keys()  # they are given
    for score in form.values():
        assert score.composer.estimate == pytest.approx(score.bach)
        assert score.composer.low <= score.composer.estimate <= score.composer.high


# What a composer may repair by rule, and what no composer repairs.
BESIDE = {
    "parallels": "parallels between beats",
    "style: root_position_ends": "style: authentic_ends",
    "counterpoint: open_ends": "style: authentic_ends",
}


def test_what_may_be_repaired_is_never_reported_alone(held_out):
    reported = scores_of(BachReference(), held_out, "S").keys()
    assert {(name, "S") for name in (*BESIDE, *BESIDE.values())} <= reported
    for names in (from_nothing.UNITS, figures_block.ROWS):
        assert {BESIDE[name] for name in names if name in BESIDE} <= names.keys()


@pytest.mark.slow
def test_spans_of_time_are_scored_too(held_out):
    scores = scores_of(Flagship.debug(), held_out, "NEXT", "GAP")
    for condition in ("NEXT", "GAP"):
        assert scores["fill accuracy, one shot", condition].composer.estimate < 0.3
        assert scores["fill accuracy, as played", condition].composer.estimate < 0.3
        assert scores["machine listener", condition].composer.estimate > 0.5


@pytest.mark.slow
def test_an_untaught_network_is_found_out(held_out):
    scores = scores_of(Flagship.debug(), held_out, "SATB", fill_settings={"repairs": 0})
    assert scores["machine listener", "SATB"].composer.estimate >= 0.9
    assert scores["parallels", "SATB"].composer.estimate > scores["parallels", "SATB"].bach
    # Nothing learnt: no better than a flat guess over the vocabulary of 64 pitches and a rest.
    assert scores["orderless NLL", ""].composer.estimate > 4 * 3
    assert scores["fill accuracy, one shot", "SATB"].composer.estimate < 0.3


def test_a_left_to_right_network_is_not_asked_for_what_it_does_not_know(held_out):
    any_order = Flagship.debug()
    causal = Flagship(Network(replace(any_order.network.config, causal=True)))
    short = first_steps(held_out)
    names = [
        {name for name, _ in scores_of(family, short, with_fills=False)}
        for family in (any_order, causal)
    ]
    joint = {"joint NLL", "joint NLL with onsets"}
    assert names == [joint | {"orderless NLL", "orderless NLL with onsets"}, joint]
    assert missing_of(causal, short) == {
        "orderless NLL": "the network reads from left to right",
        "fill accuracy, one shot": "the network reads from left to right",
    }


def test_what_a_family_cannot_be_given_is_said_with_the_reason(held_out):
    open_cells = "the family writes no distributions of open cells"
    assert missing_of(Markov.debug(), held_out) == {
        "orderless NLL": open_cells,
        "joint NLL": "the family writes no likelihood from left to right",
        "fill accuracy, one shot": open_cells,
    }
    assert set(missing_of(BachReference(), held_out).values()) == {"Bach gives no probabilities"}


def test_notes_with_their_onsets_are_never_more_probable_than_without(held_out):
    scores = scores_of(Flagship.debug(), first_steps(held_out), with_fills=False)
    for name in ("orderless NLL", "joint NLL"):
        pitches, notes = (scores[each, ""].composer for each in (name, f"{name} with onsets"))
        assert pitches.estimate < notes.estimate


def first_steps(held_out):
    works = {name: work.slice(0, 16) for name, work in list(held_out.works.items())[:2]}
    return replace(held_out, works=works)


def test_every_score_is_json(held_out):
    settings = EvaluationSettings(conditions=("B",))
    for score in evaluate([Fold(Markov.debug(), held_out)], settings):
        assert json.loads(json.dumps(score.as_json()))["name"] == score.name
        assert score.name in str(score)
        if isinstance(score, ObjectiveScore):
            assert score.composer.low <= score.composer.estimate <= score.composer.high


def test_a_composer_is_not_scored_on_what_it_learnt(corpus):
    test = tunes_split(corpus)["test"]
    with pytest.raises(SeenWorkError, match=test[0]):
        load_test_set("tunes", "test", [test[0]])


def test_a_near_copy_of_a_learnt_work_is_refused(corpus):
    tune = corpus.works["BWV398"].tune
    assert corpus.works["BWV197.7-a"].tune == tune
    part = next(p for p, names in tunes_split(corpus).items() if "BWV398" in names)
    with pytest.raises(SeenWorkError):
        load_test_set("tunes", part, ["BWV197.7-a"])


def test_the_published_split_stands_as_published(corpus):
    published = load_test_set("jsb", "test", [f"jsb/train/{i}" for i in range(229)])
    assert len(published.works) == 77
    assert all(cut.steps <= test_set.JSB_EXCERPT for cut in published.excerpts.values())
    with pytest.raises(SeenWorkError, match="jsb/test/3"):
        load_test_set("jsb", "test", ["jsb/test/3"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--composer", "nobody"], "unknown composer 'nobody'"),
        (["--composer", "markov", "--conditions", "ATX"], "unknown condition 'ATX'"),
        (["--composer", "markov", "--features", "-1"], "--features -1"),
        (["--composer", "markov", "--settings", "temperature=nan"], "setting temperature=nan; use"),
        (["--composer", "bach", "--set", "up=1"], "composer 'bach' has no settings; leave out"),
        (["--composer", "flagship", "--part", "train"], "was trained on"),
    ],
)
@pytest.mark.django_db
def test_wrong_orders_are_named(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("evaluate", *arguments)


@pytest.mark.django_db
def test_bach_is_a_composer_too(capsys):
    call_command(
        "evaluate", "--composer", "bach", "--split", "jsb", "--conditions", "ATB", "--json"
    )
    report = json.loads(capsys.readouterr().out)
    [accuracy] = [s for s in report["scores"] if s["name"] == "fill accuracy, as played"]
    assert report["composer"] == "bach"
    assert accuracy["composer"]["estimate"] == 1
