//! 财产和行为税减免税明细申报附表: the relief schedule, one block per tax.

use std::collections::BTreeMap;

use super::form::{behind, top};
use super::page::{Align, Document, Ink, Sheet};
use super::table::{Column, Row, Table};
use super::{RenderError, check_length};
use crate::filing::{Declaration, Line, Taxpayer};
use crate::tax::{ReliefLine, SixTaxesSubject};
use crate::types::{Money, Month, SourceId, TaxKind};

const LEFT: i32 = 350;
const WIDTH: i32 = 7719;
const TABLE_TOP: i32 = 1000;
const BOTTOM: i32 = 5650;
/// The relief whose use the head of the schedule declares.
const SIX_TAXES: &str = crate::tax::six_taxes::RELIEF_ID;

/// Lays the relief schedule of a declaration out. `sources` names the sources, as their
/// collection did.
///
/// # Errors
/// [`RenderError`].
pub fn schedule(
    taxpayer: &Taxpayer,
    declaration: &Declaration,
    sources: &BTreeMap<SourceId, String>,
    sandbox: bool,
) -> Result<Document, RenderError> {
    let reliefs = declaration.content.lines.iter();
    check_length(reliefs.map(|line| line.charge.reliefs.len()).sum())?;
    let mut layout = Layout {
        pages: Vec::new(),
        sheet: start(declaration, sandbox),
        y: TABLE_TOP,
        declaration,
        sandbox,
    };
    layout.head()?;
    for tax in TaxKind::ALL {
        layout.block(tax, &declaration.content.lines, sources)?;
    }
    layout.pages.push(layout.sheet);
    let count = layout.pages.len();
    for (place, sheet) in (1..).zip(layout.pages.iter_mut()) {
        let title = "财产和行为税减免税明细申报附表";
        top(sheet, title, taxpayer, (place, count));
    }
    let title = format!("财产和行为税减免税明细申报附表 {}", taxpayer.tax_number);
    Document::new(title, layout.pages)
}

fn start(declaration: &Declaration, sandbox: bool) -> Sheet {
    let mut sheet = Sheet::a4(true);
    behind(&mut sheet, declaration, sandbox);
    sheet
}

fn table(source: &'static str) -> Table {
    let column = |title, width, align| Column {
        title,
        width,
        align,
    };
    Table {
        x: LEFT,
        size: 75,
        columns: vec![
            column("序号", 400, Align::Middle),
            column(source, 2219, Align::Left),
            column("税款所属期起", 700, Align::Middle),
            column("税款所属期止", 700, Align::Middle),
            column("减免性质代码和项目名称", 2800, Align::Left),
            column("减免税额", 900, Align::Right),
        ],
    }
}

/// What tells the rows of a tax apart.
const fn source_title(tax: TaxKind) -> &'static str {
    match tax {
        TaxKind::LandUseTax => "土地编号",
        TaxKind::RealEstateTax => "房产编号",
        TaxKind::VehicleVesselTax => "车辆识别代码/船舶识别码",
        TaxKind::StampTax => "税目",
        TaxKind::LandAppreciationTax => "项目编号",
        TaxKind::EnvironmentalProtectionTax => "税源编号、污染物类别、污染物名称",
    }
}

struct Layout<'a> {
    pages: Vec<Sheet>,
    sheet: Sheet,
    y: i32,
    declaration: &'a Declaration,
    sandbox: bool,
}

impl Layout<'_> {
    /// Whether the 六税两费 policy is used, by whom and when, and the relief in total.
    fn head(&mut self) -> Result<(), RenderError> {
        let content = &self.declaration.content;
        let used: Vec<&ReliefLine> = content
            .lines
            .iter()
            .flat_map(|line| &line.charge.reliefs)
            .filter(|relief| relief.relief_id == SIX_TAXES)
            .collect();
        let first = used
            .iter()
            .map(|relief| Month::of(relief.period.first()))
            .min();
        let last = used
            .iter()
            .map(|relief| Month::of(relief.period.last()))
            .max();
        let (yes, no) = if used.is_empty() {
            ("□", "■")
        } else {
            ("■", "□")
        };
        let policy = format!("本期是否适用小微企业“六税两费”减免政策：{yes}是　{no}否");
        let months = first
            .zip(last)
            .map(|(first, last)| format!("{first} 至 {last}"));
        let mut subjects: Vec<&str> = content
            .profile
            .six_taxes
            .iter()
            .filter(|window| {
                let begun = last.is_some_and(|last| window.first <= last);
                let open = first.is_some_and(|first| window.last.is_none_or(|end| end >= first));
                begun && open
            })
            .map(|window| subject(window.subject))
            .collect();
        subjects.dedup();
        let subjects = if subjects.is_empty() && !used.is_empty() {
            "按资格事实判定".to_owned()
        } else {
            subjects.join("、")
        };
        let relief = content.totals()?.relief;
        let lines = [
            policy,
            format!("减免政策适用主体：{subjects}"),
            format!("适用减免政策起止时间：{}", months.unwrap_or_default()),
            format!("本期减免税额合计：{relief}"),
        ];
        self.sheet.frame([LEFT, self.y, WIDTH, 320], 5, Ink::Black);
        for (place, text) in (0..).zip(&lines) {
            let at = (
                LEFT + 40 + place % 2 * WIDTH / 2,
                self.y + 130 + place / 2 * 130,
            );
            self.sheet.text(at, 80, Ink::Black, Align::Left, text);
        }
        self.y += 320;
        Ok(())
    }

    /// The block of a tax; nothing where it has no relief.
    fn block(
        &mut self,
        tax: TaxKind,
        lines: &[Line],
        sources: &BTreeMap<SourceId, String>,
    ) -> Result<(), RenderError> {
        let table = table(source_title(tax));
        let mut amounts = Vec::new();
        let mut rows = Vec::new();
        for line in lines.iter().filter(|line| line.charge.tax == tax) {
            for relief in &line.charge.reliefs {
                amounts.push(relief.amount);
                rows.push(table.row(&cells(amounts.len(), line, relief, sources)));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let sum = Money::sum(amounts)?.to_string();
        let texts = ["", "小计", "——", "——", "——", &sum].map(str::to_owned);
        rows.push(table.row(&texts));
        let needed = rows.iter().take(2).map(|row| row.height).sum::<i32>();
        self.open(&table, tax.zh(), needed);
        for row in rows {
            if self.y + row.height > BOTTOM {
                self.turn();
                self.open(&table, &format!("{}（续）", tax.zh()), row.height);
            }
            self.y = table.draw(&mut self.sheet, self.y, &row, false);
        }
        Ok(())
    }

    /// Title and head of a block, on a new page where they would stand alone.
    fn open(&mut self, table: &Table, title: &str, needed: i32) {
        let head: Row = table.head();
        if self.y + 300 + head.height + needed > BOTTOM {
            self.turn();
        }
        let at = (LEFT, self.y + 200);
        self.sheet.text(at, 90, Ink::Black, Align::Left, title);
        self.y = table.draw(&mut self.sheet, self.y + 250, &head, true);
    }

    fn turn(&mut self) {
        let next = start(self.declaration, self.sandbox);
        self.pages.push(std::mem::replace(&mut self.sheet, next));
        self.y = TABLE_TOP;
    }
}

fn cells(
    number: usize,
    line: &Line,
    relief: &ReliefLine,
    sources: &BTreeMap<SourceId, String>,
) -> Vec<String> {
    let charge = &line.charge;
    let source = sources.get(&line.source_id).map_or("", String::as_str);
    let source = match charge.tax {
        TaxKind::StampTax => charge.item_zh.clone(),
        TaxKind::EnvironmentalProtectionTax => {
            format!("{source} {} {}", charge.item_zh, charge.detail)
        }
        _ => source.to_owned(),
    };
    let code = relief.code.as_deref().unwrap_or_default();
    vec![
        number.to_string(),
        source,
        relief.period.first().to_string(),
        relief.period.last().to_string(),
        format!("{code} {}", relief.name_zh).trim().to_owned(),
        relief.amount.to_string(),
    ]
}

const fn subject(subject: SixTaxesSubject) -> &'static str {
    match subject {
        SixTaxesSubject::SmallScaleVat => "增值税小规模纳税人",
        SixTaxesSubject::IndividualBusiness => "个体工商户",
        SixTaxesSubject::SmallLowProfit => "小型微利企业",
    }
}
