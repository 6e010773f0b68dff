//! What is owed of a declaration on a day: tax and surcharge row by row, after what was set off and
//! within what was extended.

use caixing::pb;
use jiff::civil::Date;

use super::book::{Declaration, Payment, Person};
use super::drawing::{QUARTERS, divided};

/// One row of an order: an item and a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub tax: pb::TaxKind,
    pub item: u8,
    pub quarter: usize,
    /// Days after the last day to pay.
    pub late: i64,
    pub principal: i64,
    pub surcharge: i64,
}

impl Row {
    /// The same item and quarter.
    pub fn is_of(&self, other: &Self) -> bool {
        self.item == other.item && self.quarter == other.quarter
    }

    /// With another tax, and the surcharge that it bears: 0.05% a day, half up (征管法 art. 32).
    fn with(mut self, principal: i64) -> Self {
        self.principal = principal;
        self.surcharge = divided(i128::from(principal) * 5 * i128::from(self.late), 10_000);
        self
    }

    const fn total(&self) -> i64 {
        self.principal + self.surcharge
    }

    /// The most of it that an amount pays, each fen of tax with its surcharge.
    fn affordable(self, fen: i64) -> Self {
        if self.total() <= fen {
            return self;
        }
        // The estimate is at most some fen off.
        let mut principal = fen * 10_000 / (10_000 + 5 * self.late) + 2;
        while self.with(principal).total() > fen {
            principal -= 1;
        }
        self.with(principal)
    }
}

/// What is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub rows: Vec<Row>,
    /// Tax that was set off before.
    pub offset: i64,
}

impl Due {
    pub fn principal(&self) -> i64 {
        self.rows.iter().map(|row| row.principal).sum()
    }

    pub fn surcharge(&self) -> i64 {
        self.rows.iter().map(|row| row.surcharge).sum()
    }

    pub fn whole(&self) -> i64 {
        self.principal() + self.surcharge()
    }

    /// What is collected: nothing where it is under 1 yuan (公告2012年第25号).
    pub fn collected(&self) -> i64 {
        let whole = self.whole();
        if whole < 100 { 0 } else { whole }
    }

    /// The rows that an amount pays, the oldest first (细则 art. 79).
    pub fn covered_by(&self, fen: i64) -> Vec<Row> {
        if self.whole() <= fen {
            return self.rows.clone();
        }
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| row.quarter);
        let (mut left, mut paid) = (fen, Vec::new());
        for row in rows {
            let part = row.affordable(left);
            left -= part.total();
            if part.principal > 0 {
                paid.push(part);
            }
            if part.principal < row.principal {
                break;
            }
        }
        paid
    }
}

impl Person {
    /// The payments of a declaration.
    pub fn payments_of(&self, declaration: &str) -> impl Iterator<Item = &Payment> {
        let of = move |one: &&Payment| one.declaration == declaration;
        self.payments.iter().filter(of)
    }

    /// What is owed of a declaration if paid on a day.
    pub fn due(&self, filed: &Declaration, day: Date) -> Due {
        let mut rows: Vec<Row> = Vec::new();
        for line in filed.form.lines.iter().filter(|line| line.payable() > 0) {
            let new = Row {
                tax: line.kind.tax(),
                item: line.kind.item(),
                quarter: line.quarter,
                late: 0,
                principal: line.payable(),
                surcharge: 0,
            };
            match rows.iter_mut().find(|row| row.is_of(&new)) {
                Some(row) => row.principal += new.principal,
                None => rows.push(new),
            }
        }
        let mut offset = 0;
        let set_off = self
            .payments_of(&filed.id)
            .filter(|one| one.offset.is_some());
        for covered in set_off.flat_map(|one| &one.rows) {
            let row = rows.iter_mut().find(|row| row.is_of(covered)).unwrap();
            row.principal -= covered.principal;
            offset += covered.principal;
        }
        rows.retain(|row| row.principal != 0);
        for row in &mut rows {
            let reaching = filed
                .extensions
                .iter()
                .filter_map(|one| one.reaches(row.tax));
            let last = reaching.fold(QUARTERS[row.quarter].due, Date::max);
            row.late = (day - last).get_days().max(0).into();
            *row = row.with(row.principal);
        }
        Due { rows, offset }
    }
}
