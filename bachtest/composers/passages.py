"""Bach's passages that people hear with their names: no round plays them."""

from __future__ import annotations

from bachtest.composers.models import Sample
from generator.models import Version
from generator.services.pairs import exclude_named


def name_passages(version: Version) -> int:
    """Keep out of rounds what the samples of a published version name; how many pairs that is."""
    return sum(_name(sample) for sample in Sample.objects.filter(version=version))


def name_passage_of(sample: Sample) -> int:
    """The same for one sample, if its version is published."""
    return _name(sample) if sample.version.status != Version.Status.CHECKING else 0


def _name(sample: Sample) -> int:
    if not sample.work:
        return 0
    return exclude_named(sample.work, sample.work_start, sample.work_stop)
