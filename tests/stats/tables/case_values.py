"""What each file of cases/ must give: its right value, or words of the refusal."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reads:
    """Right answers, answers, listeners, items and conditions, and words of the notes."""

    correct: int
    n: int
    listeners: int | None = None
    items: int | None = None
    conditions: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A file, the options it is read with, and what it gives: values, or words of a refusal."""

    file: str
    gives: Reads | str
    options: tuple[str, ...] = field(default=())


def case(file: str, gives: Reads | str, *options: str) -> Case:
    return Case(file, gives, options)


def ok(*notes: str, **other: int) -> Reads:
    values = {"correct": 66, "n": 96, "listeners": 12, "items": 20, "conditions": 3} | other
    return Reads(**values, notes=notes)


def small(*notes: str, **other: int) -> Reads:
    values = {"correct": 48, "n": 80, "listeners": 10, "items": 8, "conditions": 1} | other
    return Reads(**values, notes=notes)


def columns(**names: str) -> tuple[str, ...]:
    return tuple(
        part for name, column in names.items() for part in ("--column", f"{name}={column}")
    )


ONE = "There is no column condition"
JSPSYCH = columns(listener="subject_id", item="stimulus")
JSPSYCH_2 = columns(listener="subject", item="stimulus")
GORILLA = columns(listener="Participant Private ID", item="Spreadsheet: item")
PSYNET = columns(listener="participant_id", item="definition", correct="answer")
WEBMUSHRA = columns(listener="email", item="trial_id", correct="choice_answer")
WEBMUSHRA_2 = columns(listener="participant_id", item="trial_id", correct="choice_answer")
ALL_BACH = ("--protocol", "all-bach")
SEMICOLON = ("--delimiter", ";")

CASES = (
    case("Caps.csv", ok()),
    case("NA.csv", "line 11: correct is 'NA', which is no answer; delete 1 such row"),
    case("NA.csv", ok("1 row without an answer left out", n=95, correct=65), "--skip-missing"),
    case("TRUE.csv", ok()),
    case("abx_repeated.csv", "line 3: listener 'l0' answered item 'chorale1' already on line 2"),
    case("abx_repeated.csv", "--protocol abx, --protocol triangle"),
    case(
        "abx_repeated.csv",
        Reads(64, 96, 6, 1, 1, ("6 of 6 pairs of a listener and an item",)),
        *("--protocol", "abx"),
    ),
    case("all_bach.csv", "no column 'correct'"),
    case("all_bach.csv", Reads(64, 96, 12, 20, 2), *ALL_BACH),
    case("all_bach_counts.csv", Reads(124, 220, conditions=2), *ALL_BACH),
    case("all_bach_counts.csv", "no column 'listener', 'item', 'correct'"),
    case("all_bach_first.csv", Reads(24, 40, 10, 4, 1, ("correct is empty", ONE)), *ALL_BACH),
    case("all_bach_first.csv", "line 2: correct is 'NA', which is no answer"),
    case("bachbot.csv", "no column 'correct'"),
    case("bachbot.csv", "add --column correct=response"),
    case(
        "bachbot.csv",
        ok("'response' is read as correct", "'Bach' is right (66 answers), 'bot' is wrong (30)"),
        *("--column", "correct=response", "--correct-is", "Bach"),
    ),
    case("bachbot_correct.csv", "correct is 'Bach'; use 0 or 1"),
    case("bachbot_correct.csv", "--correct-is Bach"),
    case("bachbot_correct.csv", ok("'Bach' is right"), "--correct-is", "bach"),
    case("bachbot_correct.csv", "no answer is 'Mozart'", "--correct-is", "Mozart"),
    case("blank_correct.csv", "line 11: correct is empty"),
    case("blank_correct.csv", ok("left out", n=95, correct=65), "--skip-missing"),
    case("bom.csv", ok()),
    case("correct_2.csv", "line 6: correct is '2'; use 0 or 1"),
    case("counts.csv", Reads(141, 220, conditions=2)),
    case("counts_over.csv", "161 correct of n=100"),
    case("counts_total.csv", "add --column n=total --column correct=right"),
    case(
        "counts_total.csv",
        Reads(141, 220, conditions=2, notes=("'total' is read as n and 'right' as correct",)),
        *columns(n="total", correct="right"),
    ),
    case("cr_only.csv", ok()),
    case("crlf.csv", ok()),
    case("decimal_comma_counts.csv", "separated by semicolons; add --delimiter ';'"),
    case(
        "decimal_comma_counts.csv",
        Reads(55, 90, conditions=2, notes=("'0,65' has a decimal comma, and is read as 0.65",)),
        *SEMICOLON,
    ),
    case("dup.csv", "line 98: listener 'p0' answered item 'item14' already on line 7"),
    case("dup.csv", "add a column trial"),
    case("dup_header.csv", "column 'correct' appears twice"),
    case("emoji.csv", ok()),
    case("empty.csv", "the file is empty"),
    case("experience_own.csv", ok()),
    case("few_items.csv.gz", Reads(700, 1000, 100, 21, 7)),
    case("float01.csv", ok()),
    case("gorilla.csv", "--column 'listener=Participant Private ID' --column 'item=Spreadsheet"),
    case(
        "gorilla.csv",
        ok("1 row without listener, item and correct left out (line 98)"),
        *(*GORILLA, "--column", "condition=Spreadsheet: condition"),
    ),
    case("gorilla.csv", ok("'condition=Spreadsheet: condition'", conditions=1), *GORILLA),
    case("interaction.csv.gz", Reads(2082, 3000, 300, 60, 2)),
    case("jspsych.csv", "add --column listener=subject_id --column item=stimulus"),
    case("jspsych.csv", ok(ONE, conditions=1), *JSPSYCH),
    case("jspsych.json", "a JSON file, not CSV; jsPsych writes CSV with"),
    case("knew.csv", Reads(41, 72, 12, 6, 2)),
    case("latin1.csv", "line 2: not UTF-8 at 'Jürgen,item'"),
    case("latin1.csv", ok(), "--encoding", "latin-1"),
    case("missing_listener.csv", "line 9: listener is empty"),
    case("no_condition.csv", ok(ONE, conditions=1)),
    case("no_listener_col.csv", "no column 'listener'"),
    case("no_rows.csv", Reads(0, 0, 0, 0, 0)),
    case("numbers_fmt.csv", "add --delimiter ';'"),
    case("numbers_fmt.csv", "n is '1,000'; use a whole number without separators", *SEMICOLON),
    case("ok.csv", ok()),
    case("ok.parquet", "a Parquet file, not CSV; in Python, pandas.read_parquet('ok.parquet')"),
    case("ok.xlsx", "an Excel workbook (.xlsx), not CSV; open it and save it as CSV"),
    case("one_row.csv", Reads(1, 1, 1, 1, 1)),
    case("percent_rate.csv", "rate is '61'; use a number from 0 to 1"),
    case("percent_sign.csv", Reads(157, 220, conditions=2, notes=("'61%' is read as 0.61",))),
    case("psynet.csv", "--column listener=participant_id --column item=definition"),
    case("psynet.csv", ok(ONE, conditions=1), *PSYNET),
    case("ragged.csv", "line 5: 5 cells, but the header has 4"),
    case("s01_all_right.csv", Reads(72, 72, 12, 6, 1)),
    case("s02_all_wrong.csv", Reads(0, 72, 12, 6, 1)),
    case("s03_one_answer.csv", Reads(1, 1, 1, 1, 1)),
    case("s04_one_listener.csv", Reads(10, 20, 1, 20, 1)),
    case("s05_separation.csv", Reads(85, 120, 15, 8, 2)),
    case("s06_yes_no_perfect.csv", Reads(40, 40, 5, 8, 1), "--protocol", "yes-no"),
    case("s07_always_left.csv", Reads(48, 100, 10, 10, 1)),
    case("s08_listener_is_item.csv", Reads(41, 60, 60, 60, 1)),
    case("s09_TRUE_FALSE.csv", small()),
    case("s10_pandas_True_False.csv", small()),
    case("s12_excel_de.csv", "add --delimiter ';'"),
    case("s12_excel_de.csv", small(), *SEMICOLON),
    case("s13_capital_header.csv", small()),
    case("s14_missing_NA.csv", "line 28: correct is 'NA'"),
    case("s14b_missing_empty.csv", "line 28: correct is empty"),
    case("s15_doubled.csv", "line 82: listener 'L3' answered item 'I2' already on line 28"),
    case("s15b_doubled_same.csv", "line 82: listener 'L3' answered item 'I0' already on line 26"),
    case("s16_id_1_and_1.0.csv", small("listener: '0.0' and '0' are one")),
    case("s18_pandas_index.csv", small()),
    case("s20_webmushra_pc.csv", "no column 'listener', 'item', 'correct'"),
    case("s20_webmushra_pc.csv", "--correct-is choice_reference", *WEBMUSHRA_2),
    case(
        "s20_webmushra_pc.csv",
        small("right if it is what choice_reference says (48 of 80)"),
        *(*WEBMUSHRA_2, "--correct-is", "choice_reference"),
    ),
    case("s21_jspsych.csv", "add --column listener=subject --column item=stimulus"),
    case("s21_jspsych.csv", small(ONE), *JSPSYCH_2),
    case("s22_counts_over.csv", "12 correct of n=10"),
    case("s23_counts_zero.csv", Reads(6, 10, conditions=2)),
    case("s24_counts_decimal_comma.csv", "add --delimiter ';'"),
    case("s24_counts_decimal_comma.csv", Reads(23, 40, conditions=2), *SEMICOLON),
    case("s25_utf16.csv", "add --encoding utf-16"),
    case("s25_utf16.csv", small(), "--encoding", "utf-16"),
    case("s26_cr_only.csv", small()),
    case("s27_formula_names.csv", small()),
    case("s28_newline_in_cell.csv", small()),
    case("s29_html_names.csv", small()),
    case("s30_singular.csv", Reads(100, 200, 20, 10, 1)),
    case("s31_one_condition_each_item_few.csv", Reads(4, 12, 3, 4, 4)),
    case("s32_below_chance.csv", Reads(30, 100)),
    case("s33_triangle.csv", Reads(10, 15, conditions=1), "--protocol", "triangle"),
    case("s34_twelve_perfect_counts.csv", Reads(12, 12, conditions=1)),
    case("s35_spaces_quotes.csv", small()),
    case("s36_percent.csv", Reads(13, 20, conditions=1, notes=("'65%' is read as 0.65",))),
    case("s37_rate_65.csv", "rate is '65'; use a number from 0 to 1"),
    case("s38_rate_not_whole.csv", "rate 0.66 of n=20 is neither 13 nor 14 right answers"),
    case(
        "same_excerpt_two_conditions.csv",
        Reads(150, 240, 20, 12, 2, ("an item in two conditions is two items",)),
    ),
    case("semicolon.csv", "separated by semicolons; add --delimiter ';'"),
    case("semicolon.csv", ok(), *SEMICOLON),
    case("sorted_by_group.csv.gz", Reads(1309, 2000, 400, 60, 1)),
    case("spaces.csv", Reads(1, 2, 1, 2, 1)),
    case("study.csv.gz", Reads(852, 1280, 160, 84, 7)),
    case("tab.tsv", "separated by tabs; add --delimiter tab"),
    case("tab.tsv", ok(), "--delimiter", "tab"),
    case("ties_word.csv", "ties are read with --protocol pair-ties"),
    case("ties_word.csv", ok(n=85, correct=58), "--protocol", "pair-ties"),
    case("title_row.csv", ok("names of the columns are in line 3", "'My study of Bach, spring")),
    case("trailing_delim.csv", ok()),
    case("tri.csv.gz", Reads(186, 600, 60, 30, 1), "--protocol", "triangle"),
    case("unclosed_quote.csv", "line 2: not valid CSV (a quote is opened here and never closed)"),
    case("utf16.csv", "add --encoding utf-16"),
    case("utf16.csv", ok(), "--encoding", "utf-16"),
    case("webmushra_mushra.csv", "ratings cannot be analysed here"),
    case("webmushra_paired_comparison.csv", "--column correct=choice_answer"),
    case(
        "webmushra_paired_comparison.csv",
        ok("'bach' is right", conditions=1),
        *(*WEBMUSHRA, "--correct-is", "bach"),
    ),
    case("wide.csv", "look like one column for each item"),
    case("yes_no_words.csv", ok("'yes' is right and 'no' is wrong")),
    case("yn.csv.gz", Reads(857, 1600, 40, 40, 1), "--protocol", "yes-no"),
)
