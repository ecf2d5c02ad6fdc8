"""A prepared row set gives what the plain one gives: objects, joins, annotations, JSON, values; for every asking anew."""

import threading

import pytest
from django.db import connection
from django.db.models import Exists, F, OuterRef

from accounts.models import Branch, Enterprise, EnterpriseProfile, Membership
from portal.kernel.prepared import Given, Prepared
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def firms(defaults):
    found = [factories.legal_rep().enterprise for _ in range(3)]
    for number, firm in enumerate(found):
        EnterpriseProfile.objects.create(enterprise=firm, source="tax", data={"employees": number, "名": ["一", None]})
    return found


PROFILES = (
    EnterpriseProfile.objects.filter(source="tax")
    .select_related("enterprise")
    .only("data", "updated_at", "enterprise__name")
)
OF_ONE = Prepared(
    PROFILES.filter(enterprise=Given("firm"), is_sandbox=False).annotate(
        code=F("enterprise__uscc"),
        has_member=Exists(Membership.objects.filter(enterprise_id=OuterRef("enterprise_id"))),
    )
)
NAMES = Prepared(
    Enterprise.objects.filter(pk__gte=Given("least"))
    .order_by("-pk")
    .values("name", code=F("uscc"), at=F("created_at"))[:2]
)


def test_objects_are_the_same_and_read_anew(firms, django_assert_num_queries):
    OF_ONE(firm=firms[0].pk)
    for number, firm in enumerate(firms):
        with django_assert_num_queries(1):
            (row,) = OF_ONE(firm=firm.pk)
            seen = (row.data, row.enterprise.name, row.code, row.has_member)
        assert seen == ({"employees": number, "名": ["一", None]}, firm.name, firm.uscc, True)
        assert row == PROFILES.get(enterprise=firm)
        assert row.get_deferred_fields() == PROFILES.get(enterprise=firm).get_deferred_fields()
        assert row.updated_at == PROFILES.get(enterprise=firm).updated_at
    EnterpriseProfile.objects.filter(enterprise=firms[1]).update(data={})
    assert OF_ONE.first(firm=firms[1].pk).data == {}
    assert OF_ONE(firm=0) == []
    assert OF_ONE.first(firm=0) is None


def test_values_keep_their_limit_and_their_types(firms):
    plain = Enterprise.objects.filter(pk__gte=firms[0].pk).order_by("-pk")
    assert NAMES(least=firms[0].pk) == list(plain.values("name", code=F("uscc"), at=F("created_at"))[:2])
    assert [row["name"] for row in NAMES(least=firms[2].pk)] == [firms[2].name]


def test_what_is_given_is_bound_and_never_part_of_the_statement(firms):
    rows = Prepared(Enterprise.objects.filter(name=Given("name")))
    Enterprise.objects.filter(pk=firms[0].pk).update(name="甲' OR 1=1 -- %s")
    assert [row.pk for row in rows(name="甲' OR 1=1 -- %s")] == [firms[0].pk]
    assert rows(name="' OR '1'='1") == []
    with pytest.raises(KeyError):
        rows(nam="甲")


def test_a_row_set_can_be_asked_before_there_is_a_match_and_after(defaults):
    rows = Prepared(Branch.objects.filter(name=Given("name")))
    assert rows(name="新支行") == []
    Branch.objects.create(name="新支行")
    assert [row.name for row in rows(name="新支行")] == ["新支行"]


@pytest.mark.django_db(transaction=True)
def test_threads_ask_at_once_each_on_its_connection():
    firms = [factories.enterprise() for _ in range(4)]
    rows = Prepared(Enterprise.objects.filter(pk=Given("pk")))
    wrong, start = [], threading.Barrier(4)

    def ask(firm: Enterprise) -> None:
        start.wait()
        try:
            for _ in range(50):
                if [row.uscc for row in rows(pk=firm.pk)] != [firm.uscc]:
                    wrong.append(firm)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[firm]) for firm in firms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
