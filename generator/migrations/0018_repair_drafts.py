"""Versions that choose among drafts of a beat, but not yet of a repair, go on writing as they did."""

from django.db import migrations

ONE_DRAFT = {
    "default": 1,
    "low": 1,
    "high": 100,
    "help": "drafts of a repair; of those with the fewest faults, a critic chooses",
}


def forward(apps, schema_editor):
    versions = apps.get_model("generator", "Version").objects
    for version in versions.filter(settings__has_keys=["critic_sweeps", "repairs"]).iterator():
        if "repair_drafts" not in version.settings:
            version.settings["repair_drafts"] = ONE_DRAFT
            version.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("generator", "0017_rendering_profile")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
