from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from bachtest.game.models import Answer
from bachtest.results.counts.answers import study_report
from bachtest.results.page.published_results import BACHBOT
from bachtest.results.page.rows import voices_in_words
from bachtest.studies.models import Study
from tests.results.rows import make_answer, make_game


def text_of(response):
    texts = []
    parser = HTMLParser()
    parser.handle_data = texts.append
    parser.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(texts))


@pytest.fixture
def page(client, recorded_queue):
    def get(**query):
        response = client.get(reverse("results:index"), query)
        assert response.status_code == 200
        return response

    return get


def test_rates_numbers_and_intervals_are_shown(played, page):
    report = study_report(played)
    response = page()
    text = text_of(response)
    for breakdown in report.breakdowns:
        for cell in breakdown.cells:
            rate = cell.rate
            shown = (
                f"{100 * rate.estimate:.1f}% {100 * rate.low:.1f} to {100 * rate.high:.1f}%"
                f" {rate.n} "
            )
            assert (shown in text) == (rate.n >= 10)
    assert "18 of 26 answers were right" in text
    assert "26 answers from 12 listeners about 3 pairs" in text


def test_cells_with_few_answers_are_named_and_their_count_is_not_shown(played, page):
    text = text_of(page())
    assert "AT alto and tenor hidden: fewer than 10 answers" in text
    assert "Markov chain hidden: fewer than 10 answers" in text
    assert "Expert teaches or researches music hidden: fewer than 10 answers" in text
    # The table of identical pairs must not tell what the others hide.
    assert re.search(r"Markov chain 1 0 0\.0% 70\.0% hidden: fewer than 10 answers", text)


def test_groups_stand_in_their_order(played, page):
    text = text_of(page())
    places = [text.index(words) for words in ("soprano", "alto and tenor", "all four voices")]
    assert places == sorted(places)


def test_every_picture_has_a_text(played, page):
    html = page().content.decode()
    pictures = re.findall(r'<svg class="interval" role="img" aria-label="([^"]*)"', html)
    assert all(pictures)
    assert any("80.0%, interval 49.0% to 94.3%; BachBot 2016: 76.0%" in p for p in pictures)
    # AT has too few answers: the picture shows the published rate alone.
    assert any(picture.startswith("BachBot 2016: 73.0%") for picture in pictures)


def test_a_table_that_scrolls_is_reached_by_keyboard_and_has_a_name(played, page):
    frames = re.findall(r'<div class="table-scroll"([^>]*)>', page().content.decode())
    assert len(frames) >= 6
    for attributes in frames:
        assert re.fullmatch(r' tabindex="0" role="region" aria-label="[^"]+"', attributes)


def test_the_published_rates_name_their_source(played, page):
    text = text_of(page())
    assert "F. Liang" in text
    assert "3,605 answers" in text
    assert len(BACHBOT) == 7


def test_the_page_says_what_is_excluded_and_what_the_intervals_ignore(played, page):
    text = text_of(page())
    assert "2 answers from people who said they knew the piece" in text
    assert "Counting those too, 19 of 28" in text
    assert "each listener answers several times, and each pair is heard by many listeners" in text


def test_identical_pairs_stand_beside_the_rate(played, page):
    assert re.search(r"Flagship 3 1 33\.3% 46\.7% 63\.6% 56\.8%", text_of(page()))


def test_with_fewer_than_ten_answers_there_are_no_rates(played, page):
    for answer in Answer.objects.all()[9:]:
        answer.delete()
    text = text_of(page())
    assert "Fewer than 10 answers so far" in text
    assert "answers were right" not in text
    assert "Counting those too" not in text
    assert '<svg class="interval"' not in page().content.decode()


def test_without_any_answer_or_pair_there_is_a_page(db, page):
    assert "Fewer than 10 answers so far" in text_of(page())


def test_a_missing_quiz_is_not_found(db, client):
    Study.objects.all().delete()
    assert client.get(reverse("results:index")).status_code == 404


def test_a_name_from_outside_is_escaped(played, page):
    composer = Answer.objects.first().round.pair.composer
    composer.name = "<script>alert(1)</script>"
    composer.save()
    html = page().content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_an_unknown_flag_in_the_design_is_said_aloud(played, page):
    played.exclusions = ["late"]
    played.save()
    text = text_of(page())
    assert "a flag that does not exist, late" in text
    assert "19 of 28 answers were right" in text


def test_other_studies_do_not_count(played, page):
    before = text_of(page())
    pair = Answer.objects.first().round.pair
    make_answer(make_game(study=Study.objects.get(slug="other")), pair, correct=True)
    assert text_of(page()) == before


def test_conditions_in_words():
    assert voices_in_words("S") == "soprano"
    assert voices_in_words("AT") == "alto and tenor"
    assert voices_in_words("ATB") == "alto, tenor and bass"
    assert voices_in_words("SATB") == "all four voices"
    assert voices_in_words("NEXT") == "the second half"
    assert voices_in_words("GAP") == "a gap in the middle"
