"""Credit codes: real ones pass, every kind of damage is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as standard

from accounts.validators import normalise_uscc
from portal.kernel.errors import InvalidInput

REAL = [
    "9144030010001686XA", "914403001922038216", "91440300708461136T", "91110108551385082Q", "91110000802100433B", "91440300192317458F",
    "91330000733796106P", "91340000711771143J", "12100000400000624D", "914403007675804181", "91110000562091696T", "91110000696364303P",
    "914302007790310965", "9141030067166633X2", "91330100MA2AX8UL47", "91110000600069802M", "91130100104397700P", "91440400192548256N",
]  # fmt: skip


@pytest.mark.parametrize("code", REAL)
def test_real_code_passes(code):
    assert normalise_uscc(code.lower()) == code


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ("9144030010001686XB", "uscc_check_digit"),
        ("914403001922038217", "uscc_check_digit"),
        ("91440300I08461136T", "uscc_character"),
        ("9144030010001686X", "uscc_length"),
        ("91440300 10001686XA", "uscc_separator"),
        ("91440300-10001686XA", "uscc_separator"),
        ("91440300\u200b10001686XA", "uscc_separator"),
        ("", "uscc_length"),
        ("中" * 18, "uscc_character"),
        ("9144030010001686\x00A", "uscc_character"),
    ],
)
def test_damaged_code_is_refused_with_its_reason(raw, error):
    with pytest.raises(InvalidInput) as refused:
        normalise_uscc(raw)
    assert refused.value.code == error


def test_full_width_code_is_read():
    assert normalise_uscc("９１１１０１０８５５１３８５０８２Ｑ") == "91110108551385082Q"


@given(st.sampled_from(REAL), st.integers(0, 17), st.sampled_from(standard._alphabet))
def test_no_single_changed_character_goes_unnoticed(code, position, character):
    changed = code[:position] + character + code[position + 1 :]
    if changed == code:
        return
    with pytest.raises(InvalidInput):
        normalise_uscc(changed)
