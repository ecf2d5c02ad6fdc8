"""`manage.py dbroles portal_app`: the PostgreSQL role that serves. The owner migrates; this role cannot rewrite history."""

from __future__ import annotations

import getpass
import re

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from psycopg import sql

from portal.kernel.immutability import APPEND_ONLY

# Frozen by a trigger where it matters, but drafts change and entries end: these tables stay writable.
WRITABLE = {"products_policyversion", "products_registerentry"}


class Command(BaseCommand):
    help = "Create or update the application role: full use of the tables, append-only where history must not change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")
        parser.add_argument("--password", default="", help="asked for when left out")

    def handle(self, *args: object, **options: object) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("roles belong to PostgreSQL")
        role = str(options["role"])
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", role):
            raise CommandError("a role name of lower-case letters, digits and _")
        password = str(options["password"] or getpass.getpass(f"password of {role}: "))
        name = sql.Identifier(role)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            statement = sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
            statements = [
                statement.format(name, sql.Literal(password)),
                sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(name),
                sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name),
                *[
                    sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name)
                    for table in sorted(set(APPEND_ONLY) - WRITABLE)
                ],
                sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(name),
            ]
            for one in statements:
                cursor.execute(one.as_string(cursor.connection))
        self.stdout.write(f"role {role} ready; run again after each migrate")
