"""A table for the versions that a study plays; the weights by slug wait under another name."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('generator', '0008_drop_old_columns'),
        ('studies', '0004_items'),
    ]

    operations = [
        migrations.RenameField(model_name='study', old_name='composers', new_name='old_weights'),
        migrations.CreateModel(
            name='StudyComposer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weight', models.FloatField(default=1.0, help_text='how often it is drawn, relative to the others; 0: no more')),
                ('composer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='in_studies', to='generator.composer')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='composers', to='studies.study')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='in_studies', to='generator.version')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('study', 'version'), name='version_once_a_study'),
                    models.CheckConstraint(condition=models.Q(('weight__gte', 0), ('weight__lte', 1000.0)), name='weight_in_range'),
                ],
            },
        ),
    ]
