//! Industrial noise (工业噪声): the excess in whole decibels chooses the month's amount.
//!
//! Day and night are apart, each with its own days over the limit, points and doubling
//! (decision ENV5). A point counts as over when its rounded excess is at least one decibel.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::annex::from_table;
use super::fields::{check_duplicate, check_negative, check_paid};
use super::step;
use crate::tax::{Applied, BaseUnit, Charge, ChargeError, Context, Finding};
use crate::types::{Exact, Money, Month, Overflow, TaxKind, parse_decimal};

const ANNEX: &str = "环境保护税法 附表一";
const TIERS: &str = "ept.noise_tiers";

/// A noise site: one workplace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseSite {
    /// Length of the boundary in metres (沿边界长度).
    #[serde(default, with = "crate::types::decimal_text")]
    pub boundary_metres: Option<Decimal>,
    /// One a month.
    #[serde(default)]
    pub records: Vec<NoiseRecord>,
}

/// One month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseRecord {
    /// 税款所属月份.
    pub month: Month,
    /// 昼间, 06:00 to 22:00.
    #[serde(default)]
    pub day: Option<NoisePart>,
    /// 夜间, 22:00 to 06:00.
    #[serde(default)]
    pub night: Option<NoisePart>,
}

/// One part of the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisePart {
    /// Limit of the equivalent level in decibels (标准值).
    #[serde(with = "rust_decimal::serde::str")]
    pub limit_db: Decimal,
    /// Limit of the peak level of burst noise at night.
    #[serde(default, with = "crate::types::decimal_text")]
    pub peak_limit_db: Option<Decimal>,
    /// Days or nights over the limit.
    pub days_over: u32,
    /// The points, at least one.
    pub points: Vec<NoisePoint>,
    /// 本期已缴税额.
    #[serde(default)]
    pub already_paid: Money,
}

/// One point; several measurements of it count with their highest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisePoint {
    /// Name of the point; may be empty.
    #[serde(default)]
    pub name: String,
    /// Highest equivalent level in decibels.
    #[serde(with = "rust_decimal::serde::str")]
    pub level_db: Decimal,
    /// Highest peak level of burst noise at night.
    #[serde(default, with = "crate::types::decimal_text")]
    pub peak_db: Option<Decimal>,
}

impl NoisePart {
    /// Excess of a point in whole decibels, half up; the larger of level and peak (annex note 5).
    fn excess(&self, point: &NoisePoint) -> Result<Decimal, Overflow> {
        let over =
            |found: Decimal, limit: Decimal| Exact::from(found).sub(limit)?.round_to_scale(0);
        let level = over(point.level_db, self.limit_db)?;
        match (point.peak_db, self.peak_limit_db) {
            (Some(peak), Some(limit)) => Ok(level.max(over(peak, limit)?)),
            _ => Ok(level),
        }
    }

    fn check(&self, path: &str, month: Month, night: bool, findings: &mut Vec<Finding>) {
        check_paid(path, self.already_paid, findings);
        let figures = [
            ("limit_db", Some(self.limit_db)),
            ("peak_limit_db", self.peak_limit_db),
        ];
        check_negative(path, &figures, findings);
        let days = u32::from(month.last_day().day().unsigned_abs());
        if self.days_over > days {
            findings.push(
                Finding::error(
                    "ENV_NOISE_DAYS",
                    format!("{path}.days_over"),
                    format!("超标天数 {} 大于当月天数 {days}", self.days_over),
                    format!("{} days over in a month of {days} days", self.days_over),
                    ANNEX,
                )
                .numbers(format!("0–{days}"), self.days_over),
            );
        }
        if self.points.is_empty() {
            findings.push(super::fields::method_fields(
                format!("{path}.points"),
                "至少应有一处监测结果",
                "at least one point of measurement is needed",
            ));
        }
        for (place, point) in self.points.iter().enumerate() {
            let path = format!("{path}.points[{place}]");
            let figures = [
                ("level_db", Some(point.level_db)),
                ("peak_db", point.peak_db),
            ];
            check_negative(&path, &figures, findings);
            if point.peak_db.is_some() && (!night || self.peak_limit_db.is_none()) {
                findings.push(super::fields::method_fields(
                    format!("{path}.peak_db"),
                    "峰值噪声只用于夜间，并须填写峰值标准",
                    "a peak level is for the night only and needs its limit",
                ));
            }
        }
    }
}

impl NoiseSite {
    /// Findings, paths relative to the source.
    pub(super) fn check(&self, findings: &mut Vec<Finding>) {
        let length = [("boundary_metres", self.boundary_metres)];
        check_negative("noise_site", &length, findings);
        let mut seen = BTreeSet::new();
        for (place, record) in self.records.iter().enumerate() {
            let path = format!("noise_site.records[{place}]");
            check_duplicate(&mut seen, record.month.to_string(), &path, findings);
            if let Some(day) = &record.day {
                day.check(&format!("{path}.day"), record.month, false, findings);
            }
            if let Some(night) = &record.night {
                night.check(&format!("{path}.night"), record.month, true, findings);
            }
        }
    }

    /// The lines of a month.
    pub(super) fn charge(
        &self,
        ctx: &Context<'_>,
        month: Month,
    ) -> Result<Vec<Charge>, ChargeError> {
        let parts = self
            .records
            .iter()
            .filter(|record| record.month == month)
            .flat_map(|record| {
                [
                    ("EPT_NOISE_DAY", "昼间", &record.day),
                    ("EPT_NOISE_NIGHT", "夜间", &record.night),
                ]
            });
        let mut charges = Vec::new();
        for (item, name, part) in parts {
            if let Some(part) = part {
                charges.push(self.line(ctx, month, (item, name), part)?);
            }
        }
        Ok(charges)
    }

    fn line(
        &self,
        ctx: &Context<'_>,
        month: Month,
        (item, name): (&str, &str),
        part: &NoisePart,
    ) -> Result<Charge, ChargeError> {
        let mut excess = Decimal::ZERO;
        let mut over: u32 = 0;
        for point in &part.points {
            let found = part.excess(point)?;
            excess = excess.max(found);
            over += u32::from(found > Decimal::ZERO);
        }
        let tier = match part.days_over {
            0 => None,
            _ => tier(ctx, excess, month),
        };
        let mut applied = Vec::new();
        let mut units = Exact::ZERO;
        let mut rate = Decimal::ZERO;
        if let Some(tier) = tier {
            rate = tier.value;
            applied.push(tier);
            units = self.units(ctx, month, part.days_over, over, &mut applied)?;
        }
        let tax_amount = units.mul(rate)?.round_to_fen()?;
        let base = units.to_decimal()?;
        let steps = vec![
            step(
                format!("{name}超标分贝数（{over} 处超标）"),
                format!("excess in whole decibels ({over} points over)"),
                format!("max(监测值 − {}), 四舍五入", part.limit_db),
                excess,
                None,
                "财税〔2018〕23号",
            ),
            step(
                "应纳税额",
                "tax",
                format!("{rate} × {base}（超标 {} 天）", part.days_over),
                tax_amount,
                Some(TIERS),
                ANNEX,
            ),
        ];
        Ok(Charge {
            tax: TaxKind::EnvironmentalProtectionTax,
            item: item.to_owned(),
            item_code: None,
            item_zh: format!("工业噪声（{name}）"),
            detail: month.to_string(),
            period: ctx.period,
            base,
            base_unit: BaseUnit::Piece,
            rate,
            tax_amount,
            reliefs: Vec::new(),
            already_paid: part.already_paid,
            applied,
            steps,
            turning_points: Vec::new(),
        })
    }

    /// Months of the tier's amount: halved for few days, doubled for a long boundary with several
    /// points over.
    fn units(
        &self,
        ctx: &Context<'_>,
        month: Month,
        days_over: u32,
        over: u32,
        applied: &mut Vec<Applied>,
    ) -> Result<Exact, ChargeError> {
        let on = month.first_day();
        let mut units = Exact::ONE;
        let full = ctx.number("ept.noise.full_days", on)?;
        if Decimal::from(days_over) < full.value {
            let factor = ctx.number("ept.noise.short_factor", on)?;
            units = units.mul(factor.value)?;
            applied.extend([full, factor]);
        }
        let length = ctx.number("ept.noise.double_above_metres", on)?;
        let points = ctx.number("ept.noise.double_points", on)?;
        let long = self
            .boundary_metres
            .is_some_and(|metres| length.value < metres);
        if long && points.value <= Decimal::from(over) {
            let factor = ctx.number("ept.noise.double_factor", on)?;
            units = units.mul(factor.value)?;
            applied.extend([length, points, factor]);
        }
        Ok(units)
    }
}

/// The tier of an excess; none below its first.
fn tier(ctx: &Context<'_>, excess: Decimal, month: Month) -> Option<Applied> {
    let table = ctx.rules.table(TIERS, month.last_day())?;
    let number = |text: &str| parse_decimal(text, 13, 2).ok();
    let row = table.rows.iter().find(|row| {
        let low = table.cell(row, "low_db").and_then(number);
        let high = table.cell(row, "high_db").and_then(number);
        low.is_some_and(|low| low <= excess) && high.is_none_or(|high| excess <= high)
    })?;
    let amount = number(table.cell(row, "yuan_per_month")?)?;
    Some(from_table(table, amount))
}
