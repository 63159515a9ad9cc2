"""What has moved is dropped, and what took its place must be there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('game', '0005_move_answers'),
        ('generator', '0005_setting_names'),
        ('studies', '0003_help_texts'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='answer', name='answer_chosen_side'),
        migrations.RemoveConstraint(model_name='game', name='one_unfinished_game_a_listener'),
        migrations.RemoveConstraint(model_name='round', name='round_bach_side'),
        migrations.RemoveField(model_name='answer', name='chosen'),
        migrations.RemoveField(model_name='answer', name='heard_left'),
        migrations.RemoveField(model_name='answer', name='heard_right'),
        migrations.RemoveField(model_name='answer', name='plays_left'),
        migrations.RemoveField(model_name='answer', name='plays_right'),
        migrations.RemoveField(model_name='game', name='listener'),
        migrations.RemoveField(model_name='game', name='study'),
        migrations.RemoveField(model_name='listener', name='age_group'),
        migrations.RemoveField(model_name='listener', name='consent_version'),
        migrations.RemoveField(model_name='listener', name='consented_at'),
        migrations.RemoveField(model_name='listener', name='experience'),
        migrations.RemoveField(model_name='round', name='bach_side'),
        migrations.RemoveField(model_name='round', name='first_play_left'),
        migrations.RemoveField(model_name='round', name='first_play_right'),
        migrations.RemoveField(model_name='round', name='left_token'),
        migrations.RemoveField(model_name='round', name='plays_left'),
        migrations.RemoveField(model_name='round', name='plays_right'),
        migrations.RemoveField(model_name='round', name='right_token'),
        migrations.AlterField(
            model_name='game',
            name='participation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='games', to='game.participation'),
        ),
        migrations.AlterField(
            model_name='answer',
            name='correct',
            field=models.BooleanField(help_text='empty without a truth, or without an idea', null=True),
        ),
        migrations.AlterField(
            model_name='answer',
            name='first',
            field=models.BooleanField(help_text='Bach was heard first', null=True),
        ),
        migrations.AddConstraint(
            model_name='game',
            constraint=models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('participation',), name='one_unfinished_game_a_participation'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(('response__in', ['1', '2', '3', 'bach', 'machine', 'none'])), name='answer_response'),
        ),
    ]
