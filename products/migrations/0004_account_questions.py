"""The account service's questions move from its form into its data, where an installation has the service already."""

from django.db import migrations

QUESTIONS = [
    {
        "code": "account_kind",
        "label": "账户种类",
        "type": "choice",
        "choices": [["basic", "基本存款账户（企业第一个账户）"], ["general", "一般存款账户"]],
        "required": True,
    },
    {"code": "accounts", "label": "需要开几个", "type": "count", "unit": "个", "when": {"account_kind": ["general"]}},
]


def fill(apps, schema_editor):
    rows = apps.get_model("products", "Product").objects.using(schema_editor.connection.alias)
    rows.filter(code="account-opening", questions=[]).update(questions=QUESTIONS)


class Migration(migrations.Migration):
    dependencies = [("products", "0003_questions_and_conditions")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
