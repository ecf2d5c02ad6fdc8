"""The columns of a register's file."""

from __future__ import annotations

from functools import partial

from portal.kernel.tables import Layout, open_table

LAYOUT = Layout(
    sheet="名单",
    columns={
        "name": ("企业名称", "单位名称", "名称"),
        "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
        "number": ("证书编号", "编号", "入库登记编号", "入库编号"),
        "valid_from": ("有效期起", "发证日期", "认定日期", "列入日期"),
        "valid_to": ("有效期止", "有效期至", "到期日期"),
        "round": ("批次", "公布批次"),
        "project": ("项目名称", "项目"),
        "amount": ("金额(万元)", "项目金额(万元)"),
        "amount_yuan": ("金额(元)", "项目金额(元)"),
    },
    needs=(("name", "uscc"),),
)
FIELDS = tuple(LAYOUT.columns)
TEMPLATE = LAYOUT.template

open_file = partial(open_table, layout=LAYOUT)
