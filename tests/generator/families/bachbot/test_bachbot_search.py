"""How BachBot writes: what is forced, what is allowed, and which of several texts goes on."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from generator.families.bachbot.bachbot import Bachbot
from generator.families.bachbot.network import BachbotConfig, BachbotNetwork
from generator.families.bachbot.search import (
    NONE,
    BeamSearch,
    ForcedText,
    ParticleSearch,
    tie_of,
)
from generator.families.bachbot.tokens import DELIMITER, END, SILENT, START
from generator.families.fill_run import FillClock
from generator.music.grid.chorale import VOICE_RANGES, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import STEPS, a_chorale, melody

DRAWS = 400
CONFIG = BachbotConfig(embedding=6, hidden=12, layers=2)
VOCABULARY = CONFIG.vocabulary


@pytest.fixture(scope="module")
def bot() -> Bachbot:
    torch.manual_seed(3)
    network = BachbotNetwork(CONFIG)
    with torch.no_grad():  # opinions strong enough to tell texts apart
        network.head.weight.mul_(8)
    return Bachbot(network)


@pytest.fixture
def run():
    return FillClock("bachbot").run


def nats(bot: Bachbot, text: list[int]) -> float:
    """The log-probability of a whole text, by the network that is trained."""
    with torch.inference_mode():
        told = torch.log_softmax(bot.network(torch.tensor([text[:-1]]))[0], -1)
    return float(told[torch.arange(len(text) - 1), torch.tensor(text[1:])].sum())


def whole(frames: np.ndarray) -> list[int]:
    """The text of frames without fermatas."""
    return [START, *(symbol for frame in frames.tolist() for symbol in (*frame, DELIMITER)), END]


def task(notes, condition="ATB"):
    chorale = melody(notes, key="C major")
    return ForcedText.of(chorale, given_voices(condition, len(notes)), VOCABULARY)


def particles(bot, text, width, seed=1, temperature=1.0):
    rng = np.random.default_rng(seed)
    return ParticleSearch(bot.reader, text, width, temperature=temperature, rng=rng)


class TestReader:
    def test_it_computes_what_the_network_computes(self, bot):
        text = VOCABULARY.text(a_chorale())
        with torch.inference_mode():
            expected = bot.network(torch.from_numpy(text)[None])[0]
            state, told = bot.reader.begin(1), []
            for symbol in text:
                values, state = bot.reader.read(torch.tensor([symbol]), state)
                told.append(bot.reader.logits(values)[0])
        assert torch.allclose(torch.stack(told), expected, atol=1e-4)


class TestAllowed:
    def test_nothing_but_notes_in_the_range_of_a_voice_is_written(self, bot, run):
        frames = particles(bot, task([67] * 24), 8, temperature=50.0).write(run)
        pitches = VOCABULARY.pitches(frames)
        for voice, (low, high) in enumerate(VOICE_RANGES):
            assert ((low <= pitches[:, voice]) & (pitches[:, voice] <= high)).all()

    def test_a_note_is_held_over_only_where_it_sounded(self, bot, run):
        for seed in range(3):
            frames = particles(bot, task([67] * 48), 4, seed, temperature=50.0).write(run)
            tied = ~VOCABULARY.begins(frames) & (frames != SILENT)
            assert not tied[0].any()
            assert tied[1:, 1:].any()
            same = VOCABULARY.pitches(frames)[1:] == VOCABULARY.pitches(frames)[:-1]
            assert (same | ~tied[1:]).all()

    def test_repeated_notes_are_written_too(self, bot, run):
        frames = particles(bot, task([67] * 200), 1, temperature=1.0).write(run)
        same = VOCABULARY.pitches(frames)[1:] == VOCABULARY.pitches(frames)[:-1]
        assert (same & VOCABULARY.begins(frames)[1:])[:, 1:].any()

    def test_a_given_note_beyond_the_voice_is_not_held_over(self):
        chorale = a_chorale(key="C major")
        pitch = chorale.pitch.copy()
        pitch[3] = 5
        low = chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))
        text = ForcedText.of(low, np.ones((4, STEPS), dtype=bool), VOCABULARY)
        assert (text.ties[:, 3] == NONE).all()
        assert (text.ties[:, 0] != NONE).any()

    def test_what_is_given_is_forced(self, bot, run):
        chorale = a_chorale(key="C major")
        text = ForcedText.of(chorale, given_voices("AT", STEPS), VOCABULARY)
        frames = particles(bot, text, 4).write(run)
        assert np.array_equal(frames[:, [0, 3]], VOCABULARY.frames(chorale)[:, [0, 3]])

    def test_the_tie_of_a_tie_is_itself(self):
        begun = VOCABULARY.notes(60, False)
        assert tie_of(begun) == tie_of(begun + 1) == begun + 1
        assert tie_of(np.array(SILENT)) == NONE


class TestGreedy:
    def test_each_symbol_is_the_likeliest_that_is_allowed(self, bot, run):
        frames = BeamSearch(bot.reader, task([67, 67, 69]), 1).write(run)
        text, ties = [START], [NONE] * 4
        for frame in frames:
            for voice, symbol in enumerate(frame.tolist()):
                if voice:
                    allowed = VOCABULARY.notes(np.arange(*VOICE_RANGES[voice]), False).tolist()
                    allowed += [VOCABULARY.notes(VOICE_RANGES[voice][1], False).item()]
                    allowed += [ties[voice]] * (ties[voice] != NONE)
                    with torch.inference_mode():
                        logits = bot.network(torch.tensor([text]))[0, -1]
                    assert symbol == max(allowed, key=lambda each: float(logits[each]))
                text.append(symbol)
                ties[voice] = int(tie_of(np.array(symbol)))
            text.append(DELIMITER)

    def test_no_seed_changes_it(self, bot):
        choices = {"greedy": 1, "particles": 1}
        fills = [
            bot.fill(a_chorale(), given_voices("ATB", STEPS), seed=seed, settings=choices)
            for seed in (1, 2)
        ]
        assert fills[0] == fills[1]


class TestBeam:
    def test_a_wide_beam_finds_the_likeliest_text_of_all(self, bot, run):
        text = task([67, 67], "T")
        open_texts = []
        notes = text.starts[2].tolist()
        for first in notes:
            for second in (*notes, int(tie_of(np.array(first)))):
                frames = text.forced.copy()
                frames[:, 2] = first, second
                open_texts.append(whole(frames))
        likeliest = max(open_texts, key=lambda each: nats(bot, each))
        assert whole(BeamSearch(bot.reader, text, 64).write(run)) == likeliest

    def test_it_finds_likelier_texts_than_greed(self, bot, run):
        text = task([67, 69, 71, 72] * 2)
        found = [nats(bot, whole(BeamSearch(bot.reader, text, w).write(run))) for w in (1, 32)]
        assert found[1] > found[0]


class TestParticles:
    def test_they_draw_as_the_network_would_if_it_knew_what_comes(self, bot, run):
        """Two frames and one open cell each: all texts can be counted."""
        text = task([60, 64], "B")
        some = text.starts[3][10:13]
        text = ForcedText(text.forced, text.ties, text.fermata, (*text.starts[:3], some))
        by_text = {}
        for first, second in product(some.tolist(), [*some.tolist(), NONE]):
            held = int(tie_of(np.array(first))) if second == NONE else second
            frames = text.forced.copy()
            frames[:, 3] = first, held
            by_text[first, held] = nats(bot, whole(frames))
        expected = np.exp(np.array(list(by_text.values())))
        expected /= expected.sum()

        def distance(width: int) -> float:
            """The total variation between what is drawn and what is expected."""
            counts, rng = dict.fromkeys(by_text, 0), np.random.default_rng(1)
            for _ in range(DRAWS):
                search = ParticleSearch(bot.reader, text, width, temperature=1.0, rng=rng)
                counts[tuple(search.write(run)[:, 3].tolist())] += 1
            return float(np.abs(np.array(list(counts.values())) / DRAWS - expected).sum() / 2)

        assert distance(16) < 0.1 < distance(1)

    def test_those_that_expect_what_is_given_go_on(self, bot, run):
        """A given bass is expected more by many particles than by one."""
        pitch = np.array([43, 45, 47, 48] * 4)
        chorale = melody([67] * 16, key="C major")
        both = chorale.pitch.copy()
        both[3] = pitch
        text = ForcedText.of(
            chorale.with_voices(both, repaired_onsets(both, chorale.onset)),
            given_voices("AT", 16),
            VOCABULARY,
        )

        def mean(width: int) -> float:
            return float(np.mean([
                nats(bot, whole(particles(bot, text, width, seed).write(run)))
                for seed in range(6)
            ]))  # fmt: skip

        assert mean(32) > mean(1)

    def test_a_low_temperature_takes_the_likeliest(self, bot, run):
        text = task([67, 69, 71, 72])
        cold = particles(bot, text, 1, temperature=0.01).write(run)
        assert np.array_equal(cold, BeamSearch(bot.reader, text, 1).write(run))


@pytest.mark.parametrize("choices", [{"greedy": 1, "particles": 4}, {"particles": 1}, {}])
def test_a_long_given_end_is_not_read(bot, choices):
    """Frames that are far behind the last written one cost nothing and change nothing."""
    chorale = a_chorale(200)
    given = np.ones((4, 200), dtype=bool)
    given[1, 20:30] = False
    seen = []
    piece = bot.fill(chorale, given, seed=1, settings=choices, progress=lambda *at: seen.append(at))
    assert max(planned for _, planned in seen) < 80
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
