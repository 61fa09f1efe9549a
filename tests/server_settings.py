"""What the project's settings are in servers of tests: passwords are hashed as fast as within the test's process."""

from ticketflower.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
