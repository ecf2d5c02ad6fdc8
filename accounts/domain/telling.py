"""Tell a person something outside the site: by mail where there is an address, else by a short message."""

from __future__ import annotations

from django.core.mail import send_mail

from accounts.integrations.sms import gateway
from accounts.models import User
from portal.kernel.errors import TransientError


def tell(user: User, *, title: str, text: str) -> None:
    """Raises TransientError while the gateway is down."""
    if user.email:
        try:
            send_mail(title, text, None, [user.email])
        except OSError as error:
            raise TransientError("mail_down", "邮件暂时发不出去") from error
    elif user.phone:
        gateway().send(user.phone, text)
