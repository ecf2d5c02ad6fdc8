"""Addresses that are kept are those that `reverse()` gives."""

import pytest
from django.urls import NoReverseMatch, reverse

from portal.kernel.addresses import address


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("applications:list", ()),
        ("applications:status", ("SQ20260101-0000A1",)),
        ("admin:case_act", ("SQ20260101-0000A1", "note")),
        ("applications:status", ("带中文 {} %",)),
    ],
)
def test_an_address_is_the_reversed_one(name, words):
    assert address(name, *words) == reverse(name, args=words)


def test_an_unknown_name_is_no_address():
    with pytest.raises(NoReverseMatch):
        address("applications:nowhere")
