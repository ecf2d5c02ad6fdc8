"""What every page needs to know."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict:
    return {"demo": settings.DEMO, "large_text": request.COOKIES.get("text") == "large"}
