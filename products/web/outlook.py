"""An enterprise's outlook for its own people: tier, official titles, products, and what would bring it further."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.domain import profiles
from accounts.models import Membership
from accounts.rules import may_edit
from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.web import applicant, posted, put_error
from products.domain.outlook import ProductOutlook, TitleOutlook, outlook
from products.enums import TitleKind
from products.web.figures_form import FiguresForm
from products.web.ladder import ladder_of

_FINDINGS = {"pass": ("通过", "pass"), "refer": ("待核实", "refer"), "fail": ("未达到", "fail")}
_EXPIRIES = {"ended": ("fail", "已到期"), "30": ("turn", "30 天内到期"), "90": ("bank", "90 天内到期")}
_PRODUCTS = {"pass": ("条件都符合", "pass"), "refer": ("有事项转人工", "refer"), "fail": ("暂不符合", "fail")}


@never_cache
@applicant
@require_safe
def outlook_page(request: HttpRequest, uscc: str) -> HttpResponse:
    """Only for verified members: it shows what registers and the tax office say of the firm."""
    membership = get_object_or_404(
        Membership.objects.of(request.actor).select_related("enterprise"), enterprise__uscc=uscc
    )
    if not membership.is_verified:
        messages.info(request, "先核验身份，再看企业的资质与层级")
        return redirect("accounts:enterprise", uscc)
    found = outlook(membership.enterprise, today())
    context = {
        "enterprise": membership.enterprise,
        "as_of": today(),
        "tier": found.judged.tier,
        "ladder": ladder_of(found.judged),
        "score": found.judged.score,
        "higher": found.higher,
        "titles": [_title(title) for title in found.titles],
        "expiring": [(e, TitleKind(e.kind).label, *_EXPIRIES[e.flag]) for e in found.expiring],
        "products": [_product(product) for product in found.products],
        "may_edit": may_edit(membership),
        "nav": "enterprises",
    }
    return render(request, "products/outlook.html", context)


@never_cache
@applicant
@require_http_methods(["GET", "POST"])
def figures(request: HttpRequest, uscc: str) -> HttpResponse:
    """Fill in what the self-test still lacks."""
    membership = get_object_or_404(
        Membership.objects.of(request.actor).verified().select_related("enterprise", "user"), enterprise__uscc=uscc
    )
    if not may_edit(membership):
        messages.info(request, "您的身份只能查看，不能修改企业资料")
        return redirect("products:outlook", uscc)
    own = profiles.own_profile(membership)
    initial = FiguresForm.initial_from(own.data, own.version)
    form = FiguresForm(posted(request), initial=initial)
    if form.is_bound and form.is_valid():
        try:
            profiles.save_figures(
                membership_id=membership.pk,
                seen=form.cleaned_data["seen"],
                changes=form.changes(),
                actor=request.actor,
            )
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, "资料已保存，已按新的数字重新计算")
            return redirect("products:outlook", uscc)
    context = {"enterprise": membership.enterprise, "form": form, "nav": "enterprises"}
    return render(request, "products/figures.html", context, status=422 if form.errors else 200)


def _title(title: TitleOutlook) -> dict:
    failed = sum(gap.outcome == "fail" for gap in title.gaps)
    items = [dict(item, **dict(zip(("word", "tone"), _FINDINGS[item["outcome"]]))) for item in title.findings]
    if title.standing == "held":
        tone, word = "pass", "已持有"
    elif title.standing == "unverified":
        tone, word = "refer", "已填写，待核验证书"
    elif title.outcome == "pass":
        tone, word = "turn", "可以准备申报"
    elif title.outcome == "fail":
        waiting = len(title.gaps) - failed
        tone, word = "na", f"{failed} 项未达到" + (f"，{waiting} 项待核实" if waiting else "")
    else:
        tone, word = "refer", f"还有 {len(title.gaps)} 项待核实"
    return {"title": title, "tone": tone, "word": word, "items": items}


def _product(product: ProductOutlook) -> dict:
    word, tone = _PRODUCTS[product.outcome]
    return {"product": product.product, "word": word, "tone": tone, "gaps": product.gaps}
