"""Static files under names with hashes, which browsers keep for ever, and compressed."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponseRedirect
from whitenoise.storage import CompressedManifestStaticFilesStorage

HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """As `manage.py prepare` collected them; until then under their plain names."""

    # A module is loaded twice if one page names it with its hash, and another module without.
    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        return str(super().stored_name(name)) if self.hashed_files else name

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        # The map of a library's sources does not come with it. And after the word "export" in a
        # comment Django takes an import, with its hash by then, for something exported.
        is_done = (name.endswith(".map") and not self.exists(name)) or HASHED.search(name)
        return name if is_done else str(super().hashed_name(name, content, filename))


def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Browsers ask for it beside whatever is no page."""
    return HttpResponseRedirect(
        staticfiles_storage.url("img/icon.svg"), headers={"Cache-Control": "public, max-age=86400"}
    )
