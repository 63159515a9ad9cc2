"""A compiled query finds what Django's own would, whoever asks, and its SQL is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import Count, Q

from bachtest.lib.compiled_query import CompiledQuery
from generator.models import Composer, Pair, Piece, Work
from tests.builders import make_composer, make_pairs, make_work

WORKS = CompiledQuery(lambda part: Work.objects.filter(part=part), Work._meta.get_field("part"))


def test_rows_are_those_of_each_value(db):
    made = {part: [make_work(part=part).bwv for _ in range(2)] for part in ("train", "test")}
    for part in ("test", "train", "valid", "test"):
        assert [work.bwv for work in WORKS(part)] == made.get(part, [])


def test_rows_that_came_meanwhile_are_found(db):
    assert WORKS("test") == []
    work = make_work()
    assert WORKS("test") == [work]


def test_joined_objects_come_with_the_rows(db, django_assert_num_queries):
    pairs = make_pairs(["S", "A"], make_composer("bot"))

    def make(pair):
        return Pair.objects.filter(id=pair).select_related("machine__version__composer")

    query = CompiledQuery(make, Pair._meta.pk)
    for pair in pairs:
        with django_assert_num_queries(1):
            [found] = query(pair.id)
            assert found.machine.condition == pair.machine.condition
            assert found.machine.grid == pair.machine.grid
            assert found.composer.slug == "bot"


def test_values_are_converted_as_django_does(db):
    [pair] = make_pairs(["S"], make_composer("bot"))

    def make(bach, machine):
        pieces = Piece.objects.filter(Q(id=bach) | Q(id=machine)).order_by("id")
        return pieces.values_list("version", "grid", "status").annotate(Count("renderings"))

    assert CompiledQuery(make, Piece._meta.pk, Piece._meta.pk)(
        pair.bach_id, pair.machine_id
    ) == list(make(pair.bach_id, pair.machine_id))


def test_a_row_stands_for_its_key(db):
    composer = make_composer("bot")
    query = CompiledQuery(lambda composer: Composer.objects.filter(id=composer), Composer._meta.pk)
    assert query(composer) == query(composer.id) == [composer]


def test_the_sql_is_made_once(db):
    made = []

    def make(part):
        made.append(part)
        return Work.objects.filter(part=part).values_list("bwv", flat=True)

    query = CompiledQuery(make, Work._meta.get_field("part"))
    assert [query(part) for part in ("test", "train", "test")] == [[], [], []]
    assert len(made) == 1


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection():
    asked = []

    def ask() -> None:
        try:
            with connection.execute_wrapper(
                lambda run, *rest: asked.append(connection) or run(*rest)
            ):
                WORKS("test")
        finally:
            connection.close()

    ask()
    with ThreadPoolExecutor(1) as other:
        other.submit(ask).result()
    assert len(asked) == 2


def test_it_takes_no_locks(db):
    query = CompiledQuery(
        lambda work: Work.objects.select_for_update().filter(id=work), Work._meta.pk
    )
    with transaction.atomic(), pytest.raises(ValueError, match="takes no locks"):
        query(1)


@pytest.mark.parametrize("values", [(), ("train", "test")])
def test_it_wants_a_value_of_each_field(db, values):
    with pytest.raises(ValueError, match="zip"):
        WORKS(*values)
