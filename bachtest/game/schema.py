"""Response shapes that operations share. Each lists its fields, so no new column can leak."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from bachtest.game.models import Answer, Side


@extend_schema_serializer(component_name="Clip")
class ClipSerializer(serializers.Serializer[object]):
    side = serializers.ChoiceField(Side.choices)
    url = serializers.CharField()
    seconds = serializers.FloatField()


@extend_schema_serializer(component_name="HeardSoFar")
class HeardSoFarSerializer(serializers.Serializer[object]):
    side = serializers.ChoiceField(Side.choices)
    plays = serializers.IntegerField()
    seconds = serializers.FloatField()


@extend_schema_serializer(component_name="Plays")
class PlaysSerializer(serializers.Serializer[object]):
    left = serializers.IntegerField()
    right = serializers.IntegerField()


@extend_schema_serializer(component_name="Round")
class RoundSerializer(serializers.Serializer[object]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    listen_seconds = serializers.FloatField()
    clips = ClipSerializer(many=True)
    heard = HeardSoFarSerializer(many=True)


@extend_schema_serializer(component_name="Others")
class OthersSerializer(serializers.Serializer[object]):
    answers = serializers.IntegerField()
    correct = serializers.IntegerField()


class RunsField(serializers.ListField):
    """The notes and rests of a voice: [length in steps, pitch], where -1 is a rest."""

    child = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)


@extend_schema_serializer(component_name="Voices")
class VoicesSerializer(serializers.Serializer[object]):
    soprano = RunsField()
    alto = RunsField()
    tenor = RunsField()
    bass = RunsField()


@extend_schema_serializer(component_name="Mark")
class MarkSerializer(serializers.Serializer[object]):
    """What a teacher of counterpoint would mark, such as parallel fifths."""

    kind = serializers.CharField()
    voices = serializers.ListField(child=serializers.CharField())
    step = serializers.IntegerField()
    bar = serializers.IntegerField(help_text="counted from the first bar line; 0 is the upbeat")
    sentence = serializers.CharField()


@extend_schema_serializer(component_name="Notes")
class NotesSerializer(serializers.Serializer[object]):
    side = serializers.ChoiceField(Side.choices)
    lead = serializers.FloatField(help_text="seconds of the clip before its first step")
    step = serializers.FloatField(help_text="seconds of one step, a sixteenth")
    steps = serializers.IntegerField()
    bars = serializers.ListField(
        child=serializers.IntegerField(), help_text="steps at which a bar begins"
    )
    voices = VoicesSerializer()
    marks = MarkSerializer(
        many=True, help_text="in what the machine wrote, and in the same voices of Bach’s clip"
    )


@extend_schema_serializer(component_name="Reveal")
class RevealSerializer(serializers.Serializer[object]):
    number = serializers.IntegerField()
    chosen = serializers.ChoiceField(Side.choices, allow_null=True)
    bach = serializers.ChoiceField(Side.choices, allow_null=True)
    correct = serializers.BooleanField(allow_null=True)
    bwv = serializers.CharField()
    title = serializers.CharField()
    title_english = serializers.CharField(allow_blank=True)
    occasion = serializers.CharField(allow_blank=True)
    composer = serializers.CharField(allow_null=True)
    about = serializers.CharField(
        allow_blank=True, help_text="the composer, in a sentence; empty if there is none"
    )
    condition = serializers.CharField()
    written = serializers.ListField(child=serializers.CharField())
    part = serializers.CharField(allow_blank=True)
    paired = serializers.BooleanField(help_text="both clips are of the same excerpt")
    notes = NotesSerializer(many=True, help_text="of each clip; empty where they are not known")
    others = OthersSerializer()
    game_finished = serializers.BooleanField()
    result_url = serializers.CharField()


@extend_schema_serializer(component_name="ResultRound")
class ResultRoundSerializer(RevealSerializer):
    round = serializers.UUIDField()
    knew = serializers.ChoiceField(Answer.Knew.choices, allow_blank=True)
    clips = ClipSerializer(many=True)


@extend_schema_serializer(component_name="Game")
class GameSerializer(serializers.Serializer[object]):
    id = serializers.UUIDField()
    rounds = serializers.IntegerField()
    answered = serializers.IntegerField()
    finished = serializers.BooleanField()
    round = RoundSerializer(allow_null=True)
    reveal = ResultRoundSerializer(allow_null=True)


@extend_schema_serializer(component_name="Result")
class ResultSerializer(serializers.Serializer[object]):
    id = serializers.UUIDField()
    correct = serializers.IntegerField()
    scored = serializers.IntegerField()
    rounds = ResultRoundSerializer(many=True)
