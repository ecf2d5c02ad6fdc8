"""A policy as one file, to carry it between environments: the document, its hash, and its golden cases."""

from __future__ import annotations

import json
from typing import BinaryIO

from portal.kernel.canonical import digest
from portal.kernel.errors import InvalidInput
from products.models import GoldenCase, PolicyVersion
from products.policy.document import DocumentError, compile_document

FORMAT = "portal.policy/1"
MAX_BYTES = 512 * 1024
MAX_CASES = 200


def write(version: PolicyVersion) -> dict:
    cases = GoldenCase.objects.filter(policy_code=version.code).order_by("pk")
    return {
        "format": FORMAT,
        "code": version.code,
        "number": version.number,
        "status": version.status,
        "effective_from": version.effective_from.isoformat(),
        "summary": version.summary,
        "sha256": digest(version.document),
        "document": version.document,
        "golden_cases": [{"name": row.name, "facts": row.facts, "expected": row.expected} for row in cases],
    }


def read(file: BinaryIO, size: int, *, code: str) -> tuple[dict, list[dict]]:
    """The checked document and the golden cases of a file made by `write` for this policy. Raises InvalidInput."""
    if size > MAX_BYTES:
        raise _refused("文件超过 512 KB")
    try:
        content = json.loads(file.read(MAX_BYTES).decode("utf-8-sig"), parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _refused("打不开这个文件：不是 UTF-8 的 JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _refused(f"不是政策文件（format 应为 {FORMAT}）")
    document = content.get("document")
    try:
        compiled = compile_document(document)
    except DocumentError as error:
        raise _refused(f"document{error.place}：{error.message}") from error
    if compiled.code != code:
        raise _refused(f"这是「{compiled.code}」的文件，不是「{code}」的")
    if content.get("sha256") != digest(document):
        raise _refused("指纹不符：文件在导出以后被改过")
    cases = content.get("golden_cases", [])
    if not isinstance(cases, list) or len(cases) > MAX_CASES or not all(isinstance(case, dict) for case in cases):
        raise _refused("golden_cases 要是一组样例")
    return document, cases


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _refused(message: str) -> InvalidInput:
    return InvalidInput("policy_file_invalid", message, field="workbook")
