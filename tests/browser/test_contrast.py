"""WCAG 2.2 contrast between the colours in variables.css, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parent.parent.parent / "static/css/variables.css"
TEXT = [
    ("ink", "wall"),
    ("ink", "paper"),
    ("muted", "wall"),
    ("muted", "paper"),
    ("on-case", "case"),
    ("on-case-muted", "case"),
    ("on-gilt", "gilt"),
    ("on-gilt", "gilt-hover"),
    ("ink", "gilt-wash"),
    ("gilt-ink", "wall"),
    ("gilt-ink", "paper"),
    ("gilt-ink", "gilt-wash"),
    ("bot-ink", "paper"),
    ("bot-ink", "bot-wash"),
    ("wrong", "wall"),
    ("wrong", "paper"),
    ("ink", "wrong-wash"),
    ("paper", "ink"),
]
SIGNS = [
    ("field", "paper"),
    ("field", "wall"),
    ("focus", "wall"),
    ("focus", "paper"),
    ("gilt-mark", "paper"),
    ("gilt-mark", "wall"),
    ("bot", "paper"),
    ("gilt", "case"),
    ("gilt-mark", "differs"),
    ("bot", "differs"),
    ("on-case-muted", "case"),
]


def colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


def schemes() -> dict[str, dict[str, str]]:
    light, dark = CSS.read_text().split("@media (prefers-color-scheme: dark)")
    return {"light": colours(light), "dark": colours(light) | colours(dark)}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_the_published_one() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    known = schemes()[scheme]
    weak = {pair: contrast(known[pair[0]], known[pair[1]]) for pair in TEXT}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signs_stand_out_from_their_ground(scheme: str) -> None:
    known = schemes()[scheme]
    weak = {pair: contrast(known[pair[0]], known[pair[1]]) for pair in SIGNS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}
