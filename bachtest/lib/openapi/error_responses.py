"""What the schema of the API says of refusals: their one shape, and what each status means."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema_serializer
from rest_framework import serializers

MEANINGS = {
    400: "The request cannot be read, or something in it is not valid.",
    401: "The token or the session is missing or not valid.",
    403: "Whoever asks may not do this.",
    404: "There is no such thing, or it is somebody else's.",
    406: "The answer would be JSON, which the request does not accept.",
    409: "It cannot be done as things are; the code says why.",
    410: "It is gone.",
    411: "The request does not say how long its body is.",
    412: "The request speaks another version of the protocol.",
    413: "It is too large.",
    415: "The body is of another type.",
    423: "Another request is busy with it; try again in a moment.",
    429: "There were too many of late.",
    503: "The server cannot do it at the moment; try again.",
    507: "The disk of the site is nearly full.",
}
ANY = (400, 406, 503)
"""What every operation may answer: a foreign host, other types, a database that is locked."""
OF_A_BODY = (413, 415)


@extend_schema_serializer(component_name="ErrorDetail")
class ErrorDetailSerializer(serializers.Serializer[object]):
    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField()  # type: ignore[assignment]  # the contract's name for it


@extend_schema_serializer(component_name="Error")
class ErrorSerializer(serializers.Serializer[object]):
    error = ErrorDetailSerializer()


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """Responses of an operation: these, and what any operation may answer."""
    return {
        status: OpenApiResponse(ErrorSerializer, MEANINGS[status])
        for status in sorted({*ANY, *statuses})
    }
