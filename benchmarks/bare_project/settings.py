"""The portal's settings and INSTALLED_APPS, routes to one view."""

from benchmarks.settings import *  # noqa: F403  a settings module is the other one with changes

ROOT_URLCONF = "benchmarks.bare_project.urls"
