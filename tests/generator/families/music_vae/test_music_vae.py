"""MusicVAE as a composer: writing from points, the search for them, and its latent space."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.checkpoint import CheckpointError
from generator.families.fill_run import FillClock
from generator.families.music_vae.music_vae import MusicVae
from generator.families.music_vae.network import MusicVaeConfig, losses, shapes
from generator.families.music_vae.search import Prior, SegmentTask, search
from generator.families.music_vae.tokens import (
    NO_EVENT,
    SEGMENT,
    events_of,
    heard_tokens,
    segments,
)
from generator.families.music_vae.training import VaeBatch
from generator.families.settings import checked_values
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.keys import estimated_key
from generator.registry import CHECKPOINTS
from tests.generator.families.material import UNTRAINED, a_chorale

RUN = FillClock("music_vae").run


@pytest.fixture(scope="module")
def debug() -> MusicVae:
    return MusicVae.debug()


@pytest.fixture(scope="module")
def shipped() -> MusicVae:
    return MusicVae.load(CHECKPOINTS / "music_vae.safetensors")


@pytest.fixture(scope="module")
def excerpt() -> Chorale:
    corpus = load_corpus()
    return corpus.works[tunes_split(corpus)["test"][0]].chorale.slice(0, 64)


def settings(**chosen):
    return checked_values(MusicVae.settings, chosen)


@torch.inference_mode()
def write(family: MusicVae, given, *, size=1, seed=1, temperature=1.0):
    steps = given.shape[1]
    return family.writer.write(
        torch.zeros(size, family.config.latent),
        torch.zeros(4, dtype=torch.int64),
        torch.arange(steps),
        given,
        temperature=temperature,
        generator=torch.Generator().manual_seed(seed),
        run=RUN,
    )


class TestWriter:
    @torch.inference_mode()
    def test_step_by_step_it_finds_what_the_network_finds_at_once(self, debug):
        """The tables of gates and the state of each half bar are those of the trained decoder."""
        batch = VaeBatch.of(segments(a_chorale(64)))
        found = losses(debug.network, batch.heard, batch.events, batch.phase, noise=False)
        z = debug.network.encode(batch.heard[..., 1:], batch.phase).mean
        for row in range(2):
            written = debug.writer.write(
                z[row : row + 1], batch.heard[row, :, 0], batch.phase[row], batch.events[row],
                temperature=1.0, generator=torch.Generator(), run=RUN,
            )  # fmt: skip
            assert torch.equal(written.heard[0], batch.heard[row, :, 1:])
            nats = float(found.reconstruction[row])
            assert -float(written.nats[0]) == pytest.approx(nats, rel=1e-4)

    def test_low_temperatures_write_what_is_likeliest(self, debug):
        free = torch.full((4, SEGMENT), NO_EVENT)
        cold = write(debug, free, size=8, temperature=0.05).heard
        hot = write(debug, free, size=8, temperature=5.0).heard
        assert len({tuple(each.flatten().tolist()) for each in hot}) == 8
        assert (cold[0] == cold[1:]).float().mean() > (hot[0] == hot[1:]).float().mean() + 0.1

    def test_events_are_drawn_by_their_probability(self, debug):
        free = torch.full((4, 1), NO_EVENT)
        heard = write(debug, free, size=20_000).heard[..., 0]
        with torch.inference_mode():
            z = torch.zeros(1, debug.config.latent)
            embeddings = debug.network.conduct(z)
            before, phase = torch.zeros(1, 4, SEGMENT, dtype=torch.int64), torch.zeros(1, SEGMENT)
            logits = debug.network.logits(embeddings, before, phase.long())[0, :, 0]
        rows = debug.writer.offsets
        wanted = (logits + debug.writer.forbidden[rows]).softmax(-1)
        for voice in range(4):
            events = events_of(heard[:, voice].numpy())
            share = np.bincount(events, minlength=wanted.shape[-1]) / len(events)
            assert share == pytest.approx(wanted[voice].numpy(), abs=0.012)


class TestSearch:
    def run(self, debug, given, rounds=2, seed=1):
        task = SegmentTask(torch.zeros(4, dtype=torch.int64), np.arange(given.shape[1]), given)
        with torch.inference_mode():
            return search(
                debug.writer, task, Prior.of_key(debug.network, 0),
                settings=settings(rounds=rounds), shift=torch.zeros(debug.config.latent),
                generator=torch.Generator().manual_seed(seed), run=RUN,
            )  # fmt: skip

    def test_the_given_events_stand(self, debug):
        events = events_of(heard_tokens(a_chorale()))
        events[1:] = NO_EVENT
        found = self.run(debug, events)
        assert np.array_equal(events_of(found.heard)[0], events[0])

    def test_a_point_that_fits_what_is_given_is_preferred(self, debug):
        """With more candidates the given cells are likelier, on average over seeds."""
        events = events_of(heard_tokens(a_chorale()))
        events[1:] = NO_EVENT
        given = torch.from_numpy(events)

        def nats(candidates: int) -> float:
            found = []
            for seed in range(12):
                task = SegmentTask(torch.zeros(4, dtype=torch.int64), np.arange(32), events)
                with torch.inference_mode():
                    z = search(
                        debug.writer, task, Prior.of_key(debug.network, 0),
                        settings=settings(rounds=0, candidates=candidates),
                        shift=torch.zeros(debug.config.latent),
                        generator=torch.Generator().manual_seed(seed), run=RUN,
                    ).z  # fmt: skip
                    drawn = debug.writer.write(
                        z[None], task.before, torch.from_numpy(task.phase), given, temperature=1.0,
                        generator=torch.Generator().manual_seed(seed), run=RUN,
                    )  # fmt: skip
                found.append(float(drawn.nats[0]))
            return float(np.mean(found))

        assert nats(64) > nats(1)

    def test_where_all_is_given_all_comes_back(self, debug):
        events = events_of(heard_tokens(a_chorale()))
        assert np.array_equal(events_of(self.run(debug, events).heard), events)

    def test_the_next_point_stays_near_the_last_as_far_as_neighbours_do(self):
        one = torch.ones(2)
        prior = Prior(torch.tensor([0.0, 4.0]), one, torch.tensor([0.8, 0.0]), one * 0)
        after = prior.after(torch.tensor([2.0, 9.0]))
        assert after.mean.tolist() == pytest.approx([1.6, 4.0])
        assert after.deviation.tolist() == pytest.approx([0.6, 1.0])


class TestLatentSpace:
    def test_a_chorale_has_a_point_for_each_segment(self, debug):
        assert debug.encode(a_chorale(70)).shape == (3, debug.config.latent)

    def test_points_are_written_in_the_frame_that_is_given(self, debug):
        frame = empty_chorale("D minor", "3/4", 4, pickup=4)
        points = np.zeros((2, debug.config.latent), np.float32)
        piece = debug.decode(points, frame, seed=1, settings=settings())
        assert (piece.steps, piece.metre, piece.key) == (48, frame.metre, frame.key)
        assert (piece.pitch != REST).all()
        assert piece == debug.decode(points, frame, seed=1, settings=settings())
        assert piece != debug.decode(points, frame, seed=2, settings=settings(temperature=2))

    def test_the_notes_of_a_frame_are_not_read(self, debug):
        points = np.zeros((1, debug.config.latent), np.float32)
        one, two = (
            debug.decode(points, a_chorale(32, seed=seed), seed=1, settings=settings())
            for seed in (1, 2)
        )
        assert one == two

    @pytest.mark.parametrize("shape", [(1, 4), (3, 4), (2, 5), (8,)])
    def test_points_that_do_not_fit_the_frame_are_refused(self, debug, shape):
        with pytest.raises(ValueError, match=r"points of shape .*; 64 steps need \(2, 4\)"):
            debug.decode(np.zeros(shape), a_chorale(64), seed=1, settings=settings())

    def test_two_bars_of_bach_come_back_better_than_from_points_of_others(self, shipped):
        corpus = load_corpus()
        works = [corpus.works[name].chorale for name in tunes_split(corpus)["test"][:12]]
        bars = [work.slice(0, 32) for work in works]
        points = [shipped.encode(each) for each in bars]

        def right(moved: int) -> float:
            """The share of cells with the right pitch, from the points of works further on."""
            shares = []
            for at, bach in enumerate(bars):
                z = points[(at + moved) % len(points)]
                own = shipped.decode(z, bach, seed=1, settings=settings())
                shares.append((own.pitch == bach.pitch).mean())
            return float(np.mean(shares))

        assert right(0) > right(1) + 0.15


class TestAttributes:
    """Each is measured in pieces of the shipped composer, with more of it and with less."""

    def pieces(self, shipped, excerpt, name):
        points = shipped.encode(excerpt)
        return [
            [
                shipped.decode(points, excerpt, seed=seed, settings=settings(**{name: strength}))
                for seed in range(3)
            ]
            for strength in (-1.5, 1.5)
        ]

    def test_more_notes(self, shipped, excerpt):
        less, more = self.pieces(shipped, excerpt, "more_notes")
        assert 1.2 * sum(p.onset.sum() for p in less) < sum(p.onset.sum() for p in more)

    def test_higher(self, shipped, excerpt):
        less, more = self.pieces(shipped, excerpt, "higher")
        assert np.mean([p.pitch for p in less]) + 1 < np.mean([p.pitch for p in more])

    def test_minor(self, shipped):
        """Heard in the first two bars of works in major, of the validation part."""
        corpus = load_corpus()
        works = [corpus.works[name].chorale for name in tunes_split(corpus)["valid"]]
        bars = [work.slice(0, 32) for work in works if work.mode == "major"][:12]
        heard = []
        for strength in (-1, 1):
            chosen = settings(minor=strength)
            own = [shipped.decode(shipped.encode(c), c, seed=1, settings=chosen) for c in bars]
            heard.append(sum("minor" in estimated_key(piece.pitch.ravel()) for piece in own))
        assert heard[0] + 2 <= heard[1]

    def test_in_a_fill_too(self, shipped, excerpt):
        given = given_voices("ATB", 64)
        less, more = (
            shipped.fill(excerpt, given, seed=1, settings={"more_notes": s, "rounds": 1})
            for s in (-3, 3)
        )
        assert less.onset.sum() < more.onset.sum()


class TestConfig:
    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("latent", 0, "latent 0; use a whole number from 1 to 4096"),
            ("encoder", 2.0, "encoder 2.0"),
            ("decoder", 5000, "decoder 5000"),
            ("low", 30, "low 30; the vocabulary of this code has 33"),
            ("pitches", 46, "pitches 46; the vocabulary of this code has 49"),
        ],
    )
    def test_what_cannot_be_is_refused(self, name, value, message):
        with pytest.raises(ValueError, match=message):
            MusicVaeConfig(**{name: value})

    def test_the_shapes_of_a_checkpoint_are_those_of_the_network(self, debug):
        state = debug.network.state_dict()
        assert shapes(debug.config) == {name: tuple(each.shape) for name, each in state.items()}

    def test_a_checkpoint_whose_key_has_no_spread_is_refused(self, debug, tmp_path):
        broken = MusicVae.debug()
        broken.network.key_deviation[3, 1] = 0
        path = tmp_path / "broken.safetensors"
        broken.save(path, UNTRAINED)
        with pytest.raises(CheckpointError, match="key_deviation"):
            MusicVae.load(path)
