from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bachtest.stats.__main__ import source_of
from tests.stats.tables.guises import HEADERS, TITLES, WORDS, Guise

NAMES = st.text(st.sampled_from("abcXYZ123äß "), min_size=1, max_size=8).map(str.strip)
NAMES = NAMES.filter(lambda name: name and "  " not in name)
ANSWERS = st.dictionaries(
    st.tuples(NAMES, NAMES), st.booleans(), min_size=1, max_size=12
)  # fmt: skip
GUISES = st.builds(
    Guise,
    header=st.sampled_from(list(HEADERS)),
    words=st.sampled_from(list(WORDS)),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoted=st.booleans(),
    padding=st.sampled_from(["", " ", "\u00a0"]),
    title=st.sampled_from(TITLES),
    trailing=st.integers(0, 2),
    blank_lines=st.booleans(),
    extra_column=st.booleans(),
    compressed=st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(answers=ANSWERS, guise=GUISES)
def test_a_table_in_any_guise_is_the_same_table(tmp_path_factory, answers, guise):
    conditions = {item: ("S", "ATB", "SATB")[len(item) % 3] for _, item in answers}
    rows = [(who, item, conditions[item], right) for (who, item), right in answers.items()]
    # One of each, or --correct-is would not find its word.
    rows += [("someone", "an item", "S", True), ("someone", "another", "S", False)]
    path = tmp_path_factory.mktemp("guise") / "table"
    path.write_bytes(guise.written(rows))
    table = source_of([str(path), *guise.options]).table
    read = zip(
        table.values("listener"),
        table.values("item"),
        table.values("condition"),
        (table.correct == 1).tolist(),
        strict=True,
    )
    assert list(read) == rows
    assert table.of_answers
