"""The tables for participations and for the clips of rounds. Old columns may be empty from here on."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('game', '0003_withdrawn'),
        ('generator', '0005_setting_names'),
        ('studies', '0003_help_texts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Participation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consent_version', models.CharField(max_length=20)),
                ('consented_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('experience', models.CharField(choices=[('novice', 'I listen to music'), ('intermediate', 'I have played an instrument'), ('advanced', 'I have studied music theory'), ('expert', 'I teach or research music'), ('unstated', 'I would rather not say')], default='unstated', max_length=12)),
                ('age_group', models.CharField(choices=[('under-18', 'under 18'), ('18-29', '18 to 29'), ('30-44', '30 to 44'), ('45-59', '45 to 59'), ('60-plus', '60 or over'), ('unstated', 'I would rather not say')], default='unstated', max_length=8)),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('listener', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='participations', to='game.listener')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='participations', to='studies.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('listener', 'study'), name='participation_once')],
            },
        ),
        migrations.CreateModel(
            name='RoundClip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(help_text='1 for the first, or the left one')),
                ('role', models.CharField(blank=True, choices=[('A', 'A'), ('B', 'B'), ('X', 'X'), ('odd', 'Odd')], help_text='empty where all are alike', max_length=3)),
                ('token', models.CharField(help_text='what the browser gets instead of a file name', max_length=43, unique=True)),
                ('first_play', models.DateTimeField(blank=True, null=True)),
                ('plays', models.PositiveIntegerField(default=0)),
                ('heard', models.FloatField(default=0.0, help_text='seconds heard, as the browser reports')),
                ('piece', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='round_clips', to='generator.piece')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clips', to='game.round')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('round', 'position'), name='one_clip_a_position')],
            },
        ),
        migrations.AddField(
            model_name='game',
            name='participation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='games', to='game.participation'),
        ),
        migrations.AddField(
            model_name='round',
            name='kind',
            field=models.CharField(choices=[('scored', 'one answer is right'), ('no_truth', 'no answer is right or wrong'), ('trap', 'whoever listens answers it right')], default='scored', max_length=8),
        ),
        migrations.AddField(
            model_name='answer',
            name='response',
            field=models.CharField(choices=[('1', 'the clip at position 1'), ('2', 'the clip at position 2'), ('3', 'the clip at position 3'), ('bach', 'the clip is by Bach'), ('machine', 'the clip is by a machine'), ('none', 'no idea')], default='', max_length=7),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='listener',
            name='consent_version',
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.AlterField(
            model_name='game',
            name='listener',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='games', to='game.listener'),
        ),
        migrations.AlterField(
            model_name='game',
            name='study',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='games', to='studies.study'),
        ),
        migrations.AlterField(
            model_name='round',
            name='bach_side',
            field=models.CharField(choices=[('left', 'Left'), ('right', 'Right')], max_length=5, null=True),
        ),
        migrations.AlterField(
            model_name='round',
            name='left_token',
            field=models.CharField(max_length=43, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='round',
            name='right_token',
            field=models.CharField(max_length=43, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='answer',
            name='chosen',
            field=models.CharField(choices=[('left', 'Left'), ('right', 'Right')], max_length=5, null=True),
        ),
        migrations.AlterField(
            model_name='answer',
            name='heard_left',
            field=models.FloatField(null=True),
        ),
        migrations.AlterField(
            model_name='answer',
            name='heard_right',
            field=models.FloatField(null=True),
        ),
        migrations.AlterField(
            model_name='answer',
            name='plays_left',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='answer',
            name='plays_right',
            field=models.PositiveIntegerField(null=True),
        ),
    ]
