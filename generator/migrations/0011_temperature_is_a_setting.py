"""A piece's temperature was a factor on those of its composer; it goes into the settings of the piece.

A budget of steps that was kept among the settings gets its column. Versions no longer list defaults
alone; `manage.py prepare` writes what they list today.
"""

from django.db import migrations

SCALED = ("temperature", "rhythm")


def forward(apps, schema_editor):
    for piece in written(apps):
        settings = dict(piece.settings)
        piece.budget_steps = settings.pop("budget_steps", piece.budget_steps)
        defaults = defaults_of(piece.version)
        # What a piece that is done was written with stands in its row, complete.
        incomplete = piece.status == "done" and not settings and not defaults
        if piece.temperature != 1.0 or incomplete:
            own = {"temperature": 1.0} | defaults | settings
            settings |= {name: own[name] * piece.temperature for name in SCALED if name in own}
        save_changed(piece, settings)
    apps.get_model("generator", "Version").objects.update(settings={})


def back(apps, schema_editor):
    for piece in written(apps):
        settings = dict(piece.settings)
        # Composers without other settings knew none of that name; the factor was the temperature.
        if set(settings) == {"temperature"} and not defaults_of(piece.version):
            piece.temperature = settings.pop("temperature")
        if piece.budget_steps is not None:  # kept where there is a place
            settings["budget_steps"] = piece.budget_steps
        save_changed(piece, settings)
    for version in apps.get_model("generator", "Version").objects.exclude(settings={}).iterator():
        version.settings = {name: each["default"] for name, each in version.settings.items()}
        if set(version.settings) == {"temperature"}:
            version.settings = {}
        version.save(update_fields=["settings"])


def written(apps):
    """Pieces by composers; those of collections have no settings."""
    pieces = apps.get_model("generator", "Piece").objects.filter(version__isnull=False, source="")
    fields = ("settings", "temperature", "budget_steps", "status", "version")
    return pieces.select_related("version").only(*fields, "version__settings").iterator()


def defaults_of(version):
    """What a version has by default; nothing if all that it has is a temperature."""
    return {} if set(version.settings) == {"temperature"} else version.settings


def save_changed(piece, settings):
    if settings != piece.settings:
        piece.settings = settings
        piece.save(update_fields=["settings", "temperature", "budget_steps"])


class Migration(migrations.Migration):
    dependencies = [("generator", "0010_rows_describe_versions")]

    operations = [migrations.RunPython(forward, back)]
