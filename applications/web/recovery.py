"""What was typed when the session had ended: kept sealed until the person is back, then shown again to check."""

from __future__ import annotations

import json
from functools import wraps

from cryptography.fernet import InvalidToken
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict

from portal.kernel.crypto import decrypt, encrypt

_KEY = "typed"
LIMIT = 24_000  # bytes of one form; more is no form of ours


def keeps_typed(view):
    """A POST without a session is not lost: it waits, sealed, in the visitor's new session for the same address."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "POST" and not request.user.is_authenticated:
            fields = {k: v for k, v in request.POST.lists() if k != "csrfmiddlewaretoken"}
            text = json.dumps({"path": request.path, "fields": fields}, ensure_ascii=False)
            if len(text.encode()) <= LIMIT:
                request.session[_KEY] = encrypt(text)
            return redirect_to_login(request.path)
        return view(request, *args, **kwargs)

    return wrapper


def typed_before(request: HttpRequest) -> QueryDict | None:
    """What waits for this address, once. Only a view that has checked who is asking may show it."""
    sealed = request.session.get(_KEY)
    if request.method != "GET" or not sealed:
        return None
    try:
        kept = json.loads(decrypt(sealed))
    except InvalidToken:  # the key was taken out of use meanwhile
        del request.session[_KEY]
        return None
    if kept["path"] != request.path:
        return None
    del request.session[_KEY]
    data = QueryDict(mutable=True)
    for name, values in kept["fields"].items():
        data.setlist(name, values)
    return data
