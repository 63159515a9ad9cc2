"""Names of the files by which a smoke run and its child understand each other."""

from __future__ import annotations

REQUEST = "request.json"
CHECKPOINT = "checkpoint.safetensors"
RESULT = "fills.json"
