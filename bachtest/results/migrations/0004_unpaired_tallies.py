from django.db import migrations


def count_again(apps, schema_editor):
    # Answers to unpaired items are counted too from now on, and were not before.
    apps.get_model("results", "StoredAnalysis").objects.update(flags_version=0)


def forget(apps, schema_editor):
    apps.get_model("results", "Tally").objects.filter(table="unpaired").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('results', '0003_count_versions'),
    ]

    operations = [
        migrations.RunPython(count_again, forget),
    ]
