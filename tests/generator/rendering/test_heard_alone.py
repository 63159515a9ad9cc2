"""What is heard by itself is made softer rather than refused."""

from __future__ import annotations

import pytest

from bachtest.composers.checking.samples import _store
from bachtest.composers.models import Sample
from generator.errors import GenerationError
from generator.music.grid.chorale import Chorale
from generator.music.measures.copying import SharedRun
from generator.rendering.clip import render_clip
from generator.rendering.profiles import NEWEST
from generator.services.output_files import writer_for

# A sixteenth: most of its clip is reverberation.
CHORD = Chorale(pitch=[[65], [62], [56], [43]], onset=[[1]] * 4)


def test_a_chord_that_would_clip_in_a_pair_is_written_to_a_file(settings, tmp_path):
    with pytest.raises(GenerationError, match="would clip"):
        render_clip(CHORD, soundfont=settings.SOUNDFONT)
    for name in ("chord.mp3", "chord.wav"):
        writer_for(tmp_path / name)(CHORD, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000


def test_a_passage_of_a_chord_is_heard_on_its_page():
    run = SharedRun("BWV437", 1, 0, 1, 0, 1, 0)
    sample = Sample()
    _store(sample, CHORD, CHORD, run, NEWEST)
    assert sample.run_clip.size == sample.work_clip.size > 10_000
