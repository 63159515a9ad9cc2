"""Links in the schema: what one operation answers is what another asks for.

`#regex:` is no part of the standard's expressions. Schemathesis knows it, which follows these links
to a round; other programs read the cookie and the addresses themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bachtest.game.cookies import COOKIE

Parameters = Mapping[str, str]
Links = Mapping[str, tuple[str, Parameters]]
"""By their names, the operation and its parameters."""

LISTENER = {f"cookie.{COOKIE}": f"$response.header.Set-Cookie#regex:{COOKIE}=([^;]+)"}
SAME_ROUND = {"round_id": "$request.path.round_id"}
TOKEN = "#regex:/clips/([^.]+)"


def _of_a_game(listener: Parameters) -> Links:
    current = {"round_id": "$response.body#/game/round/id", **listener}
    return {
        "note_play": ("rounds_plays_create", current),
        "answer": ("rounds_answer_create", current),
        "note_knew": ("rounds_knew_create", current),
        "clip": (
            "clips_retrieve",
            {"token": f"$response.body#/game/round/clips/0/url{TOKEN}", **listener},
        ),
        "stored": ("games_current_retrieve", listener),
        "fetch": ("games_current_create", listener),
        "result": ("games_retrieve", {"game_id": "$response.body#/game/id", **listener}),
    }


LINKS: Mapping[tuple[str, int], Links] = {
    ("games_create", 200): _of_a_game(LISTENER),
    ("games_create", 201): _of_a_game(LISTENER),
    ("games_current_retrieve", 200): _of_a_game({}),
    ("games_current_create", 200): _of_a_game({}),
    ("rounds_plays_create", 200): {
        "note_play": ("rounds_plays_create", SAME_ROUND),
        "answer": ("rounds_answer_create", SAME_ROUND),
    },
    ("rounds_answer_create", 200): {
        "answer_again": ("rounds_answer_create", SAME_ROUND),
        "note_knew": ("rounds_knew_create", SAME_ROUND),
        "fetch": ("games_current_create", {}),
        "result": (
            "games_retrieve",
            {"game_id": "$response.body#/result_url#regex:/games/([^/]+)"},
        ),
    },
    ("games_retrieve", 200): {
        "plain_clip": (
            "clips_plain_retrieve",
            {"token": f"$response.body#/rounds/0/clips/0/url{TOKEN}"},
        ),
    },
}


def with_links(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A hook of drf-spectacular, which knows no links."""
    for operations in result["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if links := LINKS.get((operation["operationId"], int(status))):
                    response["links"] = {
                        name: {"operationId": target, "parameters": dict(parameters)}
                        for name, (target, parameters) in links.items()
                    }
    return result
