"""The project: settings, routes, the Celery application and the admin site.

Celery is loaded here so that every process that imports Django also knows the broker settings."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
