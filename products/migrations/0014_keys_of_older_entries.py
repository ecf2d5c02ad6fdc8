"""Give register entries from before files their key, so that the first list by file finds them.

Of several entries of one firm on one list the newest is the one that a next list replaces; the others stay without.
"""

from django.db import migrations

PART = 2000


def fill(apps, schema_editor):
    from products.domain.registering.rows import digest_of, key_of, plain_name  # noqa: PLC0415  data, not schema

    Entry = apps.get_model("products", "RegisterEntry")
    keyed = set(Entry.objects.exclude(key="").filter(batch_out=None).values_list("register_id", "key"))
    part = []
    for entry in Entry.objects.filter(key="", batch_in=None).order_by("-valid_from", "-pk").iterator(PART):
        entry.plain_name = plain_name(entry.name)
        key = key_of(entry.uscc, entry.plain_name, entry.project)
        if (entry.register_id, key) not in keyed:
            keyed.add((entry.register_id, key))
            days = entry.valid_from.isoformat(), entry.valid_to and entry.valid_to.isoformat()
            amount = None if entry.amount is None else str(entry.amount)
            entry.key = key
            entry.digest = digest_of(entry.name, entry.number, entry.round, entry.project, *days, amount)
        part.append(entry)
        if len(part) == PART:
            Entry.objects.bulk_update(part, ["plain_name", "key", "digest"])
            part = []
    Entry.objects.bulk_update(part, ["plain_name", "key", "digest"])


class Migration(migrations.Migration):
    dependencies = [("products", "0013_answers_of_tables")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
