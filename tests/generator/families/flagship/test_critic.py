"""The critic: the figures that it reads, their values, and what it changes in a fill."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.flagship.critic import Critic, figures_of
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.critic_figures import CODES, KINDS
from generator.families.flagship.tokens import TokenGrid, Vocabulary, decode_grid, encode_grid
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.grid.empty_chorale import empty_chorale, with_close
from tests.generator.families.flagship.debug import debug, make
from tests.generator.families.material import UNTRAINED

VOCABULARY = Vocabulary(onsets=True)


def read(chorale: Chorale) -> list[tuple[str, int, int]]:
    """Kind, code and step of each figure."""
    grid, _ = encode_grid(chorale, VOCABULARY)
    [(codes, steps)] = figures_of(grid, VOCABULARY)
    return [
        (KINDS[code // CODES], int(code), int(step))
        for code, step in zip(codes, steps, strict=True)
    ]


def quarters(*chords: tuple[int, int, int, int], **frame) -> Chorale:
    pitch = np.repeat(np.array(chords).T, 4, axis=1)
    onset = np.tile([True, False, False, False], (4, len(chords)))
    return Chorale(pitch=pitch, onset=onset & (pitch != REST), **frame)


CHORDS = ((72, 67, 64, 48), (71, 67, 62, 43), (72, 67, 64, 48))


def random_critic(scale: float = 1.0) -> Critic:
    values = np.random.default_rng(1).standard_normal((len(KINDS), CODES))
    return Critic.from_table((scale * values).astype(np.float32))


def with_critic(critic: Critic) -> Flagship:
    return Flagship(debug(True, critic=True).network, critic=critic)


def test_every_kind_is_read_at_its_steps():
    figures = read(quarters(*CHORDS, key="C major"))
    count = {kind: [step for name, _, step in figures if name == kind] for kind in KINDS}
    assert count["chord_pair"] == count["rhythm"] == count["beat_triple"] == [0, 4, 8]
    assert sorted(count["line"]) == sorted([0] * 4 + [4] * 4 + [8] * 4)
    assert len(count["two_voices"]) == len(count["beat_two_voices"]) == 3 * 6
    assert len(count["quarter"]) == 3 * 4
    assert all(count.values())


def test_a_voice_that_goes_on_begins_no_line_and_no_pair_of_its_own():
    chorale = quarters(*CHORDS, key="C major")
    onset = chorale.onset.copy()
    onset[1, 4] = onset[1, 8] = False  # the alto's G
    figures = read(chorale.with_voices(chorale.pitch, onset))
    assert sum(kind == "line" for kind, _, _ in figures) == 10
    assert sum(kind == "two_voices" for kind, _, _ in figures) == 3 * 6


def test_the_same_music_in_another_key_has_the_same_figures():
    up = quarters(*((a + 2, b + 2, c + 2, d + 2) for a, b, c, d in CHORDS), key="D major")
    assert read(up) == read(quarters(*CHORDS, key="C major"))


def test_a_note_changes_only_the_figures_near_it():
    chorale = quarters(*CHORDS * 4, key="C major")
    pitch = chorale.pitch.copy()
    pitch[2, 16:20] = 65
    before, after = set(read(chorale)), set(read(chorale.with_voices(pitch, chorale.onset)))
    # Until two notes or quarters later, or one quarter earlier, which leads to it.
    assert {step for _, _, step in before ^ after} == {12, 16, 20, 24}


def test_the_score_of_a_beat_is_the_sum_of_its_figures_values():
    critic = random_critic()
    chorale = make(32)
    grid, _ = encode_grid(chorale, VOCABULARY)
    scores = critic.scores(grid, VOCABULARY, np.zeros((1, grid.real.shape[1]), bool))
    expected = np.zeros_like(scores[0])
    for _, code, step in read(chorale):
        expected[step // 4] += critic.table[code]
    assert np.allclose(scores[0], expected, atol=1e-4)
    assert np.abs(scores).max() > 1


def test_values_are_rounded_to_a_127th_of_the_largest_of_their_kind():
    table = np.zeros((len(KINDS), CODES), np.float32)
    table[2, :4] = 5.0, -2.5, 0.01, 0.03
    critic = Critic.from_table(table)
    assert critic.table[2 * CODES : 2 * CODES + 4] == pytest.approx([5, -2.5, 0, 5 / 127], abs=0.02)


def test_a_checkpoint_keeps_the_critic(tmp_path):
    composer = with_critic(random_critic())
    path = tmp_path / "critic.safetensors"
    composer.save(path, UNTRAINED)
    critic = Flagship.load(path).critic
    assert np.array_equal(critic.values, composer.critic.values)
    assert np.array_equal(critic.scales, composer.critic.scales)


def test_what_a_critic_dislikes_is_written_less_often():
    """A critic that knows one figure: the most frequent succession of two chords."""
    chorale = quarters(*CHORDS * 6, key="C major")
    given = given_voices("B", chorale.steps)
    critic = Critic.from_table(np.zeros((len(KINDS), CODES), np.float32))
    drawn = fills_of(critic, chorale, given)
    bass = [code for piece in drawn for kind, code, _ in read(piece) if kind == "beat_pair"]
    known = max(set(bass), key=bass.count)
    count = {}
    for value in (-5, 5):
        critic.table[known] = value
        pieces = fills_of(critic, chorale, given)
        count[value] = sum(code == known for piece in pieces for _, code, _ in read(piece))
    assert count[-5] == 0 < bass.count(known) < count[5] / 2


def fills_of(critic: Critic, chorale: Chorale, given: np.ndarray) -> list[Chorale]:
    tasks = [(chorale, given)] * 4
    return with_critic(critic).fill_many(tasks, range(4), settings={"repairs": 0, "sweeps": 4})


@pytest.mark.parametrize(
    "choices", [{"critic": 0}, {"critic_sweeps": 0, "repair_drafts": 1}], ids=str
)
def test_without_its_sweeps_a_critic_changes_nothing(choices):
    chorale, given = make(32), given_voices("ATB", 32)
    plain = Flagship(debug(True).network)
    assert with_critic(random_critic()).fill(
        chorale, given, seed=3, settings=choices
    ) == plain.fill(chorale, given, seed=3)


def test_with_a_critic_a_piece_comes_out_the_same_alone_and_among_others():
    composer = with_critic(random_critic(0.2))
    steps = (24, 40, 27)
    tasks = [(make(each, each), given_voices("ATB", each)) for each in steps]
    together = composer.fill_many(tasks, [5, 6, 7])
    for task, seed, piece in zip(tasks, (5, 6, 7), together, strict=True):
        assert piece == composer.fill(*task, seed=seed)
        assert np.array_equal(piece.pitch[0], task[0].pitch[0])


def test_a_piece_has_the_same_figures_alone_and_among_longer_ones():
    chorales = [make(steps, steps) for steps in (24, 40, 27)]
    grids = [encode_grid(each, VOCABULARY)[0] for each in chorales]
    together = TokenGrid.stacked(grids, VOCABULARY.padding)
    for (codes, steps), chorale in zip(figures_of(together, VOCABULARY), chorales, strict=True):
        expected = [(code, step) for _, code, step in read(chorale)]
        assert list(zip(codes.tolist(), steps.tolist(), strict=True)) == expected


def test_a_token_that_holds_what_did_not_sound_begins_a_note():
    chorale = make(32)
    grid, layout = encode_grid(chorale, VOCABULARY)
    held = torch.where(
        VOCABULARY.begins(grid.tokens), VOCABULARY.pitch_of(grid.tokens), grid.tokens
    )
    tokens = grid.with_tokens(held)
    nothing = np.zeros((4, 32), dtype=bool)
    decoded = decode_grid(held[0].numpy(), layout, chorale, nothing, VOCABULARY)
    [(codes, _)] = figures_of(tokens, VOCABULARY)
    assert codes.tolist() == [code for _, code, _ in read(decoded)]


@pytest.mark.parametrize("span", [slice(32, 64), slice(24, 40)])
def test_what_is_given_beside_a_span_stays(span):
    chorale, given = make(64), np.ones((4, 64), dtype=bool)
    given[:, span] = False
    piece = with_critic(random_critic(0.2)).fill(chorale, given, seed=1)
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert np.array_equal(piece.onset[given], chorale.onset[given])


def test_voices_hold_under_fermatas_that_are_not_released():
    chorale = quarters(*CHORDS * 4, fermata=[0] * 44 + [1] * 4)
    piece = with_critic(random_critic(0.2)).fill(chorale, given_voices("ATB", 48), seed=1)
    assert not piece.onset[1:, -3:].any()


def test_a_piece_with_nothing_to_write_stays_beside_one_with_something():
    composer = with_critic(random_critic(0.2))
    chorale = make(24)
    whole = chorale, np.ones((4, 24), dtype=bool)
    pieces = composer.fill_many([whole, (chorale, given_voices("B", 24))], [1, 2])
    assert pieces[0] == chorale
    assert pieces[1] == composer.fill(chorale, given_voices("B", 24), seed=2)


def test_critics_take_no_part_where_all_members_write_together():
    members = [with_critic(random_critic()) for _ in range(2)]
    plain = [Flagship(debug(True).network) for _ in range(2)]
    frame, given = with_close(empty_chorale("C major", bars=2))
    one, other = (
        Flagship.cross_fitted(each).averaged().fill(frame, given, seed=1, settings={"sweeps": 2})
        for each in (members, plain)
    )
    assert one == other


def test_a_network_without_onsets_has_no_critic():
    with pytest.raises(ValueError, match="needs onsets"):
        debug(False, critic=True)
