"""One line of a register's file: judged, and made into a row that can be compared and kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

from accounts.validators import is_uscc, normalise_uscc
from portal.kernel.errors import InvalidInput
from portal.kernel.money import WAN
from portal.kernel.tables import amount_word, date_word
from products.domain.registering.files import FIELDS
from products.enums import BatchMode, RowChange
from products.models import Register, RegisterEntry

_LENGTHS = {"name": ("企业名称", 200), "number": ("证书编号", 60), "round": ("批次", 60), "project": ("项目名称", 200)}
_NOT_IN_A_NAME = str.maketrans("", "", "()[]{}<>《》〈〉【】「」“”\"'·・•.,，。、:;-—_ \t\u3000")


class Row(NamedTuple):
    """A staged row in the order of its columns; dates and amounts as the database reads them."""

    line: int
    change: str
    problem: str
    uscc: str
    name: str
    plain_name: str
    number: str
    round: str
    project: str
    amount: str | None
    valid_from: str | None
    valid_to: str | None
    key: str
    digest: int


def plain_name(name: str) -> str:
    """A name for comparing: full-width forms made plain, brackets, points and blanks left out. Weaker than a code."""
    if not unicodedata.is_normalized("NFKC", name):
        name = unicodedata.normalize("NFKC", name)
    return name.translate(_NOT_IN_A_NAME).upper()


def judged(lines: Iterable[tuple[int, list[str]]], mode: str) -> Iterator[Row]:
    """Every line as a row; one that cannot be used says why and carries what it was made of."""
    needs_name = mode != BatchMode.REMOVALS
    for line, words in lines:
        try:
            yield _row(line, words, needs_name=needs_name)
        except ValueError as error:
            yield _faulty(line, words, str(error))
        except InvalidInput as error:
            yield _faulty(line, words, f"统一社会信用代码：{error.message}")


def _row(line: int, words: list[str], *, needs_name: bool) -> Row:
    if len(words) > len(FIELDS):
        raise ValueError("比表头多出几格，含逗号的内容要加引号")
    if not "".join(words).isprintable():
        words = [" ".join(word.split()) for word in words]  # line breaks and wide blanks inside a cell
    name, uscc, number, since, until, round_, project, wan, yuan = words
    if uscc and not is_uscc(uscc):
        uscc = normalise_uscc(uscc)
    if not name and (needs_name or not uscc):
        raise ValueError("没有企业名称")
    text = name + number + round_ + project
    if not text.isprintable():
        raise ValueError("有看不见的控制字符，请重新输入这一行")
    if "=" in text and any(word.startswith("=") for word in words):
        raise ValueError("不能是公式，请粘贴为数值")
    if len(text) > 60:
        _check_lengths(name=name, number=number, round=round_, project=project)
    valid_from, valid_to = date_word(since, "有效期起"), date_word(until, "有效期止")
    if valid_from and valid_to and valid_to < valid_from:
        raise ValueError("有效期止早于有效期起")
    amount = amount_word(wan, WAN) if wan else amount_word(yuan, Decimal(1)) if yuan else None
    plain = plain_name(name)
    if len(plain) > 200:
        raise ValueError("企业名称超过 200 个字")
    key = key_of(uscc, plain, project)
    digest = digest_of(name, number, round_, project, valid_from, valid_to, amount)
    return Row(
        line, RowChange.NEW, "", uscc, name, plain, number, round_, project, amount, valid_from, valid_to, key, digest
    )  # fmt: skip


def key_of(uscc: str, plain: str, project: str) -> str:
    """What makes a row the same row in the next list: the credit code, else the plain name, and the project."""
    return (uscc or f"~{plain}") + (f"|{plain_name(project)}" if project else "")


def digest_of(*said: str | None) -> int:
    """64 bits over what a row says beside its key: name, number, round, project, start, end, amount, as in a file."""
    text = "\x1f".join(map(str, said))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


def entry(
    register: Register, *, uscc: str, name: str, valid_from: date, valid_to: date | None = None, number: str = ""
) -> RegisterEntry:
    """An entry of a firm as a file would bring it, still to be saved: for demonstrations and seeds."""
    plain = plain_name(name)
    days = valid_from.isoformat(), valid_to and valid_to.isoformat()
    return RegisterEntry(
        register=register,
        uscc=uscc,
        name=name,
        plain_name=plain,
        number=number,
        valid_from=valid_from,
        valid_to=valid_to,
        key=key_of(uscc, plain, ""),
        digest=digest_of(name, number, "", "", *days, None),
    )


def _faulty(line: int, words: list[str], problem: str) -> Row:
    def shown(text: str, most: int) -> str:
        return "".join(c for c in text if c.isprintable())[:most]

    name, uscc, number, *_ = words
    return Row(
        line, RowChange.INVALID, shown(problem, 200), shown(uscc, 18), shown(name, 200), "", shown(number, 60),
        "", "", None, None, None, "", 0,
    )  # fmt: skip


def _check_lengths(**texts: str) -> None:
    for field, text in texts.items():
        label, most = _LENGTHS[field]
        if len(text) > most:
            raise ValueError(f"{label}超过 {most} 个字")
