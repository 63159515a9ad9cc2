"""Some settings of fills are renamed in the pieces that store them."""

from django.db import migrations

NAMES = {
    "spacing": "block_spacing",
    "lines": "melodic_weight",
    "mending": "repair_temperature",
}
# Settings that no longer exist, with their defaults. A default is dropped. Any other value stays as
# a record of how a piece was written; a queued piece that asks for one fails and says so.
DROPPED = {"order": "time", "stride": 1}


def rename(apps, schema_editor):
    def renamed(settings):
        return {
            NAMES.get(name, name): value
            for name, value in settings.items()
            if name not in DROPPED or value != DROPPED[name]
        }

    _each(apps, renamed)


def rename_back(apps, schema_editor):
    # What was dropped does not come back: the old code uses these defaults where none is stored.
    names = {new: old for old, new in NAMES.items()}
    _each(apps, lambda settings: {names.get(name, name): v for name, v in settings.items()})


def _each(apps, change):
    pieces = apps.get_model("generator", "Piece").objects.exclude(settings={})
    for piece in pieces.only("settings").iterator():
        changed = change(piece.settings)
        if changed != piece.settings:
            piece.settings = changed
            piece.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("generator", "0004_excluded_reason")]

    operations = [migrations.RunPython(rename, rename_back)]
