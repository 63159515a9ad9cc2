"""What a clip must be like, in numbers."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import wave

import numpy as np
import pytest
import soundfile

from generator.errors import GenerationError
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.tempo import step_seconds
from generator.rendering import encoding, events, loudness
from generator.rendering.clip import Clip, fingerprint, render_clip, render_wav
from generator.rendering.profiles import NEWEST, PROFILES
from tests.generator.rendering.material import FONT, chorale, one_note, other_chorale

PROFILE = PROFILES[NEWEST]


@pytest.fixture(scope="module")
def clip() -> Clip:
    return render_clip(chorale(), soundfont=FONT)


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """float[2, N], from the WAV."""
    return decoded(render_wav(chorale(), soundfont=FONT))


def decoded(data: bytes) -> np.ndarray:
    samples, _ = soundfile.read(io.BytesIO(data), always_2d=True)
    return samples.T


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10((samples**2).mean() + 1e-20))


def test_two_chorales_of_the_same_steps_give_clips_of_the_same_length_and_size(clip):
    other = render_clip(other_chorale(), soundfont=FONT)

    assert other.mp3 != clip.mp3
    assert len(other.mp3) == len(clip.mp3)
    assert (other.samples, other.seconds) == (clip.samples, clip.seconds)
    assert other.fingerprint == clip.fingerprint


def test_a_clip_lasts_lead_music_and_tail(clip):
    music = 32 * step_seconds("4/4")

    assert clip.seconds == pytest.approx(
        events.LEAD_SECONDS + music + events.TAIL_SECONDS, abs=0.002
    )
    assert clip.samples == events.clip_samples(chorale())


@pytest.mark.parametrize(
    "music", [chorale(), chorale(transposed=-7), other_chorale(), one_note(60)]
)
def test_every_clip_is_equally_loud_and_does_not_clip(music: Chorale):
    clip = render_clip(music, soundfont=FONT)
    heard = decoded(render_wav(music, soundfont=FONT))

    assert clip.loudness == pytest.approx(PROFILE.loudness, abs=0.1)
    assert loudness.loudness(heard.astype(np.float32)) == pytest.approx(PROFILE.loudness, abs=0.1)
    assert np.abs(heard).max() < loudness.MAX_PEAK


def test_the_mp3_itself_is_as_loud_when_decoded_and_does_not_clip(clip):
    samples, rate = soundfile.read(io.BytesIO(clip.mp3), always_2d=True)
    from pyloudnorm import Meter

    assert rate == PROFILE.rate
    assert Meter(rate).integrated_loudness(samples) == pytest.approx(PROFILE.loudness, abs=0.1)
    assert np.abs(samples).max() < 1
    # LAME puts its own delay of about 0.05 s in front, the same for every clip.
    assert len(samples) / rate == pytest.approx(clip.seconds, abs=0.1)


def test_the_beginning_is_silent_and_no_second_of_music_is(sound):
    lead = round(events.LEAD_SECONDS * events.SAMPLE_RATE)
    end = int(events.step_samples(chorale())[-1])

    assert rms_db(sound[:, :lead]) < -80
    for start in range(lead, end - 44_100, 44_100):
        assert rms_db(sound[:, start : start + 44_100]) > -30
    assert rms_db(sound[:, -1000:]) < -80


def test_the_mp3_is_frames_of_one_size_and_nothing_else(clip):
    frame = PROFILE.frame_bytes
    frames = [clip.mp3[at : at + frame] for at in range(0, len(clip.mp3), frame)]

    assert all(len(part) == frame for part in frames)
    # The same first three bytes: MPEG 1, layer III, no checksum, bit rate, rate, no padding.
    assert {part[:3] for part in frames} == {b"\xff\xfb\x68"}


def test_the_mp3_carries_no_tags_names_or_dates(clip):
    for word in (b"ID3", b"TAG", b"APETAG", b"LAME", b"Lavf", b"Lavc", b"Xing", b"Info", b"VBRI"):
        assert word not in clip.mp3
    assert not re.search(rb"20\d\d-\d\d", clip.mp3)


def test_taking_the_encoders_name_out_changes_no_sound(sound):
    heard = encoding.encoder_input(sound.astype(np.float32), PROFILE.rate)
    named, plain = encoding._frames(heard, PROFILE), encoding.mp3(heard, PROFILE)

    assert b"LAME" in named
    assert b"LAME" not in plain
    assert np.array_equal(decoded(plain), decoded(named))


def test_rendered_again_the_bytes_are_the_same_here_and_in_another_process(clip):
    code = (
        "import sys; from generator.rendering.clip import render_clip;"
        "from tests.generator.rendering.material import FONT, chorale;"
        "sys.stdout.buffer.write(render_clip(chorale(), soundfont=FONT).mp3)"
    )
    other_process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    render_clip(other_chorale(), soundfont=FONT)
    assert render_clip(chorale(), soundfont=FONT).mp3 == clip.mp3
    assert other_process.stdout == clip.mp3
    assert other_process.stderr == b""


def test_the_wav_is_stereo_in_16_bits_and_as_long_as_the_clip(clip):
    with wave.open(io.BytesIO(render_wav(chorale(), soundfont=FONT))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        assert file.getnframes() == clip.samples


def test_bach_and_machine_take_one_path_from_the_midi_file(tmp_path, clip):
    from generator.music.formats.midi import read_midi, write_midi

    write_midi(chorale(), tmp_path / "x.mid")
    assert render_clip(read_midi(tmp_path / "x.mid"), soundfont=FONT).mp3 == clip.mp3


@pytest.mark.parametrize("pitch", [43, 55, 60, 69, 76])
def test_a_held_note_has_its_pitch_within_five_cents(pitch):
    heard = decoded(render_wav(one_note(pitch, 32), soundfont=FONT)).mean(axis=0)
    held = heard[44_100 : 5 * 44_100]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held)), 2**21))
    hertz = np.fft.rfftfreq(2**21, 1 / events.SAMPLE_RATE)
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    near = (hertz > wanted * 2 ** (-1 / 12)) & (hertz < wanted * 2 ** (1 / 12))
    peak = hertz[near][spectrum[near].argmax()]

    assert abs(1200 * np.log2(peak / wanted)) < 5


def test_a_repeated_note_is_heard_as_a_new_attack():
    again = decoded(render_wav(one_note(67, repeated_at=8), soundfont=FONT)).mean(axis=0)
    held = decoded(render_wav(one_note(67), soundfont=FONT)).mean(axis=0)
    at = int(events.step_samples(one_note(67))[8])

    before = slice(at - 882, at)
    after = slice(at + 4410, at + 8820)
    assert rms_db(again[before]) < rms_db(held[before]) - 5
    assert abs(rms_db(again[after]) - rms_db(held[after])) < 2


def test_all_voices_are_struck_alike_and_stand_where_they_are_written():
    key_events = events.key_events(chorale(beats=2))

    downs = [(event.voice, event.pitch) for event in key_events if event.down]
    ups = [(event.voice, event.pitch) for event in key_events if not event.down]
    assert sorted(downs) == sorted(ups)
    assert all(event.sample % events.BLOCK == 0 for event in key_events)
    start = key_events[0].sample
    first_chord = [event.pitch for event in key_events if event.down and event.sample == start]
    assert first_chord == [67, 62, 59, 43]


def test_a_repeat_of_sixteenths_still_sounds_for_half_its_time():
    music = one_note(60, 2, repeated_at=1)
    down, up, again, _ = events.key_events(music)

    assert (down.down, up.down, again.down) == (True, False, True)
    assert up.sample - down.sample >= (again.sample - down.sample) // 2 - events.BLOCK
    assert up.sample < again.sample


def test_half_notes_are_the_beat_in_3_2():
    slow = Chorale(pitch=[[60]] * 4, onset=[[1]] * 4)
    quick = Chorale(pitch=[[60]] * 4, onset=[[1]] * 4, metre=((0, "3/2"),))

    lead = events.step_samples(slow)[0]
    ratio = (events.step_samples(slow)[1] - lead) / (events.step_samples(quick)[1] - lead)
    assert ratio == pytest.approx(2, rel=0.02)


def test_a_chorale_of_rests_is_refused_for_good():
    silent = Chorale(pitch=np.full((4, 16), REST), onset=np.zeros((4, 16)))

    with pytest.raises(GenerationError, match="16 steps has only rests") as caught:
        render_clip(silent, soundfont=FONT)
    assert caught.value.permanent


def test_a_single_step_is_rendered():
    clip = render_clip(one_note(60, 1), soundfont=FONT)

    assert clip.loudness == pytest.approx(PROFILE.loudness, abs=0.1)


def test_a_short_chord_that_would_clip_is_refused_or_made_softer():
    chord = Chorale(pitch=[[65], [62], [56], [43]], onset=[[1]] * 4)

    with pytest.raises(GenerationError, match="would clip above"):
        render_clip(chord, soundfont=FONT)
    softer = render_clip(chord, soundfont=FONT, or_softer=True)
    assert -18 < softer.loudness < PROFILE.loudness - 0.1
    heard = decoded(render_wav(chord, soundfont=FONT, or_softer=True))
    peak = loudness.true_peak(heard.astype(np.float32))
    assert peak == pytest.approx(loudness.MAX_PEAK, abs=0.02)


def test_the_fingerprint_names_font_and_settings(tmp_path):
    copy = tmp_path / "copy.sf3"
    copy.write_bytes(FONT.read_bytes())

    first = fingerprint(FONT)
    assert re.fullmatch(r"[0-9a-f]{64}", first)
    assert fingerprint(copy) == first
    copy.write_bytes(FONT.read_bytes().replace(b"GO demo", b"Go demo"))
    assert fingerprint(copy) != first
