"""The same without our own apps: Django's and the libraries' alone."""

from benchmarks.bare_project.settings import *  # noqa: F403  a settings module is the other one with changes
from portal.settings import INSTALLED_APPS, MIDDLEWARE, TEMPLATES

OWN = ("portal.", "accounts", "products", "applications")
INSTALLED_APPS = ["django.contrib.admin", *(app for app in INSTALLED_APPS if not app.startswith(OWN))]
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith(OWN)]
TEMPLATES = [{**TEMPLATES[0], "OPTIONS": {"context_processors": TEMPLATES[0]["OPTIONS"]["context_processors"][:3]}}]
AUTH_USER_MODEL = "auth.User"
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
