"""The JSON API of the player: one class for each operation."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bachtest.game import cookies, payloads
from bachtest.game.cookies import listener_id_of, listener_of
from bachtest.game.models import Answer, Participation, Side
from bachtest.game.openapi.parameters import LISTENER, MAYBE_LISTENER, SETS_LISTENER
from bachtest.game.schema import (
    GameSerializer,
    PlaysSerializer,
    ResultSerializer,
    RevealSerializer,
)
from bachtest.game.services import answers, enrolment, games
from bachtest.lib.incoming.strict_fields import (
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSlugField,
)
from bachtest.lib.openapi.error_responses import OF_A_BODY, errors

# Nobody listens to one clip for longer; keeps nonsense out of the table.
MAX_HEARD_SECONDS = 24 * 3600.0
MAX_PLAYS = 100_000


class StartGame(APIView):
    @extend_schema_serializer(
        component_name="StartGameInput",
        examples=[OpenApiExample("the first game", {"consent": "2026-11"}, request_only=True)],
    )
    class InputSerializer(serializers.Serializer[object]):
        consent = StrictCharField(
            required=False,
            max_length=20,
            help_text="version of the study's consent, once it was read and accepted",
        )
        experience = serializers.ChoiceField(Participation.Experience.choices, required=False)
        age_group = serializers.ChoiceField(Participation.AgeGroup.choices, required=False)
        study = StrictSlugField(required=False, default="quiz", max_length=50)

    @extend_schema_serializer(component_name="StartGameOutput")
    class OutputSerializer(serializers.Serializer[object]):
        game = GameSerializer()

    @extend_schema(
        parameters=[MAYBE_LISTENER, SETS_LISTENER],
        request=InputSerializer,
        responses={200: OutputSerializer, 201: OutputSerializer} | errors(404, 409, *OF_A_BODY),
    )
    def post(self, request: Request) -> Response:
        fields = _parsed(self.InputSerializer(data=request.data))
        study = enrolment.open_study(fields.pop("study"))
        with transaction.atomic():
            participation = enrolment.enrol(listener_of(request), study, **fields)
            game, is_new = games.start_game(participation)
        output = _shown(self.OutputSerializer, {"game": payloads.fetched_game(game)})
        response = Response(output, status=201 if is_new else 200)
        cookies.remember(request, response, participation.listener)
        return response


class CurrentGame(APIView):
    """GET shows what is stored. POST fetches the round to play."""

    @extend_schema_serializer(component_name="CurrentGameInput")
    class InputSerializer(serializers.Serializer[object]):
        study = StrictSlugField(
            required=False, max_length=50, help_text="if left out, the game started last"
        )

    @extend_schema(
        parameters=[LISTENER, InputSerializer],
        responses={200: StartGame.OutputSerializer} | errors(404),
    )
    def get(self, request: Request) -> Response:
        fields = _parsed(self.InputSerializer(data=request.query_params.dict()))
        game = games.game_in_progress(listener_id_of(request), **fields)
        return Response(_shown(StartGame.OutputSerializer, {"game": payloads.game_payload(game)}))

    @extend_schema(
        parameters=[LISTENER],
        request=InputSerializer,
        responses={200: StartGame.OutputSerializer} | errors(404, 409, *OF_A_BODY),
    )
    def post(self, request: Request) -> Response:
        fields = _parsed(self.InputSerializer(data=request.data))
        game = games.game_in_progress(listener_id_of(request), **fields)
        return Response(_shown(StartGame.OutputSerializer, {"game": payloads.fetched_game(game)}))


class NotePlay(APIView):
    @extend_schema_serializer(component_name="NotePlayInput")
    class InputSerializer(serializers.Serializer[object]):
        side = serializers.ChoiceField(Side.choices)
        number = StrictIntegerField(
            required=False,
            min_value=1,
            max_value=MAX_PLAYS,
            help_text="which start of this clip in this round it was; if left out, one more",
        )
        age = StrictFloatField(
            required=False,
            min_value=0,
            max_value=MAX_HEARD_SECONDS,
            help_text="seconds since that start or an earlier one, by the page's clock",
        )
        heard = StrictFloatField(
            required=False,
            min_value=0,
            max_value=MAX_HEARD_SECONDS,
            help_text="seconds of this clip heard so far in this round",
        )

    @extend_schema_serializer(component_name="NotePlayOutput")
    class OutputSerializer(serializers.Serializer[object]):
        plays = PlaysSerializer()

    @extend_schema(
        parameters=[LISTENER],
        request=InputSerializer,
        responses={200: OutputSerializer} | errors(404, 409, *OF_A_BODY),
    )
    def post(self, request: Request, round_id: UUID) -> Response:
        row = answers.round_to_note(listener_id_of(request), round_id)
        fields = _parsed(self.InputSerializer(data=request.data))
        plays = answers.note_play(row, Side(fields.pop("side")), **fields)
        return Response(_shown(self.OutputSerializer, {"plays": plays}))


class AnswerRound(APIView):
    @extend_schema_serializer(component_name="AnswerInput")
    class InputSerializer(serializers.Serializer[object]):
        @extend_schema_serializer(component_name="Heard")
        class HeardSerializer(serializers.Serializer[object]):
            left = StrictFloatField(min_value=0, max_value=MAX_HEARD_SECONDS)
            right = StrictFloatField(min_value=0, max_value=MAX_HEARD_SECONDS)

        chosen = serializers.ChoiceField(Side.choices)
        heard = HeardSerializer()
        notes = serializers.ListField(
            child=NotePlay.InputSerializer(),
            required=False,
            max_length=len(Side),
            help_text="of each clip, the last note of its plays if nothing confirmed it",
        )

    @extend_schema(
        parameters=[LISTENER],
        request=InputSerializer,
        responses={200: RevealSerializer} | errors(404, 409, *OF_A_BODY),
    )
    def post(self, request: Request, round_id: UUID) -> Response:
        row = answers.round_of(listener_id_of(request), round_id)
        fields = _parsed(self.InputSerializer(data=request.data))
        answer = answers.answer_round(
            row,
            Side(fields["chosen"]),
            heard_left=fields["heard"]["left"],
            heard_right=fields["heard"]["right"],
            notes=fields.get("notes", []),
        )
        return Response(_shown(RevealSerializer, payloads.reveal_payload(row, answer)))


class NoteKnew(APIView):
    @extend_schema_serializer(component_name="Knew")
    class InputSerializer(serializers.Serializer[object]):
        knew = serializers.ChoiceField(Answer.Knew.choices)

    @extend_schema(
        parameters=[LISTENER],
        request=InputSerializer,
        responses={200: InputSerializer} | errors(404, 409, *OF_A_BODY),
    )
    def post(self, request: Request, round_id: UUID) -> Response:
        row = answers.round_to_note(listener_id_of(request), round_id)
        fields = _parsed(self.InputSerializer(data=request.data))
        return Response({"knew": answers.note_knew(row, Answer.Knew(fields["knew"]))})


class GameResult(APIView):
    @extend_schema(
        parameters=[LISTENER],
        responses={200: ResultSerializer} | errors(404, 409),
    )
    def get(self, request: Request, game_id: UUID) -> Response:
        game = games.finished_game(listener_id_of(request), game_id)
        return Response(_shown(ResultSerializer, payloads.result_payload(game)))


class DeleteListener(APIView):
    @extend_schema(
        parameters=[MAYBE_LISTENER],
        request=None,
        responses={204: OpenApiResponse(description="Everything is deleted.")} | errors(),
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


def _shown(serializer: type[serializers.Serializer[object]], payload: object) -> dict[str, Any]:
    return _kept(serializer).to_representation(payload)


@cache
def _kept(serializer: type[serializers.Serializer[object]]) -> serializers.Serializer[object]:
    """One of each for all requests: its fields are copied when it is made, which takes longer than
    to show something. It keeps nothing of what it shows.
    """
    return serializer()
