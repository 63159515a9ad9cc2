#!/usr/bin/env python
from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
    # A fill is many small products: one thread is the fastest, and leaves the other cores alone.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
