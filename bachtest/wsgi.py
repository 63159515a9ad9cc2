from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from bachtest.lib.incoming.content_types import only_utf_8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
application = only_utf_8(get_wsgi_application())
