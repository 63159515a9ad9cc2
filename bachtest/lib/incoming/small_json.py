"""Request bodies under /api/: small JSON, and nothing that could bring the server down."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

logger = logging.getLogger(__name__)

# Ten times the largest body that the site itself sends.
MAX_BYTES = 4096


class TooLarge(APIException):
    status_code = 413
    default_detail = f"The body is larger than {MAX_BYTES} bytes."
    default_code = "too_large"


class SmallJSONParser(JSONParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            logger.warning("a JSON body of more than %d bytes was refused", MAX_BYTES)
            raise TooLarge
        try:
            data = super().parse(BytesIO(body), media_type, {"encoding": "utf-8"})
            # JSON can escape half a character, which no reply and no table can hold.
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except UnicodeEncodeError:
            raise ParseError("JSON parse error - a lone surrogate is no character") from None
        return data
