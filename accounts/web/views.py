"""Sign-in by code, onboarding, members, consents, invitations, referrals."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as end_session
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import rules
from accounts.addresses import normalise_address
from accounts.domain import codes, consents, memberships, onboarding, partners
from accounts.enums import ConsentKind, Role
from accounts.models import Consent, Membership, OutboxMessage
from accounts.web.forms import AddressForm, ClaimForm, CodeForm, IdentityForm, InviteForm
from portal.kernel.access import mask_address
from portal.kernel.crypto import decrypt, encrypt
from portal.kernel.errors import PortalError
from portal.kernel.web import applicant, client_address, posted, put_error, tell_error

_PENDING = "login_address"
_NEXT = "login_next"


def _safe_next(request: HttpRequest, url: str) -> str:
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()) else ""


@never_cache
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("applications:list")
    form = AddressForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            address = normalise_address(form.cleaned_data["address"])
            codes.send_code(address=address, caller=client_address(request))
        except PortalError as error:
            put_error(form, error)
        else:
            request.session[_PENDING] = encrypt(address)
            request.session[_NEXT] = _safe_next(request, request.GET.get("next", ""))
            return redirect("accounts:login_code")
    return render(request, "accounts/login.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    sealed = request.session.get(_PENDING)
    if not sealed:
        return redirect("accounts:login")
    address = decrypt(sealed)  # a session row must not tell who signed in
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            user = codes.redeem_code(address=address, code=form.cleaned_data["code"].strip())
        except PortalError as error:
            put_error(form, error)
        else:
            target = request.session.pop(_NEXT, "") or settings.LOGIN_REDIRECT_URL
            request.session.pop(_PENDING, None)
            return perform_login(request, Login(user=user, redirect_url=target))
    return render(
        request,
        "accounts/login_code.html",
        {"form": form, "address": mask_address(address)},
        status=422 if form.errors else 200,
    )


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    end_session(request)
    return redirect("products:list")


@require_POST
def text_size(request: HttpRequest) -> HttpResponse:
    response = redirect(_safe_next(request, request.POST.get("next", "")) or "/")
    large = request.COOKIES.get("text") == "large"
    response.set_cookie(
        "text",
        "normal" if large else "large",
        max_age=31_536_000,
        samesite="Lax",
        httponly=True,
        secure=not settings.DEMO,
    )
    return response


@applicant
@require_safe
def enterprises(request: HttpRequest) -> HttpResponse:
    rows = Membership.objects.of(request.actor).select_related("enterprise").order_by("pk")
    return render(request, "accounts/enterprises.html", {"rows": rows, "nav": "enterprises"})


@applicant
@require_http_methods(["GET", "POST"])
def claim(request: HttpRequest) -> HttpResponse:
    form = ClaimForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            membership = onboarding.claim(**form.cleaned_data, actor=request.actor)
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("accounts:enterprise", membership.enterprise.uscc)
    return render(
        request, "accounts/claim.html", {"form": form, "nav": "enterprises"}, status=422 if form.errors else 200
    )


def _membership(request: HttpRequest, uscc: str) -> Membership:
    return get_object_or_404(
        Membership.objects.of(request.actor).select_related("enterprise", "user"), enterprise__uscc=uscc
    )


def _enterprise_page(request: HttpRequest, membership: Membership, **forms: object) -> HttpResponse:
    context = {
        "membership": membership,
        "nav": "enterprises",
        "identity_form": IdentityForm(),
        "invite_form": InviteForm(),
        "may_invite": rules.may_invite(membership),
    }
    if membership.is_verified:
        context["members"] = (
            Membership.objects.current().filter(enterprise=membership.enterprise).verified().select_related("user")
        )
        context["consents"] = (
            Consent.objects.filter(enterprise=membership.enterprise)
            .shared_with(request.actor.user_id)
            .select_related("text", "given_by", "partner")
            .order_by("-given_at")[:50]
        )
    failed = any(getattr(form, "errors", None) for form in forms.values())
    return render(request, "accounts/enterprise.html", {**context, **forms}, status=422 if failed else 200)


@applicant
@require_safe
def enterprise(request: HttpRequest, uscc: str) -> HttpResponse:
    return _enterprise_page(request, _membership(request, uscc))


@applicant
@require_POST
def verify_identity(request: HttpRequest, uscc: str) -> HttpResponse:
    membership = _membership(request, uscc)
    form = IdentityForm(request.POST)
    if form.is_valid():
        try:
            memberships.verify_identity(membership_id=membership.pk, **form.cleaned_data, actor=request.actor)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, "核验通过，您可以签署授权和提交申请了")
            return redirect("accounts:enterprise", uscc)
    return _enterprise_page(request, membership, identity_form=form)


@applicant
@require_POST
def invite(request: HttpRequest, uscc: str) -> HttpResponse:
    membership = _membership(request, uscc)
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            memberships.invite(
                membership_id=membership.pk,
                address=form.cleaned_data["address"],
                role=Role(form.cleaned_data["role"]),
                actor=request.actor,
            )
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, "邀请已发出，对方 7 天内打开链接即可加入")
            return redirect("accounts:enterprise", uscc)
    return _enterprise_page(request, membership, invite_form=form)


@applicant
@require_POST
def revoke_consent(request: HttpRequest, uscc: str, consent_id: int) -> HttpResponse:
    membership = _membership(request, uscc)
    if not membership.is_verified:
        raise Http404
    shared = Consent.objects.filter(enterprise=membership.enterprise).shared_with(request.actor.user_id)
    consent = get_object_or_404(shared, pk=consent_id)
    try:
        consents.revoke(consent_id=consent.pk, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
    else:
        messages.success(request, "授权已撤回")
    return redirect("accounts:enterprise", uscc)


@never_cache
@applicant
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = memberships.find_invitation(token)
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            memberships.accept_invitation(token=token, actor=request.actor)
        except PortalError as error:
            tell_error(request, error)
        else:
            messages.success(request, "已加入，您现在可以办理这家企业的申请")
            return redirect("accounts:enterprises")
    return render(request, "accounts/invitation.html", {"invitation": found, "nav": "enterprises"})


@never_cache
@applicant
@require_http_methods(["GET", "POST"])
def referral(request: HttpRequest, token: str) -> HttpResponse:
    found = partners.find_referral(token)
    if found is None:
        raise Http404
    text = consents.current_texts([ConsentKind.PARTNER])[0]
    if request.method == "POST":
        try:
            partners.accept_referral(token=token, text_sha256=request.POST.get("text", ""), actor=request.actor)
        except PortalError as error:
            tell_error(request, error)
        else:
            messages.success(request, "已确认。合作机构可以代为填写和提交，您可以随时撤回")
            return redirect("accounts:enterprise", found.uscc)
    membership = Membership.objects.of(request.actor).filter(enterprise__uscc=found.uscc).first()
    return render(
        request,
        "accounts/referral.html",
        {"referral": found, "text": text, "membership": membership, "nav": "enterprises"},
    )


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """The demonstration's mails and short messages. Production has no such page."""
    if not settings.DEMO:
        raise Http404
    return render(request, "accounts/outbox.html", {"rows": OutboxMessage.objects.order_by("-pk")[:30]})
