"""Settings of a site that others can reach. What would leave it open, or closed, is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

KEY_OF_A_MACHINE_OF_YOUR_OWN = "only-for-a-machine-of-your-own"
SHORTEST_KEY = 32
NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", flags=re.IGNORECASE)
ADMIN_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*")
# First parts of other addresses of the site.
TAKEN = {
    "about",
    "account",
    "api",
    "clips",
    "composers",
    "favicon.ico",
    "games",
    "heard-all",
    "play",
    "privacy",
}
TAKEN |= {"results", "start", "static", "uploads", "waiting"}


def checked_hosts(hosts: Sequence[str]) -> list[str]:
    if not hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS=''; name at least one host, such as localhost")
    for host in hosts:
        if not HOST.fullmatch(host):
            words = "use a host name without scheme, port and path, such as quiz.example.org"
            raise ImproperlyConfigured(f"ALLOWED_HOSTS: {host!r}; {words}")
    return list(hosts)


def checked_origins(origins: Sequence[str]) -> list[str]:
    for origin in origins:
        scheme, host, *rest = urlsplit(origin)
        if scheme not in ("http", "https") or not host or any(rest):
            words = "use a scheme and a host without path, such as https://quiz.example.org"
            raise ImproperlyConfigured(f"CSRF_TRUSTED_ORIGINS: {origin!r}; {words}")
    return list(origins)


def checked_key(key: str, hosts: Sequence[str]) -> str:
    """A key that is known, or soon guessed, is for a machine that nobody else reaches."""
    if not key:
        raise ImproperlyConfigured(f"SECRET_KEY is empty; unset it, or make one with: {NEW_KEY}")
    public = [host for host in hosts if not _is_this_machine(host)]
    if public and (key == KEY_OF_A_MACHINE_OF_YOUR_OWN or len(key) < SHORTEST_KEY):
        fault = "is not set" if key == KEY_OF_A_MACHINE_OF_YOUR_OWN else f"has {len(key)} signs"
        raise ImproperlyConfigured(
            f"ALLOWED_HOSTS names {public[0]!r}, which others can reach, and SECRET_KEY {fault}, "
            f"so that anybody could forge cookies; set SECRET_KEY to what this prints: {NEW_KEY}"
        )
    return key


def _is_this_machine(host: str) -> bool:
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def checked_proxies(names: Sequence[str]) -> list[IPv4Network | IPv6Network]:
    networks = []
    for name in names:
        try:
            networks.append(ip_network(name))
        except ValueError:
            words = "use the address of the proxy, such as 127.0.0.1, or a network, 172.18.0.0/16"
            raise ImproperlyConfigured(f"TRUSTED_PROXY: {name!r}; {words}") from None
    return networks


def checked_admin_path(path: str) -> str:
    """Empty: there is no admin."""
    if path and not ADMIN_PATH.fullmatch(path):
        words = "use letters, digits, - and _, without slashes around them, or nothing for no admin"
        raise ImproperlyConfigured(f"ADMIN_PATH={path!r}; {words}")
    if path.partition("/")[0] in TAKEN:
        raise ImproperlyConfigured(f"ADMIN_PATH={path!r}; the site has other pages there")
    return path
