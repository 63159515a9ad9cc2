"""All settings, top to bottom. docs/settings.md and .env.example list every variable."""

from __future__ import annotations

import os
from pathlib import Path

from bachtest.lib.database_url import database_of
from bachtest.lib.env import env_bool, env_choice, env_float, env_int, env_list, env_secret, env_str
from bachtest.lib.serving.few_threads import MAX_BODY
from bachtest.lib.startup.public_site import (
    KEY_OF_A_MACHINE_OF_YOUR_OWN,
    checked_admin_path,
    checked_hosts,
    checked_key,
    checked_origins,
    checked_proxies,
)
from bachtest.lib.threads import use_one_thread
from bachtest.lib.version import code_digest, newest_version

use_one_thread()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var"), empty=False))
VERSION = newest_version(BASE_DIR / "CHANGELOG.md")
# Numba reads this on its first import. Its default, beside the source, may not be writable. It does
# not notice every change of code, so each state of the code has a folder of its own. The loops also
# compile in constants of generator/music.
COMPILED_CODE = (BASE_DIR / "generator/families", BASE_DIR / "generator/music")
COMPILED_DIR = VAR_DIR / "compiled"
os.environ.setdefault("NUMBA_CACHE_DIR", str(COMPILED_DIR / code_digest(*COMPILED_CODE)))

DEBUG = env_bool("DEBUG", False)
ALLOWED_HOSTS = checked_hosts(env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"))
SECRET_KEY = checked_key(env_secret("SECRET_KEY", KEY_OF_A_MACHINE_OF_YOUR_OWN), ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = checked_origins(env_list("CSRF_TRUSTED_ORIGINS", ""))
IS_KEY_KNOWN = SECRET_KEY == KEY_OF_A_MACHINE_OF_YOUR_OWN
# Proxies that end TLS; what they say of scheme and client is believed.
TRUSTED_PROXY = checked_proxies(env_list("TRUSTED_PROXY", ""))
# Where the admin is, without slashes around it; empty: nowhere.
ADMIN_PATH = checked_admin_path(env_str("ADMIN_PATH", "admin"))

INSTALLED_APPS = [
    "bachtest.dashboard.admin_config.DashboardAdminConfig",  # django.contrib.admin, with ours
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_tasks",
    "django_tasks_db",
    "generator",
    "bachtest.studies",
    "bachtest.game",
    "bachtest.results",
    "knox",
    "auditlog",
    "bachtest.accounts",
    "bachtest.composers",
    "bachtest.dashboard",
]

MIDDLEWARE = [
    "bachtest.lib.incoming.trusted_proxy.forwarded_headers",
    "bachtest.lib.headers.security_headers",
    "bachtest.lib.serving.compressed_pages.CompressedPages",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bachtest.lib.serving.large_bodies.LargeBodies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "bachtest.lib.errors.no_blank_pages",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bachtest.dashboard.trail.edits_have_an_actor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bachtest.accounts.refusing.RefusedSignIns",
]

ROOT_URLCONF = "bachtest.urls"
WSGI_APPLICATION = "bachtest.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": database_of(
        env_secret("DATABASE_URL", ""), default=VAR_DIR / "db.sqlite3", base=BASE_DIR
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TASKS_BACKEND = env_str("TASKS_BACKEND", "django_tasks_db.DatabaseBackend", empty=False)
TASKS = {"default": {"BACKEND": TASKS_BACKEND}}

# A worker that has not renewed its claim on a piece for this long is considered dead.
LEASE_SECONDS = env_float("LEASE_SECONDS", 60.0, low=1.0, high=100_000.0)

# Families and their composers, as a generator.registry.Registry; None: all that are installed.
REGISTRY = None
# A fill that takes longer than this fails, with that reason.
FILL_SECONDS = env_float("FILL_SECONDS", 600.0, low=0.1, high=86_400.0)

# Workers order more for open studies while nothing waits: so many pieces in 24 hours, whoever
# ordered them, and only while so much of the disk is free.
REFILL_PER_DAY = env_int("REFILL_PER_DAY", 300)
REFILL_KEEP_FREE_BYTES = int(env_float("REFILL_KEEP_FREE_MB", 3_000.0) * 1_000_000)

# How well this machine must isolate a child process before files from outside are run in one.
ISOLATION = env_choice("ISOLATION", "required", "required", "partly")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Files of versions that do not come with the code; never served.
    "checkpoints": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "checkpoints"},
    },
    "staticfiles": {"BACKEND": "bachtest.lib.serving.static_files.HashedFiles"},
}
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY
FILE_UPLOAD_HANDLERS = ["bachtest.lib.incoming.no_file_uploads.NoFileUploads"]
# On the same disk as the clips, so that a finished one is moved into place, not copied.
TEMP_CLIPS_DIR = VAR_DIR / "temp_clips"
# The bytes that only one round has: made ahead of it, and kept for as long as its tokens are valid.
ROUND_CLIPS_DIR = VAR_DIR / "round_clips"
ROUND_CLIPS_AHEAD = env_bool("ROUND_CLIPS_AHEAD", True)
ROUND_CLIPS_MAX_BYTES = int(env_float("ROUND_CLIPS_MAX_MB", 500.0) * 1_000_000)
# Copies of checkpoints whose storage is no folder of this machine.
CHECKPOINT_COPIES_DIR = VAR_DIR / "checkpoint_copies"
# What comes from outside, until a worker has checked it; never served.
QUARANTINE_DIR = VAR_DIR / "quarantine"
# Where child processes try it out.
BOXES_DIR = VAR_DIR / "boxes"
UPLOAD_MAX_BYTES = int(env_float("UPLOAD_MAX_MB", 250.0, low=0.001, high=10_000.0) * 1_000_000)
# Of one person: bytes in quarantine, and uploads begun in 24 hours.
UPLOAD_QUOTA_BYTES = int(env_float("UPLOAD_QUOTA_MB", 1_000.0, low=0.001) * 1_000_000)
UPLOADS_PER_DAY = env_int("UPLOADS_PER_DAY", 50, low=1)
UPLOAD_KEEP_FREE_BYTES = int(env_float("UPLOAD_KEEP_FREE_MB", 500.0) * 1_000_000)
# A stage of scoring an upload that takes longer refuses it.
SCORE_SECONDS = env_float("SCORE_SECONDS", 7_200.0, low=1.0)
UPLOAD_EXPIRE_DAYS = 7
QUARANTINE_DAYS = 30
# Studies as ZIPs, for the people who ordered them; never served from here.
EXPORTS_DIR = VAR_DIR / "exports"
# So many may one person start in 24 hours.
EXPORTS_PER_DAY = env_int("EXPORTS_PER_DAY", 10)
STATIC_URL = "/static/"
# Where `manage.py prepare` collects them.
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

AUTHENTICATION_BACKENDS = ["bachtest.accounts.backend.CountedBackend"]
LOGIN_URL = "account:login"
LOGIN_REDIRECT_URL = "uploads:index"
LOGOUT_REDIRECT_URL = "game:index"

# Mails about uploads; without a host none are sent.
EMAIL_HOST = env_str("EMAIL_HOST", "")
EMAIL_PORT = env_int("EMAIL_PORT", 25, low=1, high=65_535)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "bach-or-bot@localhost", empty=False)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# The trail of edits (bachtest/dashboard/trail.py) stores who changed what, and no address.
AUDITLOG_DISABLE_REMOTE_ADDR = True
KNOX_TOKEN_MODEL = "composers.ApiToken"
# Its own would make a table of tokens beside ours, which nothing uses.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"TOKEN_PREFIX": "bot-", "AUTH_HEADER_PREFIX": "Bearer"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["bachtest.lib.incoming.small_json.SmallJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "bachtest.lib.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # Otherwise ?version= in the schema's address goes into a header unchecked.
    "ALLOWED_VERSIONS": ["1"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bach or bot?",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "bachtest.game.openapi.clip_paths.with_clips",
        "bachtest.game.openapi.links.with_links",
    ],
    "ENUM_NAME_OVERRIDES": {"SideEnum": "bachtest.game.models.Side.choices"},
}

# bachtest/lib/headers.py sets strict headers; SecurityMiddleware sets the referrer and the rest.
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "bachtest.lib.errors.form_refused"
SESSION_COOKIE_HTTPONLY = True
# A site behind TLS names its proxy, or its addresses.
SESSION_COOKIE_SECURE = bool(TRUSTED_PROXY) or any(
    each.startswith("https:") for each in CSRF_TRUSTED_ORIGINS
)
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY else None
SECURE_SSL_REDIRECT = bool(TRUSTED_PROXY)
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", 86_400 if TRUSTED_PROXY else 0)
# Whether the other hosts of the domain speak TLS is not for this site to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CORPUS_FILE = VAR_DIR / "corpus.npz"
PIPES = BASE_DIR / "generator/rendering/soundfont/pipes.sf3"
SOUNDFONT = Path(env_str("SOUNDFONT", str(PIPES), empty=False))
# Seconds of each clip that a listener must have heard before an answer counts.
LISTEN_SECONDS = env_float("LISTEN_SECONDS", 5.0, high=60.0)

# To standard error, without addresses: none of our log lines contains an IP.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"one_line": {"()": "bachtest.lib.one_line.OneLine"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "one_line": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["one_line"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Bugs with their traceback; Django's own default would mail them to nobody.
        "django": {"handlers": [], "level": "ERROR"},
        "generator": {"level": "INFO"},
        # What anybody may send, such as any name of a host; the answer is 400.
        "django.security": {"handlers": ["one_line"], "level": "ERROR", "propagate": False},
    },
}
