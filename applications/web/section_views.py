"""One section of the form: shown, saved by the applicant, and saved by itself while they type."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.rules import may_edit
from applications import checklist
from applications.domain import drafting
from applications.domain.steps import note_opened
from applications.enums import Section
from applications.models import Application
from applications.queries.case import taken_over_words
from applications.web.forms import SectionForm, form_class
from applications.web.recovery import keeps_typed, typed_before
from applications.web.views import editable_case, member_of
from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.errors import PortalError
from portal.kernel.web import applicant, posted, put_error


def _form_of(request: HttpRequest, application: Application, name: str) -> tuple[type[SectionForm], dict]:
    """The section's form class and what it starts with."""
    if name not in checklist.sections_of(application.product) or name in (Section.CONSENTS, Section.DOCUMENTS):
        raise Http404
    profile = drafting.profile_for(application, member_of(request, application))
    cls = form_class(application, name)
    return cls, cls.initial_from(application, profile)


@never_cache
@keeps_typed
@applicant
@require_http_methods(["GET", "POST"])
def section(request: HttpRequest, reference: str, name: str) -> HttpResponse:
    application = editable_case(request, reference)
    cls, initial = _form_of(request, application, name)
    recovered = typed_before(request)
    typed = posted(request) if request.method == "POST" else recovered
    form = cls(typed, application=application, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _save(application, name, form, request.actor)
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("applications:tasks", reference)
    if recovered is not None:
        messages.info(request, "登录过期时填写的内容已恢复，请核对后保存")
    if request.method == "GET":
        note_opened(application, name)
    context = {
        "application": application,
        "form": form,
        "section": Section(name),
        "taken_over": taken_over_words(application),
        "saves_itself": may_edit(member_of(request, application)),
        "nav": "applications",
    }
    return render(request, "applications/section.html", context, status=422 if form.errors else 200)


def _save(application: Application, name: str, form: SectionForm, actor: Actor, *, by_itself: bool = False) -> None:
    profile, values = form.changes()
    drafting.save_section(
        application_id=application.pk,
        section=Section(name),
        profile=profile,
        request=values,
        actor=actor,
        by_itself=by_itself,
    )


@require_POST
def autosave(request: HttpRequest, reference: str, name: str) -> HttpResponse:
    """Save what can be saved and say when; a faulty field keeps what was stored before, and is named."""
    if not request.user.is_authenticated:
        return render(request, "applications/_saved.html", {"expired": True}, status=401)
    return _autosave(request, reference, name)


@never_cache
@applicant
def _autosave(request: HttpRequest, reference: str, name: str) -> HttpResponse:
    application = editable_case(request, reference)
    cls, initial = _form_of(request, application, name)
    data, faults = request.POST.copy(), {}
    while True:
        form = cls(data, application=application, initial=initial)
        if form.is_valid():
            try:
                _save(application, name, form, request.actor, by_itself=True)
            except PortalError as error:
                put_error(form, error)
            else:
                return render(request, "applications/_saved.html", {"at": now(), "faults": list(faults.values())})
        fresh = [field for field in form.errors if field in form.fields and field not in faults]
        if not fresh:
            # What stood before does not go with the rest either: nothing is saved, and that is said.
            return render(request, "applications/_saved.html", {"refused": _words_of(form)})
        for field in fresh:
            faults[field] = form.fields[field].label
            _put_back(data, field, initial.get(field))


def _words_of(form: SectionForm) -> list[str]:
    """What is wrong, each with its field's name."""
    return [
        f"{form.fields[name].label}：{error}" if name in form.fields else str(error)
        for name, errors in form.errors.items()
        for error in errors
    ]


def _put_back(data: QueryDict, name: str, value: object) -> None:
    """Let a field have its stored value again."""
    data.pop(name, None)
    if isinstance(value, list):
        data.setlist(name, [str(v) for v in value])
    elif value not in (None, ""):
        data[name] = str(value)
