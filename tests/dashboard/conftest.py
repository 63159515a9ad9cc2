from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from bachtest.dashboard.roles import make_roles

SignIn = Callable[..., Client]


@pytest.fixture
def member(db: None) -> SignIn:
    """Signs in a member of a role, by its name, or somebody with single permissions."""
    make_roles()

    def sign_in(role: str = "", *permissions: str, is_staff: bool = True) -> Client:
        name = f"{role or 'person'} {User.objects.count()}"
        user = User.objects.create_user(name, is_staff=is_staff)
        if role:
            user.groups.add(Group.objects.get(name=role))
        user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client
