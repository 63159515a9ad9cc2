"""The figures on a composer's card, as Markdown: what `manage.py evaluate --card` writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generator.evaluation.card.temperatures import (
    ARGMAX,
    CONDITION,
    COPYING,
    LISTENER,
    LOOPS,
    AtTemperature,
)
from generator.evaluation.from_nothing import WHOLE
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.families.checkpoint_metadata import CheckpointMetadata

BEGIN = "<!-- figures: made by `manage.py evaluate --card {slug}`; do not edit -->"
END = "<!-- end of figures -->"
QUARTER_MINUTES = 64  # steps of the fill whose seconds are shown
# Name of the score, and its words.
ROWS = {
    "fill accuracy, one shot": "same pitch as Bach, one shot, %",
    "fill accuracy, as played": "same pitch as Bach, as played, %",
    "machine listener": "machine listener, % of pairs",
    "machine listener 2": "machine listener 2, % of pairs",
    "parallels": "parallels per 1,000 chord changes",
    "parallels between beats": "the same between beats, whatever ornaments them",
    "copying, longest run, median": "longest run shared with training, events, median",
    "copying, longest run, 90th percentile": "the same, 90th percentile",
    "loops": "loops, % of those that last over four bars",
    "collapse into one chord": "collapse into one chord, %",
    "notes out of range": "notes out of range, %",
    "style: crossings": "crossings, % of steps",
    "style: wide_spacing": "wide spacing, % of steps",
    "style: leaps": "leaps over a fourth, % of moves",
    "style: repeated_notes": "repeated notes, %",
    "style: lone_sixteenths": "lone sixteenths, %",
    "style: dissonances_on": "dissonances on the beat, %",
    "style: dissonances_off": "dissonances off the beat, %",
    "style: root_position_ends": "root position at phrase ends, %",
    "style: authentic_ends": "authentic cadences at phrase ends, %",
    "style: moving_ends": "a lower voice moves under the fermata, %",
    "style: final_in_key": "last chord in the key, %",
    "counterpoint: dissonances_left_by_leap": "dissonances left by leap, per 100 beats",
    "counterpoint: cross_relations": "cross relations at once, per 100 beats",
    "counterpoint: augmented_seconds": "augmented seconds, per 100 beats",
    "counterpoint: augmented_fourths": "augmented fourths, per 100 beats",
    "counterpoint: leaps_beyond_octave": "leaps beyond the octave, per 100 beats",
    "counterpoint: leaps_of_a_seventh": "leaps of a seventh, per 100 beats",
    "counterpoint: doubled_leading_tones": "doubled leading tones, per 100 beats",
    "counterpoint: ornamented_fifths": "ornamented fifths, per 100 beats",
    "counterpoint: ornamented_octaves": "ornamented octaves, per 100 beats",
    "counterpoint: open_ends": "phrases that end open, per 100 beats",
    "counterpoint: second_eighths_on": "second eighths that go on by step, %",
    "variety: range": "range of a voice, semitones",
    "variety: distinct_pitches": "distinct pitches of a voice",
    "variety: chromatic_notes": "chromatic notes, %",
    "variety: octave_leaps": "octave leaps, % of moves",
    "form: melody_returns": "phrases whose melody returns, %",
    "form: melody_returns_transposed": "the same, at pitch or transposed",
    "form: harmony_returns": "phrases whose harmony returns, %",
    "form: harmony_returns_transposed": "the same, at pitch or transposed",
    "form: last_cadence_authentic": "last cadence authentic, %",
    "form: opens_in_key": "first phrase in the key, %",
    "form: closes_in_key": "last phrase in the key, %",
    "form: closes_as_it_opens": "last phrase in the key of the first, %",
    "form: distinct_goals": "distinct goals of phrases, a piece",
    "form: onsets_in_last_quarter": "notes of the last quarter, % of the first quarter's",
    "form: bars": "bars a piece",
}
LISTENERS = ("machine listener", "machine listener 2")
SHARES = ("fill accuracy, one shot", "fill accuracy, as played", *LISTENERS)
# The beginnings of their names.
WITH_INTERVAL = ("machine listener", "parallels", "counterpoint", "variety")
METRICS = {
    "score": "loss, held-out works",
    "train": "loss, training works",
    "right": "right, held-out works",
    "train_right": "right, training works",
    "untagged": "loss, held-out works, no tag",
}
HIDDEN_METRICS = ("step", "steps", "cpu_seconds_a_step", "peak_mb")


@dataclass(frozen=True)
class CardFigures:
    """All that a card says in figures."""

    slug: str
    metadata: CheckpointMetadata
    parameters: int
    """Numbers in the file."""
    size: int
    """Bytes of the file."""
    scores: Sequence[ObjectiveScore | MissingScore]
    settings: Mapping[str, float | int]
    seed: int
    temperatures: Sequence[AtTemperature] = ()
    picture: str = ""
    """The path of the picture of the temperatures, as seen from the card."""


def figures_block(measured: CardFigures) -> str:
    """The block with its marks.

    Raises
    ------
    ValueError
        If there are no scores of fills.
    """
    conditions = list(dict.fromkeys(score.condition for score in _known(measured)))
    fills = [each for each in conditions if each not in ("", "1")]
    if not fills:
        raise ValueError("no scores of fills; evaluate with fills")
    n = {score.condition: score.composer.n for score in _known(measured)}
    parts = [
        BEGIN.format(slug=measured.slug),
        "",
        *_training(measured),
        "",
        f"Scores on the test part of `tunes`: one excerpt of each of {n[fills[0]]} works, and "
        f"{n.get(WHOLE, 0)} whole chorales of 16 bars from nothing; seed {measured.seed}; "
        f"{_settings(measured.settings)}. Bach's own figures on the same excerpts stand in round "
        "brackets (for whole chorales: those of the works), 95 % intervals in square ones.",
        "",
        *_scores(measured, fills),
        "",
        *_likelihoods(measured),
    ]
    if measured.temperatures:
        parts += ["", *_temperatures(measured)]
    return "\n".join([*parts, "", END])


def _known(measured: CardFigures) -> list[ObjectiveScore]:
    return [score for score in measured.scores if isinstance(score, ObjectiveScore)]


def _training(measured: CardFigures) -> Iterable[str]:
    told = measured.metadata
    works = [len(member.trained_on) for member in told.members]
    each = f", each of {len(works)} members" if len(works) > 1 else ""
    yield "| | |"
    yield "| --- | --- |"
    size = f"{measured.size / 1e6:.2f} MB" if measured.size >= 1e4 else f"{measured.size} bytes"
    yield f"| size | {size}, {measured.parameters:,} numbers |"
    learnt = f"{sum(works) / len(works):,.0f} works of the split `{told.split}`{each}"
    yield f"| learnt from | {learnt if any(works) else 'nothing'} |"
    if cost := _cost(told.metrics):
        yield f"| training | {cost}{each} |"
    for name in told.metrics[0] if told.metrics else ():
        values = [metrics[name] for metrics in told.metrics if name in metrics]
        if name not in HIDDEN_METRICS and len(values) == len(told.metrics):
            words = METRICS.get(name, name.replace("_", " "))
            yield f"| {words} | {_figure(sum(values) / len(values))} |"
    yield f"| made by | `{told.command}` |"


def _cost(metrics: Sequence[Mapping[str, float]]) -> str:
    """Steps and seconds of a member, and the most memory of any; empty where nothing is known."""
    known = [each for each in metrics if {"steps", "cpu_seconds_a_step"} <= each.keys()]
    if not known or len(known) < len(metrics):
        return ""
    steps = sum(each["steps"] for each in known) / len(known)
    seconds = sum(each["steps"] * each["cpu_seconds_a_step"] for each in known) / len(known)
    cost = f"{steps:,.0f} steps, {seconds:,.0f} seconds of one core"
    peaks = [each["peak_mb"] for each in known if "peak_mb" in each]
    return f"{cost}, at most {max(peaks):,.0f} MB of memory" if peaks else cost


def _figure(value: float) -> str:
    """Whole numbers in full, others in four digits."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.4g}"


def _settings(settings: Mapping[str, float | int]) -> str:
    if not settings:
        return "no settings"
    return "settings " + ", ".join(f"{name} {value:g}" for name, value in settings.items())


def _scores(measured: CardFigures, conditions: Sequence[str]) -> Iterable[str]:
    scores = {(score.name, score.condition): score for score in _known(measured)}
    yield f"| | {' | '.join('from nothing' if c == WHOLE else c for c in conditions)} |"
    yield f"| --- |{' --- |' * len(conditions)}"
    for name, words in ROWS.items():
        cells = [_cell(scores.get((name, condition))) for condition in conditions]
        if any(cells):
            yield f"| {words} | {' | '.join(cells)} |"
    seconds = [
        f"{QUARTER_MINUTES / score.composer.estimate:.2f}"
        if (score := scores.get(("speed", condition)))
        else ""
        for condition in conditions
    ]
    yield f"| seconds of one core for {QUARTER_MINUTES} steps | {' | '.join(seconds)} |"
    for listener in LISTENERS:
        if single := scores.get((listener, "1")):
            yield ""
            yield f"{listener.capitalize()}, mean of S, A, T and B: {_cell(single)} %."


def _cell(score: ObjectiveScore | None) -> str:
    if score is None:
        return ""
    ratio, scale = score.composer, 100 if score.name in SHARES else 1
    cell = _short(ratio.estimate * scale)
    if score.name.startswith(WITH_INTERVAL):
        cell += f" [{_short(ratio.low * scale)}, {_short(ratio.high * scale)}]"
    if score.bach is not None and score.name not in SHARES:
        cell += f" ({_short(score.bach)})"
    return cell


def _short(value: float) -> str:
    """One decimal, or none if it is whole; two where one would say nothing."""
    if 0 < abs(value) < 0.1:
        return f"{value:.2f}"
    return f"{round(value, 1):g}"


def _likelihoods(measured: CardFigures) -> Iterable[str]:
    for score in measured.scores:
        if isinstance(score, MissingScore):
            yield f"- {score.name}: not given; {score.reason}."
        elif score.unit == "nats/frame":
            ratio = score.composer
            yield (
                f"- {score.name}: {ratio.estimate:.3f} nats a frame "
                f"[{ratio.low:.3f}, {ratio.high:.3f}] ({score.note})."
            )


def _temperatures(measured: CardFigures) -> Iterable[str]:
    if measured.picture:
        yield f"![Loops, copying and the machine listener by temperature]({measured.picture})"
        yield ""
    yield (
        "| temperature | loops, ATB, % | loops, from nothing, % | run shared, ATB, median | "
        "run shared, from nothing, median | machine listener, ATB, % |"
    )
    yield f"|{' --- |' * 6}"
    for each in measured.temperatures:
        cells = [
            _cell(each.score(name, condition))
            for name, condition in (
                (LOOPS, CONDITION),
                (LOOPS, WHOLE),
                (COPYING, CONDITION),
                (COPYING, WHOLE),
                (LISTENER, CONDITION),
            )
        ]
        yield f"| {each.temperature:g} | {' | '.join(cells)} |"
    if ARGMAX in measured.settings:
        yield ""
        yield "Here all notes are drawn (`argmax` 0)."
