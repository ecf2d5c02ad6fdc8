"""Triggers that keep append-only tables append-only, on both databases.

SQLite drops triggers whenever Django rebuilds a table, so they are installed after every migrate, not in a migration.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connections

# table → columns that may still change (an empty tuple: none; None as row guard means every update is refused)
APPEND_ONLY: dict[str, str] = {
    "kernel_event": "",
    "products_factsnapshot": "",
    "products_evaluation": "",
    "kernel_accessrecord": "",
    "products_policyversion": "OLD.frozen_at IS NOT NULL AND (NEW.frozen_at IS NULL OR NEW.frozen_at <> OLD.frozen_at"
    " OR NEW.document <> OLD.document OR NEW.sha256 <> OLD.sha256 OR NEW.code <> OLD.code OR NEW.number <> OLD.number"
    " OR NEW.effective_from <> OLD.effective_from OR NEW.title <> OLD.title)",
    # An entry ends and may go on again; what it says never changes. One from before keys were kept gets its key once.
    "products_registerentry": "NEW.register_id <> OLD.register_id OR NEW.uscc <> OLD.uscc OR NEW.name <> OLD.name"
    " OR NEW.number <> OLD.number OR NEW.project <> OLD.project OR NEW.valid_from <> OLD.valid_from"
    " OR COALESCE(NEW.amount, -1) <> COALESCE(OLD.amount, -1) OR COALESCE(NEW.batch_in_id, 0) <> COALESCE(OLD.batch_in_id, 0)"
    " OR (OLD.key <> '' AND (NEW.key <> OLD.key OR NEW.digest <> OLD.digest))",
    "applications_contact": "",
    "accounts_consenttext": "",
    "applications_submission": "",
}


def install_triggers(using: str = "default", **_: object) -> None:
    """(Re)create the triggers for the tables that exist. Switched off in tests that flush tables."""
    if not getattr(settings, "INSTALL_TRIGGERS", True):
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for table, guard in APPEND_ONLY.items():
            if table in existing:
                for statement in _statements(connection.vendor, table, guard):
                    cursor.execute(statement, None)


def _statements(vendor: str, table: str, guard: str) -> list[str]:
    condition = f" WHEN ({guard})" if guard else ""
    if vendor == "postgresql":
        condition = condition.replace("NEW.document <> OLD.document", "NEW.document::text <> OLD.document::text")
        return [
            "CREATE OR REPLACE FUNCTION kernel_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"DROP TRIGGER IF EXISTS {table}_no_update ON {table}",
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION kernel_refuse()",
            f"DROP TRIGGER IF EXISTS {table}_no_delete ON {table}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION kernel_refuse()",
            f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION kernel_refuse()",
        ]
    return [
        f"DROP TRIGGER IF EXISTS {table}_no_update",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}{condition} BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END",
        f"DROP TRIGGER IF EXISTS {table}_no_delete",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END",
    ]
