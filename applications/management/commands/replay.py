"""`manage.py replay <reference>`: evaluate a case again from its snapshots and policy versions, and compare by hash."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications.models import Application
from applications.queries.sealing import sealed_case
from products.policy.sealed import problems


class Command(BaseCommand):
    help = "Replay a case by hash; with --out write it as one sealed file that can be checked offline."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference")
        parser.add_argument("--out", type=Path, help="write the sealed case to this file")

    def handle(self, *args: object, reference: str, out: Path | None, **options: object) -> None:
        application = Application.objects.filter(reference=reference).first()
        if application is None:
            raise CommandError(f"没有编号为 {reference} 的申请")
        case = sealed_case(application)
        for item in case["rounds"]:
            for kept in item["evaluations"]:
                policy = kept["policy"]
                self.stdout.write(
                    f"第 {item['round']} 次　{policy['code']} 第 {policy['number']} 版　{kept['outcome']}　{kept['digest']}"
                )
        if found := problems(case):
            raise CommandError("；".join(found))
        self.stdout.write("重放一致" if any(i["evaluations"] for i in case["rounds"]) else "还没有初筛结果")
        if out:
            out.write_text(json.dumps(case, ensure_ascii=False, indent=1), encoding="utf-8")
            self.stdout.write(f"{out}　印章 {case['seal']['sha256']}")
