"""A case as one sealed file, checked without a server, a database or the network.

    python -m products.policy.sealed case.json

The file holds, for every submission round, what was submitted, the snapshot of facts, the policy documents in full and
the results, then the decisions and the whole chain of events. Checking means: every hash is computed again, every
evaluation is made again from its snapshot and document, every event must follow the one before. What a reader must
trust is one figure, the file's seal: SHA-256 over all the rest; the bank can prove its own signature over it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from products.policy.document import ENGINE_VERSION, DocumentError, compile_document
from products.policy.replaying import facts_from_json, result_of

FORMAT = "portal.case/1"
_EVENT_FIELDS = ("seq", "type", "actor_kind", "actor", "payload", "public", "at")


def canonical(value: object) -> str:
    """The one text of a JSON value: sorted keys, no blanks, Chinese unescaped."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def seal(body: dict, sign: Callable[[str], str]) -> dict:
    """`body` with its seal: SHA-256 over it and the signature over that."""
    value = fingerprint(body)
    return {**body, "seal": {"sha256": value, "signature": sign(value)}}


def problems(sealed: dict) -> list[str]:
    """What does not hold in a sealed case, in words; nothing when all holds. Raises ValueError for another kind of file."""
    if not isinstance(sealed, dict) or sealed.get("format") != FORMAT:
        raise ValueError(f"不是 {FORMAT} 格式的案件存档")
    body = {key: value for key, value in sealed.items() if key != "seal"}
    found = [] if fingerprint(body) == sealed["seal"]["sha256"] else ["印章：内容与印章不符"]
    for item in sealed["rounds"]:
        found += _round_problems(item)
    return found + list(_event_problems(sealed["reference"], sealed["events"]))


def _round_problems(item: dict) -> Iterator[str]:
    where = f"第 {item['round']} 次提交"
    for name, part in (("提交内容", item["submission"]), ("指标快照", item["snapshot"])):
        if fingerprint(part["content"]) != part["sha256"]:
            yield f"{where}：{name}与指纹不符"
    for kept in item["evaluations"]:
        policy = kept["policy"]
        named = f"{where}：{policy['code']} 第 {policy['number']} 版"
        if fingerprint(policy["document"]) != policy["sha256"]:
            yield f"{named}的文档与指纹不符"
        if fingerprint(kept["result"]) != kept["digest"]:
            yield f"{named}的结果与指纹不符"
        if kept["engine_version"] != ENGINE_VERSION:
            yield f"{named}由第 {kept['engine_version']} 版引擎算出，这里是第 {ENGINE_VERSION} 版，不能重算"
            continue
        try:
            outcome, result = result_of(
                compile_document(policy["document"]), facts_from_json(item["snapshot"]["content"])
            )
        except DocumentError as error:
            yield f"{named}的文档不能使用：{error}"
            continue
        if (outcome, fingerprint(result)) != (kept["outcome"], kept["digest"]):
            yield f"{named}重算结果不同：存档 {kept['outcome']}，重算 {outcome}"


def _event_problems(stream: str, events: list[dict]) -> Iterator[str]:
    previous = ""
    for number, event in enumerate(events, 1):
        content = {name: event[name] for name in _EVENT_FIELDS} | {"stream": stream, "prev": event["prev_hash"]}
        if event["seq"] != number or event["prev_hash"] != previous or event["hash"] != fingerprint(content):
            yield f"事件链：第 {number} 条不符"
            return
        previous = event["hash"]


def main(arguments: list[str]) -> int:
    """Check one file; 0 when all holds, 1 when something does not, 2 when it cannot be read."""
    try:
        sealed = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        found = problems(sealed)
    except IndexError:
        print("用法：python -m products.policy.sealed 案件存档.json", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"不能读取：{error}", file=sys.stderr)
        return 2
    for line in found:
        print(line)
    if not found:
        count = sum(len(item["evaluations"]) for item in sealed["rounds"])
        print(
            f"{sealed['reference']}：{len(sealed['rounds'])} 次提交，{count} 项评估重算一致，{len(sealed['events'])} 条事件完整"
        )
        print(f"印章 {sealed['seal']['sha256']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
