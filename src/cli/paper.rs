//! Form and voucher as text, for people at a terminal.

use super::table;
use crate::pb;

/// The declaration as the official form lays it out.
pub fn form(draft: &pb::Declaration) -> String {
    let mut rows: Vec<Vec<String>> = draft
        .form
        .iter()
        .map(|row| {
            let period = row.period.clone().unwrap_or_default();
            vec![
                row.row_number.to_string(),
                row.tax_name.clone(),
                row.item_name.clone(),
                format!("{}～{}", period.first_day, period.last_day),
                row.base.clone(),
                row.rate.clone(),
                row.tax_amount_yuan.clone(),
                row.relief_yuan.clone(),
                row.already_paid_yuan.clone(),
                row.payable_yuan.clone(),
            ]
        })
        .collect();
    let totals = draft.totals.clone().unwrap_or_default();
    let dash = || "——".to_owned();
    rows.push(vec![
        String::new(),
        "合计".to_owned(),
        dash(),
        dash(),
        dash(),
        dash(),
        totals.tax_amount_yuan,
        totals.relief_yuan,
        totals.already_paid_yuan,
        totals.net_yuan,
    ]);
    let heading = [
        "序号",
        "税种",
        "税目",
        "税款所属期",
        "计税依据",
        "税率",
        "应纳税额",
        "减免税额",
        "已缴税额",
        "应补(退)税额",
    ];
    format!(
        "\n财产和行为税纳税申报表（单位：元）\n{}\n缴款期限：{}\n",
        table::lay_out(&heading, &rows, 4),
        draft.due_on
    )
}

/// The voucher as it is printed.
pub fn voucher(voucher: &pb::Voucher) -> String {
    let rows: Vec<Vec<String>> = voucher
        .rows
        .iter()
        .map(|row| {
            let period = row.period.clone().unwrap_or_default();
            vec![
                row.tax_name.clone(),
                row.item_name.clone(),
                format!("{}～{}", period.first_day, period.last_day),
                row.treasury_date.clone(),
                row.amount_yuan.clone(),
            ]
        })
        .collect();
    let heading = ["税种", "品目名称", "税款所属时期", "入库日期", "实缴金额"];
    format!(
        "\n税收完税证明 No. {}\n填发日期 {}  税务机关 {}  纳税人 {} {}\n{}\n金额合计 {} 元（大写）{}",
        voucher.voucher_number,
        voucher.issued_on,
        voucher.tax_authority_code,
        voucher.tax_number,
        voucher.taxpayer_name,
        table::lay_out(&heading, &rows, 4),
        voucher.total_yuan,
        voucher.total_in_words
    )
}
