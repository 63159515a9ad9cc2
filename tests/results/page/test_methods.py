from __future__ import annotations

import re

import pytest
from django.urls import reverse

from bachtest.results.page.methods import anchor_of


@pytest.fixture
def methods(client) -> str:
    return client.get(reverse("results:methods")).content.decode()


def test_every_figure_says_how_it_is_computed_and_the_link_leads_there(
    busy, client, methods, recorded_queue
):
    page = client.get(reverse("results:index")).content.decode()
    links = re.findall(rf'href="{reverse("results:methods")}#([^"]+)"', page)
    figures = re.findall(r'<section class="results-section" id="([^"]+)"', page)
    assert len(figures) >= 7
    assert len(links) == len(figures) + 1  # and the identical pairs
    for anchor in links:
        assert methods.count(f' id="{anchor}"') == 1, anchor


def test_the_methods_are_the_docs_as_html(methods):
    assert "<h1" in methods
    assert "<table>" in methods
    assert "Wilson" in methods
    assert re.findall(r'href="[^"]*\.md', methods) == []


def test_headings_get_the_addresses_they_have_on_github():
    assert anchor_of("Looking at any time") == "looking-at-any-time"
    assert anchor_of("Side, order and learning") == "side-order-and-learning"
    assert anchor_of("`d'` & co.") == "d--co"
