"""How allauth fits in: it keeps password login and second factors; people sign up with our own codes."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff go to their desk, everybody else to their applications."""
        return reverse("admin:index") if request.user.is_staff else super().get_login_redirect_url(request)


def user_display(user: User) -> str:
    return str(user)
