from __future__ import annotations

from django.db import models


class SignInTry(models.Model):
    """One password that was tried, for a few minutes: keyed hashes, neither name nor address."""

    name_hash = models.CharField(max_length=64)
    address_hash = models.CharField(max_length=64)
    tried_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()  # nobody edits these
        indexes = [
            models.Index(fields=["name_hash", "tried_at"], name="sign_in_try_name"),
            models.Index(fields=["address_hash", "tried_at"], name="sign_in_try_address"),
        ]

    def __str__(self) -> str:
        return f"a try at {self.tried_at:%H:%M:%S}"
