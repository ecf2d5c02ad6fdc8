"""`manage.py serve`: the embedded mode of `make run`."""

from __future__ import annotations

import os

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.kernel.embedded import PortTaken, serve

WELCOME = """
  科创融资服务  http://localhost:{port}
  银行后台      http://localhost:{port}/admin/
  接口文档      http://localhost:{port}/api/v1/docs/

  演示账号（密码 demo-Pass-2026，或用验证码登录）
    企业      founder@demo.example
    客户经理  rm@demo.example        审查岗  reviewer@demo.example
    审批岗    approver@demo.example  政策    policy@demo.example
    政策复核  policy2@demo.example   管理员  admin@demo.example
  合作机构    demo-incubator / demo-incubator-secret
  发出的邮件和短信  http://localhost:{port}/outbox/

  Ctrl-C 停止；再次 make run 数据还在。
"""


class Command(BaseCommand):
    help = "Serve site, worker and beat in one process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *args: object, **options: object) -> None:
        port = int(str(options["port"]))
        try:
            serve(
                host=str(options["host"]),
                port=port,
                on_ready=lambda: self.stdout.write(WELCOME.format(port=port), ending=""),
            )
        except PortTaken as error:
            raise CommandError(f"端口 {port} 已被占用。换一个：make run PORT={port + 1}") from error
