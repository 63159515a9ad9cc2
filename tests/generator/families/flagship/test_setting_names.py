"""Settings stored with pieces before they were renamed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps

from generator import migrations
from generator.families.flagship.sampling import SamplingConfig
from generator.models import Piece
from tests.builders import make_composer, make_piece

pytestmark = pytest.mark.django_db

OLD = {
    "order": "time",
    "stride": 1,
    "sweeps": 36,
    "spacing": 3,
    "temperature": 0.3,
    "rhythm": 0.7,
    "cooling": 0.5,
    "lines": 0.5,
    "bias": 1.0,
    "repairs": 24,
    "mending": 1.1,
}


@pytest.fixture
def migration() -> ModuleType:
    file = next(Path(migrations.__path__[0]).glob("*_setting_names.py"))
    return import_module(f"generator.migrations.{file.stem}")


def stored(migration: ModuleType, settings: dict, family: str = "flagship") -> dict:
    """What becomes of the settings of a piece."""
    piece = make_piece(composer=make_composer(family, family=family), settings=settings)
    migration.rename(apps, None)
    return Piece.objects.get(id=piece.id).settings


def test_all_settings_of_a_piece_have_their_names_of_today(migration):
    settings = stored(migration, OLD)
    assert settings == vars(SamplingConfig(**settings)) == vars(SamplingConfig())


def test_a_value_that_a_setting_never_had_by_default_stays_as_a_record(migration):
    settings = stored(migration, OLD | {"stride": 2, "order": "confidence", "mending": 0.8})
    assert (settings["stride"], settings["order"]) == (2, "confidence")
    assert settings["repair_temperature"] == 0.8


def test_what_was_ordered_with_a_setting_is_renamed_too(migration):
    assert stored(migration, {"spacing": 2}) == {"block_spacing": 2}
    assert stored(migration, {}, "flagship") == {}


def test_settings_of_another_family_are_its_own(migration):
    assert stored(migration, {"lines": 4}, "choir") == {"lines": 4}


def test_the_old_names_come_back(migration):
    piece = make_piece(composer=make_composer("flagship", family="flagship"), settings=OLD)
    migration.rename(apps, None)
    migration.rename_back(apps, None)
    expected = {name: value for name, value in OLD.items() if name not in migration.DROPPED}
    assert Piece.objects.get(id=piece.id).settings == expected
