"""What a client of the API says, by the test client of Django."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from bachtest.composers.models import ApiToken
from bachtest.composers.tokens import LIFE

LIST = "/api/v1/uploads/"
TYPE = "application/offset+octet-stream"


def token_of(user: User, scopes: tuple[str, ...] = ("upload",), life: Any = LIFE) -> str:
    return str(ApiToken.objects.create(user=user, expiry=life, name="test", scopes=scopes)[1])


def metadata(**fields: str) -> str:
    known = {"kind": "checkpoint", "slug": "hostile", "filename": "hostile.safetensors"}
    pairs = (known | fields).items()
    return ",".join(f"{name} {b64encode(text.encode()).decode()}" for name, text in pairs)


class TusClient:
    """One person with a token; every method returns the response."""

    def __init__(self, token: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}

    def post(self, length: object, /, **fields: str) -> HttpResponse:
        headers = {"Upload-Length": str(length), "Upload-Metadata": metadata(**fields)}
        return self.client.post(LIST, headers=self.headers | headers)

    def begin(self, length: int, **fields: str) -> str:
        """The address of a new upload."""
        response = self.post(length, **fields)
        assert response.status_code == 201, response.content
        return response.headers["Location"]

    def patch(self, url: str, offset: object, data: bytes, **headers: str) -> HttpResponse:
        said = {
            "Content-Type": TYPE,
            "Content-Length": str(len(data)),
            "Upload-Offset": str(offset),
        }
        return self.client.generic("PATCH", url, data, headers=self.headers | said | headers)

    def head(self, url: str) -> HttpResponse:
        return self.client.head(url, headers=self.headers)

    def get(self, url: str) -> HttpResponse:
        return self.client.get(url, headers=self.headers)

    def delete(self, url: str) -> HttpResponse:
        return self.client.delete(url, headers=self.headers)

    def offset(self, url: str) -> int:
        return int(self.head(url).headers["Upload-Offset"])


def error_of(response: HttpResponse) -> tuple[int, str]:
    """Status and code."""
    return response.status_code, response.json()["error"]["code"]
