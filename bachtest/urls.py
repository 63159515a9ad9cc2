from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from bachtest.lib.serving.static_files import favicon

urlpatterns = [
    path("favicon.ico", favicon),
    path("", include("bachtest.game.urls")),
    path("", include("bachtest.results.urls")),
    path("", include("bachtest.composers.urls")),
    path("uploads/", include("bachtest.composers.upload_urls")),
    path("account/", include("bachtest.composers.account_urls")),
    path("api/v1/uploads/", include("bachtest.composers.uploads_api_urls")),
    path("api/v1/", include("bachtest.game.api_urls")),
]
if settings.ADMIN_PATH:
    urlpatterns.append(path(f"{settings.ADMIN_PATH}/", admin.site.urls))
handler400 = "bachtest.lib.errors.bad_request"
handler403 = "bachtest.lib.errors.permission_denied"
handler404 = "bachtest.lib.errors.page_not_found"
handler500 = "bachtest.lib.errors.server_error"
