"""The kept counts of rounds and answers begin with what is there."""

from __future__ import annotations

from django.db import migrations

COUNT = """
    INSERT INTO studies_studyitem (study_id, pair_id, exposures, answered)
    SELECT participation.study_id, round.pair_id,
        SUM(CASE WHEN round.withdrawn THEN 0 ELSE 1 END), COUNT(answer.id)
    FROM game_round round
    JOIN game_game game ON game.id = round.game_id
    JOIN game_participation participation ON participation.id = game.participation_id
    LEFT JOIN game_answer answer ON answer.round_id = round.id
    GROUP BY participation.study_id, round.pair_id
"""


class Migration(migrations.Migration):
    dependencies = [("game", "0006_drop_moved_columns"), ("studies", "0004_items")]
    operations = [migrations.RunSQL(COUNT, "DELETE FROM studies_studyitem")]
