"""How allauth fits in: it keeps password login and second factors; people sign up with our own codes."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def user_display(user: User) -> str:
    return str(user)
