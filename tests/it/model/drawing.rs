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
pub fn divided(numerator: i128, denominator: i128) -> i64 {
    i64::try_from((2 * numerator + denominator).div_euclid(2 * denominator)).unwrap()
}

/// Fen written as yuan.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
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

impl Kind {
    pub const fn tax(self) -> pb::TaxKind {
        match self {
            Self::Sale | Self::Lease | Self::Open => pb::TaxKind::StampTax,
            Self::Plot => pb::TaxKind::LandUseTax,
        }
    }

    /// Tells the tax items of one tax apart.
    pub const fn item(self) -> u8 {
        match self {
            Self::Sale | Self::Open => 0,
            Self::Lease => 1,
            Self::Plot => 2,
        }
    }
}

impl Facts {
    pub const fn tax(&self) -> pb::TaxKind {
        self.kind.tax()
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
    /// 已缴税额: what earlier revisions have paid of it.
    pub carried: i64,
    /// Nothing is declared any more: the line only carries what was paid.
    pub withdrawn: bool,
}

impl Line {
    /// 应补(退)税额; below zero it is refundable.
    pub const fn payable(&self) -> i64 {
        self.tax - self.relief - self.carried
    }

    /// The same source and period.
    pub fn is_of(&self, other: &Self) -> bool {
        self.source_id == other.source_id && self.quarter == other.quarter
    }

    /// A source as it is now, for a quarter.
    pub fn now(source: &Source, quarter: usize, halved: bool) -> Self {
        let tax = source.facts.tax_fen();
        Self {
            source_id: source.id.clone(),
            version: source.version,
            kind: source.facts.kind,
            quarter,
            tax,
            relief: if halved { divided(tax.into(), 2) } else { 0 },
            carried: 0,
            withdrawn: false,
        }
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
    /// It has warnings: how often the place has it filed is confirmed of no source.
    pub warns: bool,
}

impl Form {
    /// What is to be paid; what is refundable does not reduce it.
    pub fn payable(&self) -> i64 {
        self.lines.iter().map(|line| line.payable().max(0)).sum()
    }

    pub fn refundable(&self) -> i64 {
        self.lines.iter().map(|line| (-line.payable()).max(0)).sum()
    }

    /// In the form's order of taxes.
    pub fn in_order(mut self) -> Self {
        self.lines.sort_by_key(|line| line.kind != Kind::Plot);
        self
    }

    /// It declares a source for a quarter, whatever came out.
    pub fn declares(&self, source: &str, quarter: usize) -> bool {
        let mut lines = self.lines.iter().filter(|line| !line.withdrawn);
        lines.any(|line| line.source_id == source && line.quarter == quarter)
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
            let form = forms.entry(facts.office).or_insert_with(|| Form {
                lines: Vec::new(),
                halved: person.halved,
                idle: idle.clone(),
                warns: true,
            });
            form.lines.push(Line::now(source, quarter, person.halved));
        }
    }
    let ordered = |(office, form): (usize, Form)| (office, form.in_order());
    forms.into_iter().map(ordered).collect()
}
