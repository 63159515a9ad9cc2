"""A checkpoint from outside: it runs in a child that can do no harm before it is loaded here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from generator.errors import GenerationError, GeneratorError
from generator.families.checkpoint_header import CheckpointHeader, read_header
from generator.families.checkpoint_metadata import CheckpointMetadata, checked_metadata
from generator.families.settings import as_json
from generator.families.time_limit import time_limit
from generator.isolation.box import delete_stale_boxes
from generator.isolation.self_test import LEAST
from generator.models import Work
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.services.describe_version import listed
from generator.services.site_registry import site_registry
from generator.smoke_run.smoke_run import LIMITS, SmokeReport, smoke_run

SMOKE_CONDITIONS = ("ATB", "S", "AT", "B", "SATB")


class SiteFault(GeneratorError):
    """Something of the site is missing or wrong; the upload is not to blame."""


@dataclass(frozen=True)
class CheckedCheckpoint:
    """The fields of a version's row that come from the file, and what the checks found."""

    fields: dict[str, Any]
    report: dict[str, Any]


def check_checkpoint(path: Path) -> CheckedCheckpoint:
    """Look at a file from outside, let it write in an isolated child, and load it.

    Raises
    ------
    GeneratorError
        If it is not what it says, does not keep the rules, or takes too much of anything.
    """
    with path.open("rb") as file:
        header = read_header(file)
    metadata = checked_metadata(header.metadata, site_registry().families)
    smoke = smoke_run(
        site_registry().entry(metadata.family).family,
        path,
        [(chorale, given_for(condition, chorale)) for condition, chorale in smoke_excerpts()],
        members=len(metadata.members),
        seed=1,
        least=LEAST[settings.ISOLATION],
        folder=_boxes(),
    )
    _check_works(metadata)
    seconds = settings.FILL_SECONDS
    with time_limit(metadata.family, seconds):
        # What ran there within its limits may be loaded here.
        family = site_registry().family(metadata.family).load(path)
    return CheckedCheckpoint(
        fields={
            "family": metadata.family,
            "config": dict(metadata.config),
            "settings": as_json(family.settings),
            "members": listed(metadata.members),
        },
        report=_report(header, metadata, smoke),
    )


def _check_works(metadata: CheckpointMetadata) -> None:
    """Copies are looked for in what a composer was trained on, so some of it must be known.

    Raises
    ------
    GenerationError
    """
    known = load_corpus(settings.CORPUS_FILE).works.keys()
    for number, member in enumerate(metadata.members):
        if known.isdisjoint(member.trained_on):
            raise GenerationError(
                f"none of the works that member {number} was trained on is a chorale by Bach that "
                "this site knows, so copies cannot be looked for; list them by BWV number",
                permanent=True,
            )


def _boxes() -> Path:
    """Where children work: in a folder of our own, so that what dead workers left is found."""
    folder = Path(settings.BOXES_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def delete_left_boxes() -> int:
    return delete_stale_boxes(_boxes(), 2 * LIMITS.seconds)


def smoke_excerpts() -> list[tuple[str, Chorale]]:
    """The shortest excerpts of five held-out works, each with a condition."""
    corpus = load_corpus(settings.CORPUS_FILE)
    works = Work.objects.filter(part="test").order_by("bwv").values_list("bwv", flat=True)
    excerpts = []
    for bwv in works:
        chorale = corpus.works[bwv].chorale if bwv in corpus.works else None
        if chorale is not None and (spans := excerpts_of(chorale)):
            excerpts.append(chorale.slice(*min(spans, key=lambda span: span[1] - span[0])))
        if len(excerpts) == len(SMOKE_CONDITIONS):
            break
    if not excerpts:
        raise SiteFault("there are no works to try it on; run make setup")
    return list(zip(SMOKE_CONDITIONS, excerpts, strict=False))


def _report(
    header: CheckpointHeader, metadata: CheckpointMetadata, smoke: SmokeReport
) -> dict[str, Any]:
    return {
        "tensors": len(header.tensors),
        "parameters": header.parameters,
        "bytes": header.size,
        "split": metadata.split,
        "seed": metadata.seed,
        "data": list(metadata.data),
        "metrics": [dict(each) for each in metadata.metrics],
        "command": metadata.command,
        "smoke": {
            "seconds": round(smoke.seconds, 2),
            "seconds_per_fill": round(smoke.seconds_per_fill, 3),
            "peak_memory_bytes": smoke.peak_memory_bytes,
            "isolation": smoke.isolation.name.lower(),
        },
    }
