from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from django.core.management import CommandError, call_command

from generator.evaluation import test_set
from generator.evaluation.bootstrap import Ratio
from generator.evaluation.card.figures_block import CardFigures, figures_block
from generator.evaluation.card.temperature_picture import picture
from generator.evaluation.card.temperatures import COPYING, LISTENER, LOOPS, AtTemperature
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.families.checkpoint import sha256_of
from generator.families.checkpoint_metadata import CheckpointMetadata, Member
from generator.management import evaluated_composer, score_card
from generator.registry import CHECKPOINTS, Shipped
from tests.generator.families.choir import registry_of

FIGURES = "<!-- figures: made by `manage.py evaluate --card markov`; do not edit -->"
END = "<!-- end of figures -->"
NEW = ("parallels between beats", "style: authentic_ends", "counterpoint", "form")
WORKS = 6


def score(name: str, condition: str, value: float, bach: float | None = None) -> ObjectiveScore:
    return ObjectiveScore(name, condition, "%", Ratio(value, value - 1, value + 1, 79), bach)


def measured(**changes) -> CardFigures:
    told = CheckpointMetadata(
        family="markov",
        config={},
        split="tunes",
        members=(Member(frozenset({"BWV1", "BWV2"})),),
        metrics=({"score": 1.5, "steps": 100, "cpu_seconds_a_step": 0.25, "peak_mb": 512},),
        command="python -m generator.training markov",
    )
    scores = [
        score("parallels", "ATB", 40.0, 1.0),
        score("loops", "whole", 25.0, 0.0),
        score("speed", "ATB", 128.0),
        MissingScore("joint NLL", "none is written"),
    ]
    known = {"parameters": 1234, "size": 2_000_000, "scores": scores, "settings": {}, "seed": 1}
    return CardFigures(slug="markov", **({"metadata": told} | known | changes))


def at(temperature: float) -> AtTemperature:
    names = [(name, c) for name in (LOOPS, COPYING, LISTENER) for c in ("ATB", "whole")]
    return AtTemperature(temperature, [score(*each, 10 * temperature, 0.0) for each in names])


class TestBlock:
    def test_it_stands_between_its_marks(self):
        lines = figures_block(measured()).splitlines()
        assert (lines[0], lines[-1]) == (FIGURES, END)

    def test_what_the_training_cost_is_read_from_the_checkpoint(self):
        block = figures_block(measured())
        assert "| size | 2.00 MB, 1,234 numbers |" in block
        assert "| training | 100 steps, 25 seconds of one core, at most 512 MB of memory |" in block
        assert "| loss, held-out works | 1.5 |" in block

    def test_bach_stands_beside_every_score(self):
        block = figures_block(measured())
        assert "| parallels per 1,000 chord changes | 40 [39, 41] (1) |  |" in block
        assert "| loops, % of those that last over four bars |  | 25 (0) |" in block

    def test_counterpoint_has_its_interval_and_form_has_none(self):
        rows = [("parallels between beats", 20.0), ("counterpoint: open_ends", 3.0)]
        rows += [("form: bars", 16.0), ("style: authentic_ends", 60.0)]
        block = figures_block(
            measured(scores=[score(name, "ATB", value, 1.0) for name, value in rows])
        )
        assert "| the same between beats, whatever ornaments them | 20 [19, 21] (1) |" in block
        assert "| phrases that end open, per 100 beats | 3 [2, 4] (1) |" in block
        assert "| bars a piece | 16 (1) |" in block
        assert "| authentic cadences at phrase ends, % | 60 (1) |" in block

    def test_rows_that_older_scores_lack_are_left_out(self):
        block = figures_block(measured())
        assert "between beats" not in block
        assert "per 100 beats" not in block

    def test_speed_is_shown_as_seconds(self):
        assert "| seconds of one core for 64 steps | 0.50 |  |" in figures_block(measured())

    def test_what_is_not_known_of_a_training_is_left_out(self):
        told = measured().metadata
        metrics = ({"score": 1.0, "steps": 9, "cpu_seconds_a_step": 1.0}, {"score": 3.0})
        block = figures_block(measured(metadata=replace(told, metrics=metrics)))
        assert "| loss, held-out works | 2 |" in block
        assert "| training |" not in block

    def test_the_most_memory_of_any_member_counts(self):
        told = measured().metadata
        known = {"steps": 10, "cpu_seconds_a_step": 1.0}
        metrics = ({**known, "peak_mb": 400}, {**known, "peak_mb": 800})
        block = figures_block(measured(metadata=replace(told, metrics=metrics)))
        assert "10 seconds of one core, at most 800 MB of memory" in block

    def test_missing_scores_say_why(self):
        assert "- joint NLL: not given; none is written." in figures_block(measured())

    def test_temperatures_have_a_row_each(self):
        block = figures_block(measured(temperatures=[at(0.2), at(1.0)], picture="a.svg"))
        assert "(a.svg)" in block
        assert re.findall(r"^\| (0\.2|1) \| .*\|$", block, flags=re.MULTILINE) == ["0.2", "1"]

    def test_without_fills_there_is_no_card(self):
        with pytest.raises(ValueError, match="no scores of fills"):
            figures_block(measured(scores=[MissingScore("joint NLL", "none")]))


def test_the_picture_has_a_line_for_fills_in_each_panel_and_two_for_whole_chorales():
    drawn = fromstring(picture("markov", [at(t) for t in (0.2, 0.5, 0.8, 1.0)]))
    lines = [each.get("class") for each in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert sorted(lines) == ["fills", "fills", "fills", "whole", "whole"]


@pytest.fixture
def site(settings, tmp_path, monkeypatch, corpus):
    """A project with one composer and a card without figures; few works, and two chorales."""

    def few(*arguments):
        whole = load(*arguments)
        names = list(whole.excerpts)[:WORKS]
        excerpts = {name: whole.excerpts[name] for name in names}
        return replace(whole, works=excerpts, excerpts=excerpts)

    load = test_set.load_test_set
    monkeypatch.setattr(test_set, "load_test_set", few)
    monkeypatch.setattr(evaluated_composer, "load_test_set", few)
    monkeypatch.setattr(score_card, "MAX_CHORALES", 2)
    monkeypatch.setattr(score_card, "QUIZ_CONDITIONS", ("ATB",))
    shutil.copy(CHECKPOINTS / "markov.safetensors", tmp_path)
    settings.BASE_DIR = tmp_path
    settings.REGISTRY = registry_of(markov=[Shipped("markov", "Markov", folder=tmp_path)])
    (tmp_path / "markov.md").write_text(f"# A card\n\n{FIGURES}\nold\n{END}\n\nEnd\n")
    return tmp_path


@pytest.mark.django_db
class TestCommand:
    @pytest.mark.slow
    def test_card_scores_and_picture_follow_from_one_evaluation(self, site):
        call_command("evaluate", "--card=markov")
        card = (site / "markov.md").read_text()
        assert card.startswith("# A card\n\n<!-- figures")
        assert card.endswith(f"{END}\n\nEnd\n")
        assert "\nold\n" not in card
        [shown] = re.findall(r"!\[.*\]\((.*)\)", card)
        assert fromstring((site / shown).read_text()).tag.endswith("svg")
        report = json.loads((site / "markov.scores.json").read_text())
        assert report["sha256"] == sha256_of(site / "markov.safetensors")
        conditions = {row["condition"] for row in report["scores"]}
        assert conditions == {"ATB", "NEXT", "whole"}
        [parallels] = [
            row
            for row in report["scores"]
            if (row["name"], row["condition"]) == ("parallels", "ATB")
        ]
        assert f"| {round(parallels['composer']['estimate'], 1):g} [" in card
        redrawn = card.replace("| parallels", "| gone")
        (site / "markov.md").write_text(redrawn)
        call_command("evaluate", "--card=markov", "--redraw")
        assert (site / "markov.md").read_text() == card

    def test_scores_from_before_a_row_was_new_are_drawn_without_it(self, site):
        scores = json.loads((CHECKPOINTS / "markov.scores.json").read_text())
        rows = [row for row in scores["scores"] if not row["name"].startswith(NEW)]
        assert {row["name"] for row in rows} >= {"parallels", "style: root_position_ends"}
        (site / "markov.scores.json").write_text(json.dumps({**scores, "scores": rows}))
        call_command("evaluate", "--card=markov", "--redraw")
        card = (site / "markov.md").read_text()
        assert "| parallels per 1,000 chord changes |" in card
        assert "between beats" not in card
        assert "per 100 beats" not in card

    @pytest.mark.parametrize("text", ["# No marks\n", f"{FIGURES}\n{END}\n{FIGURES}\n{END}\n"])
    def test_a_card_without_the_marks_is_refused_before_anything_is_measured(self, site, text):
        (site / "markov.md").write_text(text)
        with pytest.raises(CommandError, match="needs these two lines once"):
            call_command("evaluate", "--card=markov")
        assert not (site / "markov.scores.json").exists()

    def test_a_missing_card_is_named(self, site):
        (site / "markov.md").unlink()
        with pytest.raises(CommandError, match=r"no card .*markov\.md; write one"):
            call_command("evaluate", "--card=markov")

    def test_a_composer_that_is_not_shipped_is_refused(self):
        with pytest.raises(CommandError, match="no composer 'nobody' comes with the code"):
            call_command("evaluate", "--card=nobody")

    @pytest.mark.parametrize("option", ["--split=folds", "--no-fills", "--settings=temperature=2"])
    def test_what_the_card_decides_is_no_option(self, option):
        name = option.partition("=")[0]
        with pytest.raises(CommandError, match=f"^{name} does not go with --card"):
            call_command("evaluate", "--card=markov", option)

    def test_without_scores_of_this_checkpoint_nothing_is_drawn(self, site):
        with pytest.raises(CommandError, match=r"no scores at .*markov.scores.json; measure it"):
            call_command("evaluate", "--card=markov", "--redraw")
        (site / "markov.scores.json").write_text('{"sha256": "0", "temperatures": []}')
        with pytest.raises(CommandError, match="is about another checkpoint"):
            call_command("evaluate", "--card=markov", "--redraw")
