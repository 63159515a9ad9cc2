from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from bachtest.lib import svg


@pytest.mark.parametrize("words", ['<script>alert("1")</script>', "Bach's & others"])
def test_words_and_attributes_cannot_leave_their_place(words):
    picture = ET.fromstring(svg.picture(words, svg.text(words, 0, 0, class_=words)))
    [label] = picture
    assert picture.attrib == {"role": "img", "aria-label": words}
    assert (label.text, label.attrib["class"]) == (words, words)
    assert list(label) == []


def test_a_scale_draws_values_outside_at_its_nearer_end():
    scale = svg.Scale(0.4, 0.8, 84, 5, "%")
    assert [scale.place(value) for value in (0, 0.4, 0.6, 0.8, 1)] == [
        "84%",
        "84%",
        "44.5%",
        "5%",
        "5%",
    ]


def test_a_scale_of_one_value_starts_with_it():
    assert svg.Scale(3, 3, 10, 90)(3) == 10


def test_an_axis_has_a_line_and_a_label_for_each_value():
    axis = ET.fromstring(f"<g>{svg.x_axis(svg.Scale(0, 1, 0, 200), {0.5: 'half'}, 4, 50)}</g>")
    line, label = axis
    assert line.attrib == {"class": "tick", "x1": "100", "x2": "100", "y1": "4", "y2": "50"}
    assert (label.text, label.attrib["x"], label.attrib["y"]) == ("half", "100", "66")


def test_an_estimate_stands_on_the_line_of_its_interval():
    line = svg.horizontal("50%", "40%", "60%")
    group = ET.fromstring(svg.dot_on_line(("55%", "50%"), line, 5, class_="estimate"))
    assert [part.tag for part in group] == ["line", "circle"]
    assert group[0].attrib == {"x1": "40%", "x2": "60%", "y1": "50%", "y2": "50%"}
    assert group[1].attrib == {"cx": "55%", "cy": "50%", "r": "5"}
