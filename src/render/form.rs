//! 财产和行为税纳税申报表: the main form, all eleven columns.

use super::page::{Align, Document, Ink, Sheet};
use super::table::{Column, Row, Table, paginate};
use super::{RenderError, check_length};
use crate::filing::{Declaration, DeclarationState, Taxpayer, form_rows};
use crate::types::Overflow;

const LEFT: i32 = 350;
const RIGHT: i32 = 8069;
const TABLE_TOP: i32 = 1000;
const BOTTOM: i32 = 5600;
const FOOT: i32 = 1150;

/// Lays a declaration out as the official form.
///
/// # Errors
/// [`RenderError`].
pub fn form(
    taxpayer: &Taxpayer,
    declaration: &Declaration,
    sandbox: bool,
) -> Result<Document, RenderError> {
    let cells = rows(declaration)?;
    check_length(cells.len())?;
    let table = table();
    let rows: Vec<Row> = cells.iter().map(|cells| table.row(cells)).collect();
    let head = table.head();
    let numbers: Vec<String> = (1..=11).map(|number: i32| number.to_string()).collect();
    let numbers = table.row(&numbers);
    let room = BOTTOM - TABLE_TOP - head.height - numbers.height;
    let parts = paginate(rows, room, FOOT);
    let count = parts.len();
    let mut pages = Vec::new();
    for (place, part) in (1..).zip(parts) {
        let mut sheet = Sheet::a4(true);
        behind(&mut sheet, declaration, sandbox);
        top(
            &mut sheet,
            "财产和行为税纳税申报表",
            taxpayer,
            (place, count),
        );
        let y = table.draw(&mut sheet, TABLE_TOP, &head, true);
        let mut y = table.draw(&mut sheet, y, &numbers, true);
        for row in &part {
            y = table.draw(&mut sheet, y, row, false);
        }
        if place == count {
            foot(&mut sheet, declaration, y);
        }
        pages.push(sheet);
    }
    Document::new(
        format!("财产和行为税纳税申报表 {}", taxpayer.tax_number),
        pages,
    )
}

fn table() -> Table {
    let column = |title, width, align| Column {
        title,
        width,
        align,
    };
    Table {
        x: LEFT,
        size: 72,
        columns: vec![
            column("序号", 320, Align::Middle),
            column("税种", 850, Align::Left),
            column("税目", 1150, Align::Left),
            column("税款所属期起", 620, Align::Middle),
            column("税款所属期止", 620, Align::Middle),
            column("计税依据", 900, Align::Right),
            column("税率", 600, Align::Right),
            column("应纳税额", 680, Align::Right),
            column("减免税额", 640, Align::Right),
            column("已缴税额", 640, Align::Right),
            column("应补(退)税额", 699, Align::Right),
        ],
    }
}

fn rows(declaration: &Declaration) -> Result<Vec<Vec<String>>, Overflow> {
    let lines = &declaration.content.lines;
    let mut rows: Vec<Vec<String>> = (1..)
        .zip(form_rows(lines)?)
        .map(|(number, row): (i32, _)| {
            vec![
                number.to_string(),
                row.tax.zh().to_owned(),
                row.item_zh,
                row.period.first().to_string(),
                row.period.last().to_string(),
                row.base.normalize().to_string(),
                row.rate.normalize().to_string(),
                row.tax_amount.to_string(),
                row.relief.to_string(),
                row.already_paid.to_string(),
                row.payable.to_string(),
            ]
        })
        .collect();
    let totals = declaration.content.totals()?;
    let dash = || "——".to_owned();
    rows.push(vec![
        String::new(),
        "合计".to_owned(),
        dash(),
        dash(),
        dash(),
        dash(),
        dash(),
        totals.tax_amount.to_string(),
        totals.relief.to_string(),
        totals.already_paid.to_string(),
        totals.net.to_string(),
    ]);
    Ok(rows)
}

/// What stands behind the text: that it is a sample, that it is not the filed declaration.
pub fn behind(sheet: &mut Sheet, declaration: &Declaration, sandbox: bool) {
    if sandbox {
        for x in [2600, 5900] {
            sheet.across((x, 3400), 720, Ink::Pale, "沙箱样张");
        }
    }
    let text = match declaration.state {
        DeclarationState::Draft => "草稿　未申报",
        DeclarationState::Voided => "作　废",
        DeclarationState::Corrected => "已更正",
        _ => return,
    };
    sheet.across((sheet.width / 2, 3200), 700, Ink::PaleRed, text);
    sheet.text((LEFT, 480), 130, Ink::Red, Align::Left, text);
}

/// Title, taxpayer, unit and page, as on form and schedule.
pub fn top(sheet: &mut Sheet, title: &str, taxpayer: &Taxpayer, (place, count): (usize, usize)) {
    let middle = sheet.width / 2;
    sheet.text((middle, 480), 190, Ink::Black, Align::Middle, title);
    let page = format!("第 {place} 页　共 {count} 页");
    sheet.text((RIGHT, 480), 75, Ink::Grey, Align::Right, &page);
    let number = format!("纳税人识别号（统一社会信用代码）：{}", taxpayer.tax_number);
    sheet.text((LEFT, 740), 85, Ink::Black, Align::Left, &number);
    let name = super::font::wrap(&format!("纳税人名称：{}", taxpayer.name), 85, 5600);
    for (line, text) in (0..).zip(name.iter().take(1)) {
        sheet.text((LEFT, 890 + line * 110), 85, Ink::Black, Align::Left, text);
    }
    let unit = "金额单位：人民币元（列至角分）";
    sheet.text((RIGHT, 890), 85, Ink::Black, Align::Right, unit);
}

/// Declaration of the taxpayer, agent and authority.
pub fn foot(sheet: &mut Sheet, declaration: &Declaration, y: i32) {
    let width = RIGHT - LEFT;
    let middle = LEFT + width / 2;
    sheet.frame([LEFT, y, width, 1100], 5, Ink::Black);
    let line = |sheet: &mut Sheet, x: i32, y: i32, text: &str| {
        sheet.text((x, y), 80, Ink::Black, Align::Left, text);
    };
    line(
        sheet,
        LEFT + 40,
        y + 150,
        "声明：此表是根据国家税收法律法规及相关规定填写的，本人（单位）对填报内容（及附带资料）的\
         真实性、可靠性、完整性负责。",
    );
    let filed = declaration.submission.as_ref().map(|filed| {
        let china = jiff::tz::Offset::constant(8);
        china.to_datetime(filed.at).date().to_string()
    });
    let day = filed.clone().unwrap_or_else(|| "　　年　月　日".to_owned());
    let signed = format!("纳税人（签章）：　　　　　　　　{day}");
    line(sheet, middle + 600, y + 330, &signed);
    sheet.line([LEFT, y + 420, RIGHT, y + 420], 5, Ink::Black);
    sheet.line([middle, y + 420, middle, y + 1100], 5, Ink::Black);
    for (place, text) in (0..).zip(["经办人：", "经办人身份证号：", "代理机构签章："])
    {
        line(sheet, LEFT + 40, y + 570 + place * 150, text);
    }
    line(sheet, LEFT + 40, y + 1020, "代理机构统一社会信用代码：");
    let authority = format!("受理税务机关（章）：{}", declaration.content.authority);
    let accepted = format!("受理日期：{}", filed.unwrap_or_default());
    let digest: String = declaration.digest.chars().take(32).collect();
    let digest = format!("内容摘要：{digest}");
    for (place, text) in (0..).zip(["受理人：", &authority, &accepted, &digest]) {
        line(sheet, middle + 40, y + 570 + place * 150, text);
    }
}
