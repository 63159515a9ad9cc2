"""The synthesiser: alone in its thread, and leaving nothing behind."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import threading

import numpy as np
from django.conf import settings

from generator.music.formats.midi import midi_bytes
from generator.music.grid.chorale import VOICE_NAMES
from generator.rendering import events, synth
from tests.generator.music.formats.second_opinion import understood
from tests.generator.rendering.material import FONT, chorale, one_note, other_chorale


def played(music) -> np.ndarray:
    return synth.play(events.key_events(music), events.clip_samples(music), FONT)


def test_what_was_played_before_leaves_no_trace():
    first = played(chorale())
    played(other_chorale())

    assert np.array_equal(played(chorale()), first)


def test_threads_do_not_disturb_each_other():
    alone = [played(chorale()), played(other_chorale())]
    together: dict[int, np.ndarray] = {}

    def work(index: int) -> None:
        together[index] = played((chorale(), other_chorale())[index % 2])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(together[index], alone[index % 2]) for index in range(4))


def test_every_synthesiser_is_deleted(monkeypatch):
    synth.font_sha256(FONT)
    Synth = synth.fluidsynth_library().module.Synth
    created, deleted = [], []
    real_init, real_delete = Synth.__init__, Synth.delete

    def init(self, *args, **kwargs):
        created.append(self)
        real_init(self, *args, **kwargs)

    def delete(self):
        deleted.append(self)
        real_delete(self)

    monkeypatch.setattr(Synth, "__init__", init)
    monkeypatch.setattr(Synth, "delete", delete)
    played(one_note(60))

    assert created
    assert created == deleted


def test_a_process_in_which_pretty_midi_plays_renders_the_same():
    """pretty_midi loads pyfluidsynth, bound to the system's library or, without one, to ours."""
    code = """
import ctypes.util, hashlib, sys
from generator.rendering.fluidsynth_library import _bundled_path, _system_path
if _system_path() is None:
    ctypes.util.find_library = lambda name: str(_bundled_path())
import pretty_midi
from generator.music.formats.prettymidi import to_pretty_midi
from tests.generator.rendering.material import chorale, one_note
from tests.generator.rendering.test_synth import played, synth
assert to_pretty_midi(one_note(60, 1)).fluidsynth(fs=44100).any()
assert sys.modules["fluidsynth"] is not synth.fluidsynth_library().module
print(hashlib.sha256(played(chorale()).tobytes()).hexdigest())
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, check=False, text=True, cwd=settings.BASE_DIR,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    digest = done.stdout.split()[-1]
    assert digest == hashlib.sha256(played(chorale()).tobytes()).hexdigest()


def test_pretty_midi_finds_the_keys_that_are_pressed_in_the_midi_file(corpus):
    for music in (chorale(), other_chorale(), corpus.work("BWV269").chorale):
        starts = events.step_samples(music)
        keys = understood(midi_bytes(music))["voices"]
        notes = [(v, n) for v, name in enumerate(VOICE_NAMES) for n in keys[name.capitalize()]]
        attacks = sorted((int(starts[start]), v, pitch) for v, (pitch, start, _) in notes)
        pressed = [event for event in events.key_events(music) if event.down]
        assert attacks == [(event.sample, event.voice, event.pitch) for event in pressed]


def test_thirty_clips_leak_less_than_ten_megabytes():
    code = """
import resource
from generator.rendering import events, synth
from tests.generator.rendering.material import FONT, one_note
music = one_note(60, 64)
def play():
    synth.play(events.key_events(music), events.clip_samples(music), FONT)
def kilobytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(5): play()
before = kilobytes()
for _ in range(30): play()
print(kilobytes() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, check=True, text=True, cwd=settings.BASE_DIR,
    )  # fmt: skip

    assert int(done.stdout) < 10_000


def test_a_font_that_changes_under_its_name_is_read_again(tmp_path):
    font = tmp_path / "font.sf3"
    font.write_bytes(FONT.read_bytes())
    before = synth.font_sha256(font)
    font.write_bytes(FONT.read_bytes().replace(b"GO demo", b"Go demo"))

    assert synth.font_sha256(font) != before


def test_voices_stand_from_left_to_right():
    left, right = (rms for rms in np.sqrt((played(one_note(60)) ** 2).mean(axis=1)))
    assert left > right

    low = np.full((4, 16), -1)
    low[3] = 60
    begins = np.zeros((4, 16))
    begins[3, 0] = 1
    from generator.music.grid.chorale import Chorale

    left, right = (rms for rms in np.sqrt((played(Chorale(low, begins)) ** 2).mean(axis=1)))
    assert left < right


def test_the_last_chord_rings_in_the_room():
    music = one_note(67, 8)
    end = int(events.step_samples(music)[-1])
    sound = played(music)
    held = 20 * np.log10(np.sqrt((sound[:, end - 22_050 : end] ** 2).mean()))
    late = 20 * np.log10(np.sqrt((sound[:, end + 44_100 : end + 66_150] ** 2).mean()))

    assert -45 < late - held < -15


def test_a_clip_of_twenty_seconds_is_played_in_less_than_a_second_of_processor_time():
    music = chorale(beats=22)
    played(one_note(60))
    before = resource.getrusage(resource.RUSAGE_SELF)
    played(music)
    after = resource.getrusage(resource.RUSAGE_SELF)

    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
