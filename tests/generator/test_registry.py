"""Families of installed packages: what is wrong with one is its own trouble and nobody else's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from generator import registry
from generator.families.markov.markov import Markov
from generator.models import Composer, Piece
from generator.registry import (
    ENTRY_POINT,
    OURS,
    Registered,
    Registry,
    RegistryError,
    Shipped,
    Starter,
    installed,
)
from generator.services.pieces import produce_piece
from tests.builders import make_excerpt, make_miniature, make_piece, make_work

Install = Callable[..., None]
IMPORTS = "from pathlib import Path\nfrom generator.registry import Registered, Shipped, Starter\n"
SOUND = f"{IMPORTS}REGISTERED = Registered('choir.Family', 'choir.Trainer', (%s))"


@pytest.fixture
def install(monkeypatch, tmp_path) -> Iterator[Install]:
    """Installs packages of one module, each with an entry point of some name."""
    points = []

    def package(module: str, code: str, name: str = "choir") -> None:
        (tmp_path / f"{module}.py").write_text(code)
        points.append(EntryPoint(name, f"{module}:REGISTERED", ENTRY_POINT))
        monkeypatch.delitem(sys.modules, module, raising=False)
        installed.cache_clear()

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    installed.cache_clear()
    yield package
    installed.cache_clear()


BROKEN = {
    "import": ("import no_such_module_of_a_choir", "ModuleNotFoundError: No module named"),
    "syntax": ("def", "SyntaxError: "),
    "value": ("raise ValueError('at import')", "ValueError: at import"),
    "exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "attribute": ("OTHER = 1", "AttributeError: "),
    "kind": ("REGISTERED = 'choir.Family'", "is not a Registered"),
    "bach": (SOUND % "Shipped('bach', 'Me'),", "slug 'bach' is Bach's own"),
    "slug": (SOUND % "Shipped('../choir', 'Choir'),", "slug '../choir'; use 1 to 50 letters"),
    "taken": (SOUND % "Shipped('markov', 'Chain'),", "two families ship a composer 'markov'"),
}


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_leaves_all_other_families_alone(install, caplog, code, reason):
    install("choir_of_a_package", SOUND % "Shipped('choir', 'Choir'),", "choir")
    install("broken_choir", code, "broken")
    install("zither_of_a_package", SOUND % "", "zither")
    assert list(installed().families) == [*OURS, "choir", "zither"]
    assert installed().family("markov") is Markov
    with pytest.raises(RegistryError, match=reason) as raised:
        installed().family("broken")
    assert "broken_choir:REGISTERED" in str(raised.value)
    installed()
    assert caplog.text.count(reason) == 1, "it is logged once"


@pytest.mark.parametrize("name", ["odd name", "a/b", "x" * 41, ""])
def test_a_family_with_an_odd_name_is_left_out(install, name):
    install("odd_choir", SOUND % "", name)
    assert list(installed().families) == list(OURS)
    assert "use 1 to 40 letters, digits, hyphens" in str(installed().broken[name])


def test_nobody_takes_the_name_of_another_family(install):
    install("other_chain", SOUND % "", "markov")
    assert installed().entry("markov") == OURS["markov"]
    assert "takes the name of family 'markov'" in str(installed().broken["markov"])


@pytest.mark.django_db
def test_a_broken_package_is_shown_where_people_look(install, settings, recorded_queue):
    install("broken_choir", "1 / 0")
    out, err = StringIO(), StringIO()
    call_command("check", stdout=out, stderr=err)
    reason = "family 'choir': broken_choir:REGISTERED cannot be loaded (ZeroDivisionError"
    assert reason in err.getvalue()
    settings.REGISTRY = Registry({}, installed().broken)
    with pytest.raises(CommandError, match="not installed: family 'choir': broken_choir"):
        call_command("install_composers", stdout=out)
    assert Composer.objects.filter(slug="bach").exists()


@pytest.mark.django_db
def test_pieces_of_other_families_are_made_beside_a_broken_package(install, tmp_path, corpus):
    install("broken_choir", "raise ValueError")
    mini = make_miniature(tmp_path)
    excerpt = make_excerpt(make_work("BWV269"), 0, 32)
    piece = make_piece(excerpt, mini, status=Piece.Status.QUEUED, grid=None, done=None)
    assert produce_piece(piece.id) == "done"


def test_a_composer_that_cannot_have_a_row_is_refused():
    for slug in ("", "two words", "x" * 51, "clé", "bach\n"):
        with pytest.raises(RegistryError, match="use 1 to 50 letters"):
            Shipped(slug, "Choir")
    with pytest.raises(RegistryError, match="use 1 to 100 characters"):
        Shipped("choir", "x" * 101)


def test_a_starter_is_among_the_familys_own_composers():
    with pytest.raises(RegistryError, match="starter 'markov' is not among its composers"):
        Registered("choir.Family", "choir.Trainer", starter=Starter("markov", 1.0, {}))


class Duck:
    name = "duck"


class Chain(Markov):
    name = "chain"


@pytest.mark.parametrize(
    ("dotted", "reason"),
    [
        ("Duck", r"is not a subclass of .*\.Family"),
        ("make_work", r"is not a subclass of .*\.Family"),
        ("Chain", "has the name 'chain'; use one name for both"),
        ("Goose", "cannot be loaded .AttributeError"),
    ],
)
def test_only_a_family_of_that_name_is_given(dotted, reason):
    given = Registry({"duck": Registered(f"{__name__}.{dotted}", f"{__name__}.Duck")})
    with pytest.raises(RegistryError, match=reason):
        given.family("duck")
    with pytest.raises(RegistryError, match=r"is not a subclass of .*\.Trainer"):
        given.trainer("duck")


def test_code_that_fails_when_it_is_imported_is_named(install):
    install("falling_choir", "1 / 0")
    given = Registry({"choir": Registered("falling_choir.Family", "falling_choir.Trainer")})
    with pytest.raises(RegistryError, match=r"falling_choir\.Family cannot be loaded .ZeroDiv"):
        given.family("choir")


def test_a_family_that_is_not_there_is_named_with_the_way_out():
    with pytest.raises(RegistryError, match="family 'choir' is not installed; install its package"):
        Registry(OURS).family("choir")
