//! What a form must say, by whole-number arithmetic on facts chosen so that this is enough.

use std::collections::BTreeMap;

use caixing::pb;
use jiff::civil::{Date, date};

use super::book::{Person, Source};
use super::operation::Kind;

/// A quarter of 2026 with its due day: day 15 of the month after it, as the notice for 2026
/// (税总办征科函〔2025〕64号) moves it.
pub struct Quarter {
    pub first: Date,
    pub last: Date,
    pub due: Date,
}

pub const QUARTERS: [Quarter; 3] = [
    Quarter {
        first: date(2026, 1, 1),
        last: date(2026, 3, 31),
        due: date(2026, 4, 20),
    },
    Quarter {
        first: date(2026, 4, 1),
        last: date(2026, 6, 30),
        due: date(2026, 7, 15),
    },
    Quarter {
        first: date(2026, 7, 1),
        last: date(2026, 9, 30),
        due: date(2026, 10, 26),
    },
];

/// The windows that are drawn, as quarters: each one, the first half, all three.
pub const WINDOWS: [&[usize]; 5] = [&[0], &[1], &[2], &[0, 1], &[0, 1, 2]];

/// Region, authority and treasury of each office.
pub const OFFICES: [[&str; 3]; 2] = [
    ["340104", "13401040000", "1234010400"],
    ["340111", "13401110000", "1234011100"],
];

/// The taxes that are ticked; none means all.
pub const TICKED: [&[pb::TaxKind]; 4] = [
    &[],
    &[pb::TaxKind::StampTax],
    &[pb::TaxKind::LandUseTax],
    &[pb::TaxKind::LandUseTax, pb::TaxKind::StampTax],
];

/// A window on the wire.
pub fn window(which: usize) -> pb::Period {
    let quarters = WINDOWS[which];
    crate::support::window(
        &QUARTERS[quarters[0]].first.to_string(),
        &QUARTERS[*quarters.last().unwrap()].last.to_string(),
    )
}

/// Half up.
fn divided(numerator: i128, denominator: i128) -> i64 {
    i64::try_from((2 * numerator + denominator).div_euclid(2 * denominator)).unwrap()
}

/// Fen written as yuan.
pub fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Yuan as fen.
pub fn fen(yuan: &str) -> i64 {
    caixing::types::Money::parse_yuan(yuan).unwrap().fen()
}

/// What a source is, as stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub kind: Kind,
    /// Fen of a contract, hundredths of a square metre of a plot; at least 1.
    pub size: u32,
    pub quarter: usize,
    pub office: usize,
    /// Tells documents and plots apart.
    pub number: u32,
}

impl Facts {
    pub const fn tax(&self) -> pb::TaxKind {
        match self.kind {
            Kind::Sale | Kind::Lease | Kind::Open => pb::TaxKind::StampTax,
            Kind::Plot => pb::TaxKind::LandUseTax,
        }
    }

    /// It has a period that ends in the quarter.
    pub fn is_due(&self, quarter: usize) -> bool {
        self.kind == Kind::Plot || self.quarter == quarter
    }

    /// The tax of a quarter, fen.
    fn tax_fen(&self) -> i64 {
        let size = i128::from(self.size);
        match self.kind {
            // 印花税法: 买卖合同 0.3‰, 租赁合同 1‰.
            Kind::Sale => divided(size * 3, 10_000),
            Kind::Lease => divided(size, 1_000),
            Kind::Open => 0,
            // 5 yuan a square metre and year, three months of twelve.
            Kind::Plot => divided(size * 5, 4),
        }
    }

    /// As it travels.
    pub fn wire(&self) -> pb::TaxSourceInput {
        let [region, authority, treasury] = OFFICES[self.office];
        let number = self.number;
        let mut input = match self.kind {
            Kind::Plot => crate::support::message(
                "TaxSourceInput",
                serde_json::json!({
                    "name": format!("地块{number}"),
                    "landUse": {
                        "taxpayerKind": "LAND_USE_TAXPAYER_KIND_RIGHT_HOLDER",
                        "nature": "LAND_USE_NATURE_STATE",
                        "acquisitionMode": "LAND_USE_ACQUISITION_MODE_GRANTED",
                        "purpose": "LAND_USE_PURPOSE_INDUSTRIAL",
                        "acquisition": {
                            "kind": "LAND_USE_ACQUISITION_KIND_CARRIED_OVER",
                            "eventOn": "2020-01-01",
                        },
                        "versions": [{
                            "areaSqm": yuan(self.size.into()),
                            "landClass": "LAND_USE_CLASS_CITY",
                            "grade": 3,
                            "unitTax": {"value": "5", "document": "题设税额标准"},
                        }],
                        "landNo": format!("P{number}"),
                    },
                }),
            ),
            Kind::Sale | Kind::Lease | Kind::Open => self.contract(),
        };
        region.clone_into(&mut input.region_code);
        authority.clone_into(&mut input.tax_authority_code);
        treasury.clone_into(&mut input.treasury_code);
        input
    }

    fn contract(&self) -> pb::TaxSourceInput {
        let mut input = crate::support::contract(&format!("HT-{}", self.number));
        let stamp = crate::support::stamp(&mut input);
        stamp.signed_on = QUARTERS[self.quarter].first.to_string();
        let line = &mut stamp.lines[0];
        line.amount_yuan = yuan(self.size.into());
        match self.kind {
            Kind::Lease => line.set_item(pb::StampItem::Lease),
            Kind::Open => line.amount_yuan = String::new(),
            Kind::Sale | Kind::Plot => {}
        }
        input
    }
}

/// A line that a form must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub source_id: String,
    pub version: i64,
    pub kind: Kind,
    pub quarter: usize,
    pub tax: i64,
    pub relief: i64,
}

impl Line {
    pub const fn payable(&self) -> i64 {
        self.tax - self.relief
    }
}

/// What is drawn, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub window: usize,
    /// Only this office.
    pub office: Option<usize>,
    pub ticked: usize,
}

/// A form that must be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub lines: Vec<Line>,
    /// Half of everything is relieved (六税两费).
    pub halved: bool,
    /// Ticked taxes of which nothing is due.
    pub idle: Vec<pb::TaxKind>,
}

impl Form {
    pub fn payable(&self) -> i64 {
        self.lines.iter().map(Line::payable).sum()
    }

    /// 滞纳金 if paid on a day: 0.05% a day after the due day, rounded row by row. A row is an
    /// item and a quarter.
    pub fn surcharge(&self, pay_on: Date) -> i64 {
        let mut rows: BTreeMap<(u8, usize), i64> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.payable() > 0) {
            let item = match line.kind {
                Kind::Sale | Kind::Open => 0,
                Kind::Lease => 1,
                Kind::Plot => 2,
            };
            *rows.entry((item, line.quarter)).or_default() += line.payable();
        }
        let surcharge = |((_, quarter), principal): (&(u8, usize), &i64)| {
            let due = QUARTERS[*quarter].due;
            let days = (pay_on - due).get_days().max(0);
            divided(i128::from(*principal) * 5 * i128::from(days), 10_000)
        };
        rows.iter().map(surcharge).sum()
    }

    /// What is collected if paid on a day: nothing where it is under 1 yuan (公告2012年第25号).
    pub fn collected(&self, pay_on: Date) -> i64 {
        let total = self.payable() + self.surcharge(pay_on);
        if total < 100 { 0 } else { total }
    }

    /// Filed on a day, some line is late.
    pub fn is_overdue(&self, on: Date) -> bool {
        self.lines
            .iter()
            .any(|line| QUARTERS[line.quarter].due < on)
    }
}

/// The forms of a scope, one per office.
pub fn forms(person: &Person, scope: Scope) -> BTreeMap<usize, Form> {
    let ticked = TICKED[scope.ticked];
    let quarters = WINDOWS[scope.window];
    let open = |source: &&Source| !source.closed;
    let is_idle = |tax: &&pb::TaxKind| {
        !person.sources.iter().filter(open).any(|source| {
            source.facts.tax() == **tax && quarters.iter().any(|one| source.facts.is_due(*one))
        })
    };
    let idle: Vec<pb::TaxKind> = ticked.iter().filter(is_idle).copied().collect();
    let mut forms: BTreeMap<usize, Form> = BTreeMap::new();
    for source in person.sources.iter().filter(open) {
        let facts = &source.facts;
        let wanted = (ticked.is_empty() || ticked.contains(&facts.tax()))
            && scope.office.is_none_or(|office| office == facts.office);
        for quarter in quarters.iter().copied() {
            let declared = person.is_declared(&source.id, quarter);
            if !wanted || declared || !facts.is_due(quarter) {
                continue;
            }
            let tax = facts.tax_fen();
            let form = forms.entry(facts.office).or_insert_with(|| Form {
                lines: Vec::new(),
                halved: person.halved,
                idle: idle.clone(),
            });
            form.lines.push(Line {
                source_id: source.id.clone(),
                version: source.version,
                kind: facts.kind,
                quarter,
                tax,
                relief: if person.halved {
                    divided(tax.into(), 2)
                } else {
                    0
                },
            });
        }
    }
    forms
}
