//! The voucher as a sheet: 税收完税证明（表格式）.

use qrcode::{Color, EcLevel, QrCode};

use super::font;
use super::page::{Align, Document, Ink, Mark, Sheet};
use super::table::{Column, Row, Table, paginate};
use super::{RenderError, check_length};
use crate::filing::{Voucher, VoucherKind, VoucherState};

const LEFT: i32 = 500;
const RIGHT: i32 = 5453;
const TABLE_TOP: i32 = 1520;
/// Where the last line of a page may stand.
const BOTTOM: i32 = 7900;
/// Total, seal, QR code and remarks.
const FOOT: i32 = 2450;
const TEXT: i32 = 90;

/// Lays a voucher out.
///
/// # Errors
/// [`RenderError`].
pub fn voucher(voucher: &Voucher) -> Result<Document, RenderError> {
    check_length(voucher.body.rows.len())?;
    let table = table(voucher.kind);
    let rows: Vec<Row> = rows(voucher).iter().map(|cells| table.row(cells)).collect();
    let room = BOTTOM - TABLE_TOP - table.head().height;
    let parts = paginate(rows, room, FOOT);
    let count = parts.len();
    let mut pages = Vec::new();
    for (place, part) in (1..).zip(parts) {
        let mut sheet = Sheet::a4(false);
        behind(&mut sheet, voucher);
        head(&mut sheet, voucher, (place, count));
        let mut y = table.draw(&mut sheet, TABLE_TOP, &table.head(), true);
        for row in &part {
            y = table.draw(&mut sheet, y, row, false);
        }
        if place == count {
            foot(&mut sheet, voucher, y, table.width())?;
        }
        pages.push(sheet);
    }
    Document::new(
        format!("税收完税证明 {}", voucher.body.voucher_number),
        pages,
    )
}

fn table(kind: VoucherKind) -> Table {
    let column = |title, width, align| Column {
        title,
        width,
        align,
    };
    let (date, amount) = match kind {
        VoucherKind::Payment => ("入库日期", "实缴金额"),
        VoucherKind::Refund => ("退库日期", "实退金额"),
    };
    Table {
        x: LEFT,
        size: 80,
        columns: vec![
            column("原凭证号", 1000, Align::Middle),
            column("税　种", 760, Align::Middle),
            column("品目名称", 993, Align::Left),
            column("税款所属时期", 860, Align::Middle),
            column(date, 580, Align::Middle),
            column(amount, 760, Align::Right),
        ],
    }
}

fn rows(voucher: &Voucher) -> Vec<Vec<String>> {
    let body = &voucher.body;
    let row = |row: &crate::filing::VoucherRow| {
        let original = row.original_voucher_number.as_ref();
        vec![
            original.map(ToString::to_string).unwrap_or_default(),
            row.tax_zh.clone(),
            row.item_zh.clone(),
            format!("{} 至\n{}", row.period.first(), row.period.last()),
            row.treasury_date.unwrap_or(body.treasury_date).to_string(),
            row.amount.to_string(),
        ]
    };
    body.rows.iter().map(row).collect()
}

/// What stands behind the text.
fn behind(sheet: &mut Sheet, voucher: &Voucher) {
    if voucher.body.sample {
        for y in [2500, 4600, 6700] {
            sheet.across((sheet.width / 2, y), 720, Ink::Pale, "沙箱样张");
        }
    }
    if let Some(text) = mark(voucher) {
        sheet.across((sheet.width / 2, 3400), 900, Ink::PaleRed, text);
        sheet.text((LEFT, 620), 130, Ink::Red, Align::Left, text);
    }
}

fn head(sheet: &mut Sheet, voucher: &Voucher, (place, count): (usize, usize)) {
    let body = &voucher.body;
    let middle = sheet.width / 2;
    sheet.text(
        (middle, 620),
        200,
        Ink::Black,
        Align::Middle,
        "中华人民共和国税收完税证明",
    );
    sheet.line([middle - 1400, 680, middle + 1400, 680], 8, Ink::Black);
    sheet.line([middle - 1400, 700, middle + 1400, 700], 4, Ink::Black);
    let number = format!("No. {}", body.voucher_number);
    sheet.text((RIGHT, 900), 110, Ink::Red, Align::Right, &number);
    let day = body.issued_on;
    let day = format!(
        "填发日期：{} 年 {} 月 {} 日",
        day.year(),
        day.month(),
        day.day()
    );
    sheet.text((LEFT, 900), TEXT, Ink::Black, Align::Left, &day);
    let authority = format!("税务机关：{}", body.authority);
    sheet.text((LEFT, 1080), TEXT, Ink::Black, Align::Left, &authority);
    if let Some(treasury) = &body.treasury {
        let treasury = match voucher.kind {
            VoucherKind::Payment => format!("收款国库：{treasury}"),
            VoucherKind::Refund => format!("退款国库：{treasury}"),
        };
        sheet.text((3000, 1080), TEXT, Ink::Black, Align::Left, &treasury);
    }
    let page = format!("第 {place} 页　共 {count} 页");
    sheet.text((RIGHT, 1080), 80, Ink::Grey, Align::Right, &page);
    let number = format!("纳税人识别号：{}", body.tax_number);
    sheet.text((LEFT, 1240), TEXT, Ink::Black, Align::Left, &number);
    let name = format!("纳税人名称：{}", body.taxpayer_name);
    for (line, text) in (0..).zip(font::wrap(&name, TEXT, RIGHT - LEFT).iter().take(2)) {
        let y = 1380 + line * 110;
        sheet.text((LEFT, y), TEXT, Ink::Black, Align::Left, text);
    }
}

fn foot(sheet: &mut Sheet, voucher: &Voucher, y: i32, width: i32) -> Result<(), RenderError> {
    let body = &voucher.body;
    sheet.frame([LEFT, y, width, 260], 5, Ink::Black);
    let words = format!("金额合计（大写）　{}", body.total_in_words);
    sheet.text((LEFT + 40, y + 165), 95, Ink::Black, Align::Left, &words);
    let total = format!("¥ {}", body.total);
    sheet.text(
        (LEFT + width - 40, y + 165),
        100,
        Ink::Black,
        Align::Right,
        &total,
    );
    let (top, height) = (y + 260, 1750);
    sheet.frame([LEFT, top, width, height], 5, Ink::Black);
    seal(sheet, voucher, (LEFT + 850, top + 830));
    sheet.text(
        (LEFT + 850, top + 1660),
        TEXT,
        Ink::Black,
        Align::Middle,
        "税务机关（盖章）",
    );
    let mid = LEFT + 1700;
    sheet.line([mid, top, mid, top + height], 5, Ink::Black);
    let mut line = top + 150;
    for (text, ink) in remarks(voucher) {
        for part in font::wrap(&text, 75, 1750) {
            sheet.text((mid + 50, line), 75, ink, Align::Left, &part);
            line += 105;
        }
    }
    let right = LEFT + width;
    qr(sheet, &voucher.qr_text(), [right - 1350, top + 100, 1250])?;
    let spaced: Vec<String> = voucher
        .verification_code()
        .as_bytes()
        .chunks(4)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    let code = format!("校验码 {}", spaced.join(" "));
    let at = (right - 725, top + 1500);
    sheet.text(at, 85, Ink::Black, Align::Middle, &code);
    let hint = "扫码或凭号码、识别号、金额、校验码查验";
    let at = (right - 725, top + 1640);
    sheet.text(at, 65, Ink::Grey, Align::Middle, hint);
    let below = top + height + 150;
    let note = "妥善保管，手写无效。本凭证以签名原文为准，可脱机验签（docs/voucher.md）。";
    sheet.text((LEFT, below), 75, Ink::Grey, Align::Left, note);
    Ok(())
}

/// 填票人 and 备注.
fn remarks(voucher: &Voucher) -> Vec<(String, Ink)> {
    let body = &voucher.body;
    let short = |digest: &str| digest.chars().take(16).collect::<String>();
    let black = |text: String| (text, Ink::Black);
    let mut lines = vec![
        black("填票人：财行（系统签发）".to_owned()),
        black("备　注：".to_owned()),
        black(format!("申报表摘要 {}", short(&body.content_digest))),
        black(format!("规则版本 {}", short(&body.rule_pack_digest))),
    ];
    if let Some(reference) = &body.bank_reference {
        lines.push(black(format!("银行流水 {reference}")));
    }
    lines.push(black(format!(
        "签名 {}，密钥 {}",
        voucher.algorithm(),
        voucher.key_id()
    )));
    if voucher.kind == VoucherKind::Refund {
        lines.push(black("本证明为退税（税收收入退还）证明".to_owned()));
    }
    if let Some(old) = &voucher.replaces {
        lines.push(black(format!("换开自 {old}")));
    }
    if voucher.reprints > 0 {
        lines.push(black(format!("补打第 {} 次", voucher.reprints)));
    }
    if let Some(new) = &voucher.replaced_by {
        lines.push((format!("已由 {new} 换开"), Ink::Red));
    }
    if let Some(reason) = &voucher.close_reason {
        let reason: String = reason.chars().take(60).collect();
        lines.push((format!("原因：{reason}"), Ink::Red));
    }
    lines
}

/// A drawn seal: who issued it. It proves nothing by itself; the signature does.
fn seal(sheet: &mut Sheet, voucher: &Voucher, (x, y): (i32, i32)) {
    let at = [x, y, 620];
    let width = 22;
    let ink = Ink::Red;
    sheet.marks.push(Mark::Circle { at, width, ink });
    let at = [x, y, 570];
    let width = 6;
    sheet.marks.push(Mark::Circle { at, width, ink });
    let authority = voucher.body.authority.to_string();
    sheet.text((x, y - 200), 90, ink, Align::Middle, "税务机关");
    sheet.text((x, y - 40), 120, ink, Align::Middle, &authority);
    sheet.text((x, y + 170), 125, ink, Align::Middle, "征税专用章");
    sheet.text((x, y + 330), 85, ink, Align::Middle, "（电子）");
}

/// Draws a QR code with a quiet zone of four modules.
fn qr(sheet: &mut Sheet, text: &str, [x, y, size]: [i32; 3]) -> Result<(), RenderError> {
    let drawing = |error: &dyn std::fmt::Display| RenderError::Drawing(error.to_string());
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| drawing(&error))?;
    let across = i32::try_from(code.width()).map_err(|error| drawing(&error))?;
    let module = size / (across + 8);
    let start = (size - across * module) / 2;
    let colors = code.to_colors();
    let mut areas = Vec::new();
    for (row, line) in (0..).zip(colors.chunks(code.width())) {
        let mut at = 0;
        for run in line.chunk_by(|one, other| one == other) {
            let length = i32::try_from(run.len()).unwrap_or(0);
            if run.first() == Some(&Color::Dark) {
                let left = x + start + at * module;
                areas.push([left, y + start + row * module, length * module, module]);
            }
            at += length;
        }
    }
    let ink = Ink::Black;
    sheet.marks.push(Mark::Areas { areas, ink });
    Ok(())
}

/// The mark of a sheet that is not in force.
const fn mark(voucher: &Voucher) -> Option<&'static str> {
    match voucher.state {
        VoucherState::Issued => None,
        VoucherState::Voided => Some("作　废"),
        VoucherState::Replaced => Some("已换开作废"),
    }
}
