"""The JSON API of the player: one class for each operation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bachtest.game import cookies, payloads
from bachtest.game.cookies import listener_of
from bachtest.game.models import Answer, Participation, Side
from bachtest.game.schema import (
    ErrorSerializer,
    GameSerializer,
    ResultSerializer,
    RevealSerializer,
)
from bachtest.game.services import answers, enrolment, games

# Nobody listens to one clip for longer; keeps nonsense out of the table.
MAX_HEARD_SECONDS = 24 * 3600.0
MAX_PLAYS = 100_000


class StartGame(APIView):
    @extend_schema_serializer(component_name="StartGameInput")
    class InputSerializer(serializers.Serializer[object]):
        consent = serializers.CharField(required=False, max_length=20)
        experience = serializers.ChoiceField(Participation.Experience.choices, required=False)
        age_group = serializers.ChoiceField(Participation.AgeGroup.choices, required=False)
        study = serializers.SlugField(required=False, default="quiz", max_length=50)

    @extend_schema_serializer(component_name="StartGameOutput")
    class OutputSerializer(serializers.Serializer[object]):
        game = GameSerializer()

    @extend_schema(
        request=InputSerializer,
        responses={
            200: OutputSerializer,
            201: OutputSerializer,
            400: ErrorSerializer,
            404: ErrorSerializer,
            409: ErrorSerializer,
            503: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        fields = _parsed(self.InputSerializer(data=request.data))
        study = enrolment.open_study(fields.pop("study"))
        with transaction.atomic():
            participation = enrolment.enrol(listener_of(request), study, **fields)
            game, is_new = games.start_game(participation)
        output = self.OutputSerializer({"game": payloads.fetched_game(game)})
        response = Response(output.data, status=201 if is_new else 200)
        cookies.remember(request, response, participation.listener)
        return response


class CurrentGame(APIView):
    """GET shows what is stored. POST fetches the round to play."""

    @extend_schema_serializer(component_name="CurrentGameInput")
    class InputSerializer(serializers.Serializer[object]):
        study = serializers.SlugField(
            required=False, max_length=50, help_text="if left out, the game started last"
        )

    @extend_schema(
        parameters=[InputSerializer],
        responses={200: StartGame.OutputSerializer, 400: ErrorSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        fields = _parsed(self.InputSerializer(data=request.query_params))
        game = games.game_in_progress(listener_of(request), **fields)
        return Response(StartGame.OutputSerializer({"game": payloads.game_payload(game)}).data)

    @extend_schema(
        request=InputSerializer,
        responses={
            200: StartGame.OutputSerializer,
            400: ErrorSerializer,
            404: ErrorSerializer,
            409: ErrorSerializer,
            503: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        fields = _parsed(self.InputSerializer(data=request.data))
        game = games.game_in_progress(listener_of(request), **fields)
        return Response(StartGame.OutputSerializer({"game": payloads.fetched_game(game)}).data)


class NotePlay(APIView):
    @extend_schema_serializer(component_name="NotePlayInput")
    class InputSerializer(serializers.Serializer[object]):
        side = serializers.ChoiceField(Side.choices)
        number = serializers.IntegerField(
            required=False,
            min_value=1,
            max_value=MAX_PLAYS,
            help_text="which start of this clip in this round it was; if left out, one more",
        )
        age = serializers.FloatField(
            required=False,
            min_value=0,
            max_value=MAX_HEARD_SECONDS,
            help_text="seconds since that start, by the page's clock",
        )
        heard = serializers.FloatField(
            required=False,
            min_value=0,
            max_value=MAX_HEARD_SECONDS,
            help_text="seconds of this clip heard so far in this round",
        )

    @extend_schema_serializer(component_name="NotePlayOutput")
    class OutputSerializer(serializers.Serializer[object]):
        plays = serializers.DictField(child=serializers.IntegerField())

    @extend_schema(
        request=InputSerializer,
        responses={200: OutputSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, round_id: UUID) -> Response:
        row = answers.round_of(listener_of(request), round_id)
        fields = _parsed(self.InputSerializer(data=request.data))
        plays = answers.note_play(row, Side(fields.pop("side")), **fields)
        return Response(self.OutputSerializer({"plays": plays}).data)


class AnswerRound(APIView):
    @extend_schema_serializer(component_name="AnswerInput")
    class InputSerializer(serializers.Serializer[object]):
        @extend_schema_serializer(component_name="Heard")
        class HeardSerializer(serializers.Serializer[object]):
            left = serializers.FloatField(min_value=0, max_value=MAX_HEARD_SECONDS)
            right = serializers.FloatField(min_value=0, max_value=MAX_HEARD_SECONDS)

        chosen = serializers.ChoiceField(Side.choices)
        heard = HeardSerializer()

    @extend_schema(
        request=InputSerializer,
        responses={
            200: RevealSerializer,
            400: ErrorSerializer,
            404: ErrorSerializer,
            409: ErrorSerializer,
        },
    )
    def post(self, request: Request, round_id: UUID) -> Response:
        row = answers.round_of(listener_of(request), round_id)
        fields = _parsed(self.InputSerializer(data=request.data))
        answer = answers.answer_round(
            row,
            Side(fields["chosen"]),
            heard_left=fields["heard"]["left"],
            heard_right=fields["heard"]["right"],
        )
        return Response(RevealSerializer(payloads.reveal_payload(row, answer)).data)


class NoteKnew(APIView):
    @extend_schema_serializer(component_name="Knew")
    class InputSerializer(serializers.Serializer[object]):
        knew = serializers.ChoiceField(Answer.Knew.choices)

    @extend_schema(
        request=InputSerializer,
        responses={200: InputSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, round_id: UUID) -> Response:
        row = answers.round_of(listener_of(request), round_id)
        fields = _parsed(self.InputSerializer(data=request.data))
        return Response({"knew": answers.note_knew(row, Answer.Knew(fields["knew"]))})


class GameResult(APIView):
    @extend_schema(
        responses={200: ResultSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def get(self, request: Request, game_id: UUID) -> Response:
        game = games.finished_game(listener_of(request), game_id)
        return Response(ResultSerializer(payloads.result_payload(game)).data)


class DeleteListener(APIView):
    @extend_schema(
        request=None, responses={204: OpenApiResponse(description="Everything is deleted.")}
    )
    def delete(self, request: Request) -> Response:
        if listener := listener_of(request):
            enrolment.delete_listener(listener)
        response = Response(status=204)
        cookies.forget(response)
        return response


class UnknownAddress(APIView):
    """Any other address under the API's root is not found, with an error in the API's shape."""

    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound


def _parsed(serializer: serializers.Serializer[object]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
