"""The clips in the schema: no operations of the REST framework, but a round cannot do without."""

from __future__ import annotations

from typing import Any

from bachtest.game.cookies import COOKIE

PAGE = {"text/html": {"schema": {"type": "string"}}}
BYTES = {"audio/mpeg": {"schema": {"type": "string", "format": "binary"}}}
RESPONSES = {
    "200": {"description": "The whole clip.", "content": BYTES},
    "206": {"description": "The bytes that were asked for.", "content": BYTES},
    "400": {"description": "The request cannot be read.", "content": PAGE},
    "404": {"description": "You have no such clip, or it has expired.", "content": PAGE},
    "416": {"description": "The clip ends before these bytes.", "content": BYTES},
}
BUSY = {"503": {"description": "The clips cannot be read at the moment.", "content": PAGE}}
PARAMETERS = [
    {
        "in": "path",
        "name": "token",
        "required": True,
        "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        "description": "of the clip's `url`",
    },
    {"in": "cookie", "name": COOKIE, "required": True, "schema": {"type": "string"}},
    {
        "in": "header",
        "name": "Range",
        "schema": {"type": "string"},
        "description": "such as `bytes=0-999`",
    },
]


def _operation(name: str, description: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "description": description,
        "tags": ["clips"],
        "parameters": PARAMETERS,
        "responses": {**RESPONSES, **responses},
    }


def with_clips(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A hook of drf-spectacular."""
    of_round = "A clip of a round: the bytes that only this round has."
    plain = "A clip of an answered round, as everybody gets it."
    result["paths"] |= {
        "/clips/{token}.mp3": {"get": _operation("clips_retrieve", of_round, BUSY)},
        "/clips/{token}.plain.mp3": {"get": _operation("clips_plain_retrieve", plain, {})},
    }
    return result
