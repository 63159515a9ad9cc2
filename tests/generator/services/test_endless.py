"""`compose --endless`: who can, how far ahead of the clock, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from io import StringIO
from itertools import islice

import pytest
from django.conf import settings as site_settings
from django.core.management import CommandError, call_command

from generator.families.continues import ChordEvent
from generator.management.event_stream import paced, write_events
from generator.music.grid.chorale import bar_steps
from generator.music.grid.tempo import step_seconds
from generator.registry import OURS, Registered, Registry, Shipped
from generator.services import compose_order
from generator.services.compose_order import ComposeOrder, Frame, go_on
from tests.builders import save_miniature

STEP = 60 / 76 / 4


@pytest.fixture(autouse=True)
def shipped(tmp_path_factory, settings, corpus) -> None:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_miniature(folder / "chain.safetensors")
    save_miniature(folder / "stream.safetensors", family="next_chord")
    settings.REGISTRY = Registry(
        {
            name: Registered(OURS[name].family, "no.trainer", (Shipped(slug, slug, "", folder),))
            for name, slug in {"markov": "chain", "next_chord": "stream"}.items()
        }
    )


class Clock:
    """Time that passes only in sleep; `sent` says how far what was sent reaches."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def events_of(order: ComposeOrder, count: int) -> list[tuple[float, ChordEvent]]:
    """Events, each with the time at which it comes."""
    clock, piece = Clock(), go_on(order)
    seconds, ahead = step_seconds(piece.metre), bar_steps(piece.metre)
    events = paced(piece.events, seconds, ahead, clock=clock.time, sleep=clock.sleep)
    return [(clock.now, event) for event in islice(events, count)]


@pytest.mark.parametrize(("metre", "bar"), [("4/4", 16), ("3/4", 12), ("3/2", 24)])
def test_nothing_comes_more_than_a_bar_ahead_and_nothing_late(metre, bar):
    step = STEP / 2 if metre == "3/2" else STEP
    timed = events_of(ComposeOrder("stream", Frame("C major", metre), "SATB"), 60)
    assert sum(event.steps for _, event in timed) > 3 * bar
    for now, event in timed:
        reach = event.step + event.steps
        assert reach * step <= now + bar * step + 1e-9
        assert now <= event.step * step


def test_an_event_longer_than_a_bar_comes_when_it_begins():
    clock, chord = Clock(), ((60,) * 4, (True,) * 4)
    events = [ChordEvent(0, 4, *chord), ChordEvent(4, 40, *chord), ChordEvent(44, 4, *chord)]
    came = [clock.now for _ in paced(events, 1.0, 16, clock=clock.time, sleep=clock.sleep)]
    assert came == [0, 4, 32]


def test_a_slow_composer_is_not_waited_for_twice():
    clock = Clock()
    chord = ((60,) * 4, (True,) * 4)

    def slow():
        for step in range(0, 40, 8):
            clock.now += 9
            yield ChordEvent(step, 8, *chord)

    came = [clock.now for _ in paced(slow(), 1.0, 16, clock=clock.time, sleep=clock.sleep)]
    assert came == [9, 18, 27, 36, 45]


def test_it_goes_on_from_a_work_or_from_a_part_of_it(monkeypatch, corpus):
    begun = []
    monkeypatch.setattr(
        compose_order, "continued", lambda family, beginning, **_: begun.append(beginning)
    )
    for steps in (None, (0, 20)):
        go_on(ComposeOrder("stream", "BWV269", "SATB", steps=steps))
    work = corpus.work("BWV269").chorale
    assert begun == [work, work.slice(0, 20)]


def compose(*arguments: str, composer: str = "stream", stdout=None) -> None:
    named = [f"--composer={composer}", "--endless", "--out=-", *arguments]
    call_command("compose", *named, stdout=stdout or StringIO())


@pytest.mark.parametrize(
    ("composer", "music"), [("chain", "--key=C major"), ("bach", "--work=BWV269")]
)
def test_a_composer_that_cannot_go_on_is_refused_with_those_that_can(composer, music):
    words = f"composer '{composer}' cannot go on without end; use one that can: stream"
    with pytest.raises(CommandError, match=words):
        compose(music, composer=composer)


def test_where_no_composer_can_it_says_so(settings):
    settings.REGISTRY = Registry({"markov": settings.REGISTRY.families["markov"]})
    with pytest.raises(CommandError, match="without end; no composer of this site can"):
        compose("--key=C major", composer="chain")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--key=C major", "--out=x.mid"], "--endless goes with --out -, not x.mid"),
     (["--key=C major", "--bars=4"], "--bars goes without --endless"),
     (["--key=C major", "--budget-seconds=4"], "--budget-seconds goes without --endless"),
     (["--key=C major", "--steps=0:8"], "--steps goes with --work"),
     (["--work=BWV269", "--write=NEXT"], "--write goes without --endless"),
     (["--melody=x.mid"], "--melody goes without --endless"),
     (["--key=H major"], "key 'H major'"),
     (["--work=BWV0"], "BWV0"),
     (["--key=C major", "--settings=warmth=1"], "unknown setting 'warmth'")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(arguments, words):
    with pytest.raises(CommandError, match=words):
        compose(*arguments)


class Pipe(StringIO):
    """Somebody reads so many lines; `flushed` holds what has left."""

    def __init__(self, lines: int, end: type[BaseException] = BrokenPipeError) -> None:
        super().__init__()
        self.lines, self.end = lines, end
        self.flushed: list[str] = []

    def flush(self) -> None:
        self.flushed = self.getvalue().splitlines()
        if len(self.flushed) >= self.lines:
            raise self.end


EVENTS = [ChordEvent(step, 1, (60, 60, 60, 60), (True,) * 4) for step in range(9)]


def test_each_event_leaves_at_once_until_nobody_reads_on():
    drawn = []
    pipe = Pipe(3)
    write_events((drawn.append(event) or event for event in EVENTS), pipe)
    assert drawn == EVENTS[:3]
    assert json.loads(pipe.flushed[2]) == {
        "step": 2, "steps": 1, "pitch": [60, 60, 60, 60], "onset": [True] * 4,
    }  # fmt: skip


@pytest.mark.parametrize("end", [BrokenPipeError, KeyboardInterrupt])
def test_the_command_writes_lines_as_its_help_says_until_it_is_stopped(end):
    pipe = Pipe(2, end)
    compose("--key=D minor", stdout=pipe)
    lines = [json.loads(line) for line in pipe.flushed]
    assert [set(line) for line in lines] == [{"step", "steps", "pitch", "onset"}] * 2
    assert lines[1]["step"] == lines[0]["steps"]


def started(reader: int) -> subprocess.Popen[bytes]:
    shipped = next(each for each, name in site_settings.REGISTRY.shipped if name == "next_chord")
    code = (
        # A shell without job control lets what it starts in the background ignore the signal.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import django, sys; django.setup(); from django.conf import settings;"
        "from generator.registry import *; from pathlib import Path;"
        f"shipped = Shipped('stream', 'Stream', folder=Path({str(shipped.folder)!r}));"
        f"entry = Registered({OURS['next_chord'].family!r}, 'no.trainer', (shipped,));"
        "settings.REGISTRY = Registry({'next_chord': entry});"
        "from django.core.management import execute_from_command_line as run;"
        "run(['manage.py', 'compose', '--composer=stream', '--key=C major', '--endless',"
        " '--out=-'])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bachtest.settings"}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(
        command, cwd=site_settings.BASE_DIR, env=environment, stdout=reader, stderr=subprocess.PIPE
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closed pipe", "interrupt"])
def test_a_process_ends_without_a_word(how):
    reading, writing = os.pipe()
    process = started(writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        assert json.loads(lines.readline())["step"] == 0
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
            lines.read()  # or what it has still to write would keep it
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, b"")
