from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from bachtest.composers import token_views

app_name = "account"

urlpatterns = [
    path(
        "login/",
        LoginView.as_view(template_name="composers/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<slug:token_key>/revoke/", token_views.revoke, name="revoke"),
]
