"""`manage.py seed`: the demonstration, and with `--enterprises N` any number of synthetic firms."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications.domain import monitoring
from applications.management import bulk, demo
from applications.management.synthetic import MOST


class Command(BaseCommand):
    help = "Create demonstration data (safe to run again). Refused outside demo mode."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--enterprises",
            type=int,
            default=0,
            help=f"also create N synthetic enterprises with an application each (≤ {MOST})",
        )

    def handle(self, *args: object, **options: object) -> None:
        if not settings.DEMO:
            raise CommandError("demonstration data belongs to PORTAL_MODE=demo")
        count = int(str(options["enterprises"]))
        if not 0 <= count <= MOST:
            raise CommandError(f"--enterprises takes 0 to {MOST}")
        self.stdout.write("demo data created" if demo.build() else "demo data already there")
        if count:
            self._bulk(count)
        monitoring.refresh()

    def _bulk(self, count: int) -> None:
        done = 0

        def progress(step: int) -> None:
            nonlocal done
            done += step
            if sys.stderr.isatty():
                width = 40 * done // count
                self.stderr.write(f"\r[{'█' * width}{'·' * (40 - width)}] {done:,} / {count:,}", ending="")

        written = bulk.seed(count, progress=progress)
        self.stdout.write(f"\n{written:,} enterprises written, {count - written:,} were there")
