"""A Django project with one view: what the portal's start is compared with."""
