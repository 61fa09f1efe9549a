"""The WSGI application that granian serves."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ticketflower.settings")
application = get_wsgi_application()

# What is loaded now, the views with it, stays for good. Told so, the collector of garbage does not go through it again
# at each of its rounds: a tenth of the time of a large upload.
for urls in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
    import_module(urls)
gc.collect()
gc.freeze()
