"""The WSGI application that granian serves."""

import gc
import os
from importlib import import_module

# What is loaded here, the views with it, stays for good. So the collector of garbage does not go through it: not while
# it is loaded (a quarter of that time), and not later at each of its rounds (a tenth of the time of a large upload).
gc.disable()

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ticketflower.settings")
application = get_wsgi_application()
for urls in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
    import_module(urls)

gc.freeze()
# A request makes thousands of objects and leaves hardly a cycle: looking for some after every 700 took 4 % of its time.
gc.set_threshold(50_000, 20, 20)
gc.enable()
