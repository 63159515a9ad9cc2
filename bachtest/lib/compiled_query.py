"""Queries whose SQL is made once in a process.

Of a query for a few rows, Django takes up to twenty times as long to make the SQL as the database
takes to answer it. This is for the reading queries that each request of a round makes.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, Model, QuerySet

Row = TypeVar("Row")


class LaterValue(Expression):
    """Stands in a query for a value that is known when the query is asked."""

    def __init__(self, place: int, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class CompiledQuery(Generic[Row]):
    """Called with a value of each field, or a row for its key, it returns `list(make(*values))`.

    `make` is called once, with stand-ins. What it returns must follow from the code alone, and it
    takes no locks: Django looks whether there is a transaction only while it makes the SQL.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Row]], *fields: Field[Any, Any]) -> None:
        self._make, self._fields = make, fields

    def __call__(self, *values: object) -> list[Row]:
        made, compiler, sql, parameters = self._compiled
        compiler = copy(compiler)
        compiler.connection = connection = connections[DEFAULT_DB_ALIAS]
        stored = [
            field.get_db_prep_value(_key(value), connection)
            for field, value in zip(self._fields, values, strict=True)
        ]
        given = [
            stored[each.place] if isinstance(each, LaterValue) else each for each in parameters
        ]
        compiler.as_sql = lambda *args, **kwargs: (sql, given)
        rows = made.all()
        rows.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
        return list(rows)

    @cached_property
    def _compiled(self) -> tuple[QuerySet[Any, Row], Any, str, tuple[Any, ...]]:
        made = self._make(*(LaterValue(place, field) for place, field in enumerate(self._fields)))
        if made.query.select_for_update:
            raise ValueError("a compiled query takes no locks")
        # It also knows which columns make which objects.
        compiler = made.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        compiler.connection = None  # each thread has its own
        return made, compiler, sql, parameters


def _key(value: object) -> object:
    return value.pk if isinstance(value, Model) else value
