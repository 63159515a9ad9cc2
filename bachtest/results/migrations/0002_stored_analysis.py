from django.db import migrations, models


def drop_fits(apps, schema_editor):
    # The stored form differs before and after; a worker fits again at the next visit of the page.
    StoredAnalysis = apps.get_model("results", "StoredAnalysis")
    StoredAnalysis.objects.update(fit={}, answers=0, seconds=0.0, made_at=None, asked_at=None)


class Migration(migrations.Migration):

    dependencies = [
        ('results', '0001_tallies'),
    ]

    operations = [
        migrations.RenameModel(old_name='Analysis', new_name='StoredAnalysis'),
        migrations.RenameField(model_name='storedanalysis', old_name='findings', new_name='fit'),
        migrations.RunPython(drop_fits, drop_fits),
        migrations.AlterModelOptions(name='storedanalysis', options={'verbose_name_plural': 'stored analyses'}),
    ]
