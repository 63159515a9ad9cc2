from django.db import migrations


def count_again(apps, schema_editor):
    # Tallies name versions from now on, and named composers before: both ways they are made anew.
    apps.get_model("results", "StoredAnalysis").objects.update(flags_version=0)


def name_versions(apps, schema_editor):
    # A fit still holds, unless the study has several versions of a composer: then it is stale.
    for analysis in _fits(apps):
        analysis.fit["design"]["versions"] = []
        analysis.save(update_fields=["fit"])


def forget_versions(apps, schema_editor):
    for analysis in _fits(apps):
        del analysis.fit["design"]["versions"]
        analysis.save(update_fields=["fit"])


def _fits(apps):
    return apps.get_model("results", "StoredAnalysis").objects.exclude(fit={})


class Migration(migrations.Migration):

    dependencies = [
        ('results', '0002_stored_analysis'),
    ]

    operations = [
        migrations.RunPython(count_again, count_again),
        migrations.RunPython(name_versions, forget_versions),
    ]
