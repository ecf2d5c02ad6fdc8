"""The unified social credit code (统一社会信用代码, GB 32100-2015)."""

from __future__ import annotations

import re
import unicodedata
from operator import mul

from stdnum.cn import uscc as standard

from portal.kernel.errors import InvalidInput

_VALUES = {character: value for value, character in enumerate(standard._alphabet)}
_WEIGHTS = (*(3**i % 31 for i in range(17)), 1)
_SEPARATORS = re.compile(r"[\s\-\u00ad\u200b-\u200f\u2028-\u202f\u2060\ufeff]")


def normalise_uscc(raw: str, *, field: str = "uscc") -> str:
    """NFKC, trimmed, upper case, checked. Raises InvalidInput that says which position is wrong.

    Inner blanks, hyphens and zero-width characters are refused, not removed: they are signs of a bad copy.
    """
    text = unicodedata.normalize("NFKC", raw).strip().upper()
    if _SEPARATORS.search(text):
        raise InvalidInput("uscc_separator", "代码中间有空格、连字符或看不见的字符，请去掉后再填", field=field)
    if len(text) != 18:
        raise InvalidInput("uscc_length", "统一社会信用代码是 18 位，现在是 {n} 位", field=field, n=len(text))
    for position, character in enumerate(text, 1):
        if character not in standard._alphabet:
            raise InvalidInput(
                "uscc_character",
                "第 {p} 位不能是 {c}，代码中没有字母 I、O、S、V、Z",
                field=field,
                p=position,
                c=character if character.isprintable() else "?",
            )
    if standard.calc_check_digit(text[:17]) != text[17]:
        raise InvalidInput("uscc_check_digit", "第 18 位校验不符，请对照营业执照核对", field=field)
    return text


def is_uscc(text: str) -> bool:
    """Whether `text` is a code as it is stored; for long lists, where `normalise_uscc` is asked only what is wrong."""
    try:
        return len(text) == 18 and sum(map(mul, map(_VALUES.__getitem__, text), _WEIGHTS)) % 31 == 0
    except KeyError:
        return False
