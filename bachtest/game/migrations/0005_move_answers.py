"""Consents go to participations; sides, plays and seconds heard go to the clips of the rounds.

Played in SQL, which both databases share, since there may be millions of rows.
"""

from __future__ import annotations

from django.db import migrations

PARTICIPATIONS_OF_GAMES = """
    INSERT INTO game_participation
        (listener_id, study_id, consent_version, consented_at, experience, age_group, created)
    SELECT DISTINCT listener.id, game.study_id, listener.consent_version, listener.consented_at,
        listener.experience, listener.age_group, listener.created
    FROM game_listener listener JOIN game_game game ON game.listener_id = listener.id
"""
# Without a game: the study whose consent was given, else the oldest study.
PARTICIPATIONS_WITHOUT_GAME = """
    INSERT INTO game_participation
        (listener_id, study_id, consent_version, consented_at, experience, age_group, created)
    SELECT listener.id,
        COALESCE(
            (SELECT MIN(id) FROM studies_study WHERE consent_version = listener.consent_version),
            (SELECT MIN(id) FROM studies_study)
        ),
        listener.consent_version, listener.consented_at, listener.experience,
        listener.age_group, listener.created
    FROM game_listener listener
    WHERE NOT EXISTS (SELECT 1 FROM game_game WHERE listener_id = listener.id)
        AND EXISTS (SELECT 1 FROM studies_study)
"""
GAMES = """
    UPDATE game_game SET participation_id = (
        SELECT id FROM game_participation participation
        WHERE participation.listener_id = game_game.listener_id
            AND participation.study_id = game_game.study_id
    )
"""
CLIPS = """
    INSERT INTO game_roundclip (round_id, position, role, piece_id, token, first_play, plays, heard)
    SELECT round.id, {position}, '',
        CASE round.bach_side WHEN '{side}' THEN pair.bach_id ELSE pair.machine_id END,
        round.{side}_token, round.first_play_{side},
        COALESCE(answer.plays_{side}, round.plays_{side}), COALESCE(answer.heard_{side}, 0)
    FROM game_round round
    JOIN generator_pair pair ON pair.id = round.pair_id
    LEFT JOIN game_answer answer ON answer.round_id = round.id
"""
RESPONSES = "UPDATE game_answer SET response = CASE chosen WHEN 'left' THEN '1' ELSE '2' END"

# Back again. A listener of several studies keeps what was stated last, and one of none is asked for
# consent again.
LISTENERS = """
    UPDATE game_listener SET {column} = COALESCE((
        SELECT {column} FROM game_participation WHERE listener_id = game_listener.id
        ORDER BY consented_at DESC, id DESC LIMIT 1
    ), {column})
"""
NO_CONSENT = "UPDATE game_listener SET consent_version = '' WHERE consent_version IS NULL"
GAMES_BACK = """
    UPDATE game_game SET
        listener_id = (SELECT listener_id FROM game_participation WHERE id = participation_id),
        study_id = (SELECT study_id FROM game_participation WHERE id = participation_id),
        participation_id = NULL
"""
ROUNDS_BACK = """
    UPDATE game_round SET
        {side}_token = (SELECT token FROM game_roundclip clip WHERE {clip}),
        first_play_{side} = (SELECT first_play FROM game_roundclip clip WHERE {clip}),
        plays_{side} = (SELECT plays FROM game_roundclip clip WHERE {clip})
"""
SIDES_BACK = """
    UPDATE game_round SET bach_side = CASE (
        SELECT clip.position FROM game_roundclip clip
        JOIN generator_pair pair ON pair.bach_id = clip.piece_id
        WHERE clip.round_id = game_round.id AND pair.id = game_round.pair_id
    ) WHEN 1 THEN 'left' ELSE 'right' END
"""
ANSWERS_BACK = """
    UPDATE game_answer SET
        heard_{side} = (SELECT heard FROM game_roundclip clip WHERE {clip}),
        plays_{side} = (SELECT plays FROM game_roundclip clip WHERE {clip})
"""
CHOSEN_BACK = "UPDATE game_answer SET chosen = CASE response WHEN '1' THEN 'left' ELSE 'right' END"
# The old tables have one round a number, so rounds that were withdrawn go, with their clips. They
# have no answers; that their listeners have heard them is forgotten.
CLIPS_GONE = "DELETE FROM game_roundclip"
WITHDRAWN_GONE = "DELETE FROM game_round WHERE withdrawn"
SIDES = ((1, "left"), (2, "right"))
STATED = ("consent_version", "consented_at", "experience", "age_group")


def clip_at(position: int, round_id: str) -> str:
    return f"clip.position = {position} AND clip.round_id = {round_id}"


FORWARD = [
    PARTICIPATIONS_OF_GAMES,
    PARTICIPATIONS_WITHOUT_GAME,
    GAMES,
    *(CLIPS.format(position=position, side=side) for position, side in SIDES),
    RESPONSES,
]
BACKWARD = [
    *(LISTENERS.format(column=column) for column in STATED),
    NO_CONSENT,
    GAMES_BACK,
    *(
        sql.format(side=side, clip=clip_at(position, round_id))
        for sql, round_id in ((ROUNDS_BACK, "game_round.id"), (ANSWERS_BACK, "game_answer.round_id"))
        for position, side in SIDES
    ),
    SIDES_BACK,
    CHOSEN_BACK,
    CLIPS_GONE,
    WITHDRAWN_GONE,
    "DELETE FROM game_participation",
]


class Migration(migrations.Migration):
    moves_answers = True
    dependencies = [("game", "0004_participations_and_clips")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
