"""What z of MusicVAE holds: reconstruction, interpolation, samples, attributes, search and the key.

    python -m experiments.music_vae_latent

It writes its tables into the card and a picture beside those of the other cards. The probe of the
key needs the two trainings of `music_vae_probe_trainings`. All music is of the test part of the
split `tunes`, unless a row says otherwise; segments are two bars of 32 sixteenths.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bachtest.lib.svg import Scale, element, picture
from experiments import music_vae_measures as measures
from experiments.marked_block import write_block
from experiments.music_vae_measures import PAIRS, STEPS, Read, Rows, Ways
from experiments.music_vae_probe_trainings import SHARES, checkpoint
from generator.music.grid.chorale import VOICES, Chorale
from generator.registry import CHECKPOINTS, installed
from generator.training.splits import load_split

ROOT = Path(__file__).parents[1]
CARD = ROOT / "docs/families/music_vae.md"
PICTURE = ROOT / "static/img/families/music_vae-latent.svg"
STEERED = 60
RATES = ("notes a bar", "repeated, %", "leaps, %", "dissonances on the beat, %", "crossings, %",
         "parallels per 1,000")  # fmt: skip
SEARCH = ("rounds", "same pitch as Bach, %", "dissonances on the beat, %", "parallels per 1,000",
          "CPU seconds")  # fmt: skip
INFORMATION = """\
z holds {bits:.0f} bits a segment, in {active} of {width} numbers: those whose mean varies by more
than {least} over the segments.
"""
RECONSTRUCTION = """\
Whole chorales encoded and written again at temperature {cold}: cells with the right pitch by voice,
and the F score of notes (pitch and onset), in %:
"""
WAYS = """\
{pairs} morphs of {steps} steps between two bars of two works, at temperature {cold}. From one step
to the next {mean:.0f} % of the cells change ({least:.0f} to {most:.0f} % by step). The largest
change is {largest:.2f} of the distance between the ends (median; {even:.2f} is even, 1 is a jump).

![Shares of cells as in both ends, by step](../../static/img/families/{picture})
"""
ATTRIBUTES = """\
Attributes added to z of {count} segments, by strength: notes a bar, mean MIDI pitch, and the share
that is heard as minor (by the key profile that correlates best), in %:
"""
FILLS = """\
The search, on ATB of the first 64 steps of {count} works, by rounds of 32 candidates:
"""
PROBE = """\
Share of test segments whose key (of 24) a logistic regression reads, fitted on the training works.
The two trainings have 2,500 steps and differ in nothing else; in %:
"""


def main() -> None:
    split = {part: list(each.chorales) for part, each in load_split("tunes").items()}
    family = installed().family("music_vae").load(CHECKPOINTS / "music_vae.safetensors")
    found = measures.bars_of(split["test"])
    ways = Ways(family, found)
    PICTURE.write_text(drawn(ways))
    blocks = [
        *_about_z(family, split),
        *_about_ways(family, ways, found),
        ATTRIBUTES.format(count=STEERED),
        table(["", *map(str, measures.STRENGTHS)], _steered(family, found[:STEERED])),
        FILLS.format(count=measures.FILLS),
        table(SEARCH, measures.searched(family, split["test"])),
        PROBE,
        table(["read from", "works in their own keys", "works in any key"], _probes(split)),
    ]
    write_block(CARD, "music_vae_latent", "\n".join(blocks))


def _about_z(family: object, split: dict[str, list[Chorale]]) -> list[str]:
    bits, active, width = measures.information(family, split["test"])
    parts = {"test works": split["test"], "training works": split["train"][: len(split["test"])]}
    rows = []
    for name, works in parts.items():
        shares = measures.reconstruction(family, works)
        rows.append([name, *(f"{100 * share:.1f}" for share in shares.values())])
    return [
        INFORMATION.format(bits=bits, active=active, width=width, least=measures.ACTIVE),
        RECONSTRUCTION.format(cold=measures.COLD),
        table(["", *VOICES, "notes"], rows),
    ]


def _about_ways(family: object, ways: Ways, found: Sequence[Chorale]) -> list[str]:
    changed = 100 * ways.changed
    told = WAYS.format(
        pairs=PAIRS, steps=STEPS, cold=measures.COLD, mean=changed.mean(), least=changed.min(),
        most=changed.max(), largest=float(np.median(ways.largest)), even=1 / (STEPS - 1),
        picture=PICTURE.name,
    )  # fmt: skip
    sets = {
        "Bach": found,
        "Bach's, reconstructed": [way[0] for way in ways.steps],
        "the middle of a morph": [way[STEPS // 2] for way in ways.steps],
        "half of a segment's beats exchanged with another's": ways.mixed,
        **measures.samples(family),
    }
    rows = [[name, *measures.style(pieces)] for name, pieces in sets.items()]
    return [told, table(["segments", *RATES], rows)]


def _steered(family: object, found: Sequence[Chorale]) -> Rows:
    return [
        [name, *(f"{value:.1f}" for value in measures.steering(family, found, name))]
        for name in measures.MEASURES
    ]


def _probes(split: dict[str, list[Chorale]]) -> Rows:
    kind = installed().family("music_vae")
    on = {"transposed": "on transposed segments", "as_written": "in the keys as written"}
    readers: dict[str, Read] = {
        f"z, trained {on[name]}": kind.load(checkpoint(name)).encode  # type: ignore[attr-defined]
        for name in SHARES
    }
    readers["the twelve pitch classes"] = measures.histograms
    return [
        [name, *(f"{100 * measures.probed(read, split, transposed=t):.1f}" for t in (False, True))]
        for name, read in readers.items()
    ]


def table(head: Sequence[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def drawn(ways: Ways) -> str:
    """The shares of cells as in both ends of an interpolation, by step."""
    across, up = Scale(0, STEPS - 1, 50, 430), Scale(0, 1, 190, 20)
    parts = [element("rect", x=0, y=0, width=460, height=230, fill="#fff")]
    for share in (0, 0.5, 1):
        parts.append(element("line", x1=50, x2=430, y1=up(share), y2=up(share), stroke="#ddd"))
        parts.append(element("text", f"{share:.0%}", x=42, y=up(share) + 4, text_anchor="end"))
    for step in range(STEPS):
        parts.append(element("text", str(step + 1), x=across(step), y=210, text_anchor="middle"))
    for name, values, at, anchor, colour in (
        ("as in the first step", ways.start, 1, "start", "#2a6f97"),
        ("as in the last step", ways.end, STEPS - 3, "end", "#c1440e"),
    ):
        places = " ".join(f"{across(step)},{up(value)}" for step, value in enumerate(values))
        parts.append(element("polyline", points=places, fill="none", stroke=colour, stroke_width=2))
        place = {"x": across(at), "y": up(values[at]) - 8, "text_anchor": anchor}
        parts.append(element("text", name, **place, fill=colour))
    words = "Share of cells with the pitch of the first and of the last step, by step of a morph"
    svg = "http://www.w3.org/2000/svg"
    return picture(words, *parts, viewBox="0 0 460 230", xmlns=svg, font_size=12) + "\n"


if __name__ == "__main__":
    main()
