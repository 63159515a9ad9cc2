"""`manage.py evaluate --card`: the figures of a shipped composer, into the files that show them.

Three files follow from one evaluation: the scores beside the checkpoint, which the composer's page
shows; the marked block of the card; and the picture of the temperatures. The last two can be drawn
again from the first. Nothing is written before all is measured.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from django.conf import settings as site_settings
from django.core.management.base import CommandError

from generator.atomic_write import atomic_write
from generator.evaluation.card.figures_block import BEGIN, END, CardFigures, figures_block
from generator.evaluation.card.temperature_picture import picture
from generator.evaluation.card.temperatures import TEMPERATURE, AtTemperature, at_temperatures
from generator.evaluation.from_nothing import MAX_CHORALES
from generator.evaluation.report import EvaluationSettings, Score, StageProgress
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.families.base import Family
from generator.families.checkpoint import base_of
from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_metadata import checked_metadata
from generator.management.evaluated_composer import evaluated, left_out_folds, scored_folds
from generator.management.score_report import score_report
from generator.music.grid.conditions import NEXT, QUIZ_CONDITIONS
from generator.registry import CARDS, Shipped
from generator.services.composer_source import sha256_of_file
from generator.services.site_registry import site_registry

SPLIT, PART = "tunes", "test"
PICTURES = "static/img/families"


def write_score_card(slug: str, seed: int, progress: StageProgress) -> list[Path]:
    """Measure the composer and write the files; returns their paths.

    Raises
    ------
    CommandError
        If it is not shipped, or has no card with the marks.
    GeneratorError
        If it cannot be evaluated.
    """
    shipped = _shipped(slug)
    _checked_card(shipped)
    settings = EvaluationSettings(
        conditions=(*QUIZ_CONDITIONS, NEXT), seed=seed, chorales=MAX_CHORALES
    )
    found = evaluated(slug, SPLIT, PART, settings, progress)
    report = score_report(
        slug, SPLIT, PART, found, list(found.scores), seed=seed, budget_steps=None
    )
    [fold] = scored_folds(slug, SPLIT, PART)
    all_folds = left_out_folds(slug, SPLIT)
    temperatures: list[AtTemperature] = []
    if isinstance(fold.composer, Family) and TEMPERATURE in fold.composer.settings:
        temperatures = at_temperatures(fold, all_folds, settings, progress)
    report["temperatures"] = [each.as_json() for each in temperatures]
    scores = shipped.folder / f"{slug}.scores.json"
    atomic_write(scores, (json.dumps(report, indent=1) + "\n").encode())
    return [scores, *redraw_score_card(slug)]


def redraw_score_card(slug: str) -> list[Path]:
    """Write the card and the picture again from the scores beside the checkpoint.

    Raises
    ------
    CommandError
        As above, or if there are no scores of this checkpoint.
    """
    shipped = _shipped(slug)
    text = _checked_card(shipped)
    report = _report(shipped)
    temperatures = [AtTemperature.from_json(row) for row in report["temperatures"]]
    checkpoints = [path for path in (base_of(shipped.path), shipped.path) if path]
    headers = []
    for path in checkpoints:
        with path.open("rb") as file:
            headers.append(read_header(file))
    tensors = {name: entry for header in headers for name, entry in header.tensors.items()}
    drawn = _picture_path(shipped)
    scores: list[Score] = [ObjectiveScore.from_json(row) for row in report["scores"]]
    scores += [MissingScore(**row) for row in report["missing"]]
    block = figures_block(
        CardFigures(
            slug=slug,
            metadata=checked_metadata(
                headers[-1].metadata, site_registry().families.keys(), may_have_base=True
            ),
            parameters=sum(entry.parameters for entry in tensors.values()),
            size=sum(path.stat().st_size for path in checkpoints),
            scores=scores,
            settings=report["sampling"],
            seed=report["seed"],
            temperatures=temperatures,
            picture=os.path.relpath(drawn, shipped.card.parent) if temperatures else "",
        )
    )
    files = {shipped.card: _marked(slug).sub(lambda _: block, text)}
    if temperatures:
        files[drawn] = picture(slug, temperatures)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, content.encode())
    return list(files)


def _report(shipped: Shipped) -> dict[str, Any]:
    path = shipped.folder / f"{shipped.slug}.scores.json"
    again = f"measure it with manage.py evaluate --card {shipped.slug}"
    if not path.is_file():
        raise CommandError(f"no scores at {path}; {again}")
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if report["sha256"] != sha256_of_file(shipped.path) or "temperatures" not in report:
        raise CommandError(f"{path} is about another checkpoint, or from before; {again}")
    return report


def _picture_path(shipped: Shipped) -> Path:
    """Where the site serves it; the picture of another package lies beside its card."""
    name = f"{shipped.slug}-temperatures.svg"
    if shipped.card.parent == CARDS:
        return site_settings.BASE_DIR / PICTURES / name
    return shipped.card.with_name(name)


def _shipped(slug: str) -> Shipped:
    if found := site_registry().find_shipped(slug):
        return found[0]
    known = ", ".join(shipped.slug for shipped, _ in site_registry().shipped)
    raise CommandError(f"no composer {slug!r} comes with the code; use one of {known}")


def _checked_card(shipped: Shipped) -> str:
    """The card's text, if it has the marks."""
    card, slug = shipped.card, shipped.slug
    try:
        text = card.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(f"no card {card}; write one, with the marks of its figures") from None
    if len(_marked(slug).findall(text)) != 1:
        raise CommandError(
            f"{card} needs these two lines once, where its figures shall stand:\n"
            f"{BEGIN.format(slug=slug)}\n{END}"
        )
    return text


def _marked(slug: str) -> re.Pattern[str]:
    begin, end = re.escape(BEGIN.format(slug=slug)), re.escape(END)
    return re.compile(f"^{begin}$.*?^{end}$", flags=re.DOTALL | re.MULTILINE)
