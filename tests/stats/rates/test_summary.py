from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.rates.order import CONDITIONS, EXPERIENCES
from bachtest.stats.rates.summary import FEW, AnswerCount, summarise
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.pooled_verdict import pooled_verdict
from tests.stats.reference import rows_of


def labels_of(breakdown):
    return [cell.labels for cell in breakdown.cells]


def test_conditions_and_experience_stand_in_their_order():
    counts = [AnswerCount((c, e), 1, 1) for c in sorted(CONDITIONS) for e in sorted(EXPERIENCES)]
    labels = labels_of(summarise(counts, ["condition", "experience"]))
    assert labels == [(c, e) for c in CONDITIONS for e in EXPERIENCES]
    assert CONDITIONS[:7] == ("S", "A", "T", "B", "AT", "ATB", "SATB")
    assert EXPERIENCES == ("novice", "intermediate", "advanced", "expert", "unstated")


def test_conditions_are_the_generators():
    from generator.music.grid import conditions

    assert CONDITIONS == conditions.CONDITIONS


def test_bachbot_groups_add_up_to_its_published_rates():
    by_experience = rows_of("bachbot_2016_condition_x_experience.csv")
    for published in rows_of("bachbot_2016_condition.csv"):
        condition = published["condition"]
        counts = [
            AnswerCount((), int(r["responses"]), round(float(r[condition]) * int(r["responses"])))
            for r in by_experience
        ]
        [cell] = summarise(counts).cells
        assert cell.rate.n == 3605
        assert cell.rate.estimate == pytest.approx(float(published["prop_correct"]), abs=0.0075)


def test_without_fields_there_is_one_cell_even_of_nothing():
    [cell] = summarise([]).cells
    assert cell.rate.estimate is None
    assert pooled_verdict(cell).finding is Finding.NO_ANSWERS
    assert summarise([], ["condition"]).cells == ()


def test_few_answers_are_marked():
    cells = summarise(
        [AnswerCount(("S",), FEW - 1, 3), AnswerCount(("A",), FEW, 3)], ["condition"]
    ).cells
    assert [cell.few for cell in cells] == [True, False]


def test_labels_must_fit_the_fields():
    with pytest.raises(ValueError, match="labels"):
        summarise([AnswerCount(("S", "x"), 1, 1)], ["condition"])


answers = st.lists(st.tuples(st.sampled_from(CONDITIONS), st.booleans()), max_size=60)


@given(answers, st.randoms(use_true_random=False))
def test_grouping_first_or_in_another_order_changes_nothing(rows, random):
    ungrouped = [AnswerCount((condition,), 1, int(right)) for condition, right in rows]
    shuffled = list(ungrouped)
    random.shuffle(shuffled)
    expected = summarise(ungrouped, ["condition"])
    grouped = [AnswerCount(c.labels, c.rate.n, c.rate.correct) for c in expected.cells]
    assert summarise(shuffled, ["condition"]) == expected == summarise(grouped, ["condition"])


@pytest.mark.parametrize(
    ("right", "finding"),
    [
        (70, Finding.CAN_TELL),
        (61, Finding.CAN_TELL),
        # The exact test and interval decide (p = .057), though Wilson's begins above one half.
        (60, Finding.UNDECIDED),
        (50, Finding.UNDECIDED),
        (30, Finding.TAKE_MACHINE_FOR_BACH),
    ],
)
def test_the_verdict_of_a_hundred_answers(right, finding):
    verdict = pooled_verdict(summarise([AnswerCount((), 100, right)]).cells[0])
    assert verdict.finding is finding
    assert f"{right} of 100" in verdict.sentence
    assert "pooled" in verdict.sentence
    assert "treats the answers as independent" in verdict.caution


def test_no_verdict_says_that_they_cannot_tell():
    verdict = pooled_verdict(summarise([AnswerCount((), 100_000, 50_000)]).cells[0])
    assert verdict.finding is Finding.UNDECIDED
    assert "nor that they cannot" in verdict.sentence
