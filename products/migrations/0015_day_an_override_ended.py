"""The day an override ended before its last day, so that what counted on a past day can still be told."""

from django.db import migrations, models
from django.db.models.functions import TruncDate

from portal.kernel.clock import BEIJING


def fill(apps, schema_editor):
    Override = apps.get_model("products", "TierOverride")
    ended = Override.objects.filter(status="ended").exclude(active_from=None)
    for override in ended.annotate(day=TruncDate("status_changed_at", tzinfo=BEIJING)).iterator():
        if override.day <= override.last_day:
            override.ended_on = override.day
            override.save(update_fields=["ended_on"])


class Migration(migrations.Migration):
    dependencies = [("products", "0014_keys_of_older_entries")]
    operations = [
        migrations.AddField("tieroverride", "ended_on", models.DateField(null=True, verbose_name="提前结束日")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
