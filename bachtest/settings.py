"""All settings, top to bottom. docs/settings.md and .env.example list every variable."""

from __future__ import annotations

import os
from pathlib import Path

from bachtest.lib.database_url import database_of
from bachtest.lib.env import env_bool, env_float, env_list, env_secret, env_str
from bachtest.lib.threads import use_one_thread
from bachtest.lib.version import code_digest, newest_version

use_one_thread()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))
VERSION = newest_version(BASE_DIR / "CHANGELOG.md")
# Numba reads this on its first import. Its default, beside the source, may not be writable. It does
# not notice every change of code, so each state of the code has a folder of its own. The loops also
# compile in constants of generator/music.
COMPILED_CODE = (BASE_DIR / "generator/families", BASE_DIR / "generator/music")
COMPILED_DIR = VAR_DIR / "compiled"
os.environ.setdefault("NUMBA_CACHE_DIR", str(COMPILED_DIR / code_digest(*COMPILED_CODE)))

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_secret("SECRET_KEY", "only-for-a-machine-of-your-own")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "django.contrib.admin",
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
]

MIDDLEWARE = [
    "bachtest.lib.headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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

TASKS = {"default": {"BACKEND": env_str("TASKS_BACKEND", "django_tasks_db.DatabaseBackend")}}

# A worker that has not renewed its claim on a piece for this long is considered dead.
LEASE_SECONDS = env_float("LEASE_SECONDS", 60.0)

# Families and their composers, as a generator.registry.Registry; None: all that are installed.
REGISTRY = None
# A fill that takes longer than this fails, with that reason.
FILL_SECONDS = env_float("FILL_SECONDS", 600.0, low=0.1, high=86_400.0)

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Files of versions that do not come with the code; never served.
    "checkpoints": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "checkpoints"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "media"
# On the same disk as the clips, so that a finished one is moved into place, not copied.
TEMP_CLIPS_DIR = VAR_DIR / "temp_clips"
# Copies of checkpoints whose storage is no folder of this machine.
CHECKPOINT_COPIES_DIR = VAR_DIR / "checkpoint_copies"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["bachtest.lib.parsers.SmallJSONParser"],
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
    "ENUM_NAME_OVERRIDES": {"SideEnum": "bachtest.game.models.Side.choices"},
}

# bachtest/lib/headers.py sets strict headers; SecurityMiddleware sets the referrer and the rest.
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_HTTPONLY = True

CORPUS_FILE = VAR_DIR / "corpus.npz"
SOUNDFONT = Path(env_str("SOUNDFONT", str(BASE_DIR / "generator/rendering/soundfont/pipes.sf3")))
# Seconds of each clip that a listener must have heard before an answer counts.
LISTEN_SECONDS = env_float("LISTEN_SECONDS", 5.0)

# To standard error, without addresses: none of our log lines contains an IP.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Bugs with their traceback; Django's own default would mail them to nobody.
        "django": {"handlers": [], "level": "ERROR"},
        "generator": {"level": "INFO"},
    },
}
