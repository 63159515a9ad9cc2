"""A listener at the JSON API, who knows only what the site says."""

from __future__ import annotations

from typing import Any

from django.test import Client
from rest_framework.response import Response

CONSENT = "2026-11"
HEARD = {"left": 30.0, "right": 30.0}


class Player:
    def __init__(self, client: Client, experience: str = "unstated") -> None:
        self.client = client
        self.experience = experience

    def post(self, path: str, body: dict[str, Any]) -> Response:
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json")

    def get(self, path: str) -> Response:
        return self.client.get(f"/api/v1/{path}")

    def start(self, **body: Any) -> dict[str, Any]:
        response = self.post("games/", {"consent": CONSENT, "experience": self.experience} | body)
        assert response.status_code in (200, 201), response.json()
        return response.json()["game"]

    def current(self) -> dict[str, Any]:
        """The game with the round to play."""
        return self.post("games/current/", {}).json()["game"]

    def stored(self) -> dict[str, Any]:
        """The game as it is stored."""
        return self.get("games/current/").json()["game"]

    def listen(self, round_id: str, first: str = "left") -> None:
        for side in (first, "right" if first == "left" else "left"):
            assert self.post(f"rounds/{round_id}/plays/", {"side": side}).status_code == 200

    def answer(self, round_id: str, chosen: str = "left", **body: Any) -> Response:
        return self.post(f"rounds/{round_id}/answer/", {"chosen": chosen, "heard": HEARD} | body)

    def play_round(self, chosen: str = "left") -> dict[str, Any]:
        current = self.current()["round"]
        self.listen(current["id"])
        response = self.answer(current["id"], chosen)
        assert response.status_code == 200, response.json()
        return {"round": current["id"], **response.json()}

    def play_game(self, chosen: str = "left") -> list[dict[str, Any]]:
        game = self.start()
        return [self.play_round(chosen) for _ in range(game["rounds"])]
