//! Industrial noise (工业噪声): the excess in whole decibels chooses the month's amount.
//!
//! Day and night are apart, each with its own days over the limit, points and doubling
//! (decision ENV5). A point counts as over when its rounded excess is at least one decibel.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::annex::from_table;
use super::fields::{check_duplicate, check_negative, check_paid};
use super::{catalogue, step, turning};
use crate::rules::Table;
use crate::tax::{Applied, BaseUnit, Charge, ChargeError, Context, Finding};
use crate::types::{Exact, Money, Month, Overflow, TaxKind, parse_decimal};

const ANNEX: &str = "环境保护税法 附表一";
const DAYS: &str = "环境保护税法 附表一 注四";
const BOUNDARY: &str = "环境保护税法 附表一 注一";
pub(super) const TIERS: &str = "ept.noise_tiers";

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

/// What the points of a part of the day show.
#[derive(Debug, Clone)]
pub(super) struct Excess<'a> {
    /// The highest excess in whole decibels; 0 or less means that nothing is over.
    pub decibels: Decimal,
    /// How many points are over.
    pub points_over: u32,
    /// The point with the highest excess, by place, and whether its peak decides.
    pub highest: Option<(usize, &'a NoisePoint, bool)>,
}

impl NoisePart {
    /// Excess of a point in whole decibels, half up; the larger of level and peak (annex note 5),
    /// and whether that is the peak's.
    fn excess_at(&self, point: &NoisePoint) -> Result<(Decimal, bool), Overflow> {
        let over =
            |found: Decimal, limit: Decimal| Exact::from(found).sub(limit)?.round_to_scale(0);
        let level = over(point.level_db, self.limit_db)?;
        let peak = match (point.peak_db, self.peak_limit_db) {
            (Some(peak), Some(limit)) => over(peak, limit)?,
            _ => level,
        };
        Ok((level.max(peak), level < peak))
    }

    /// The points together. Measurements of one named point count once, with their highest.
    pub(super) fn excess(&self) -> Result<Excess<'_>, Overflow> {
        let mut found = Excess {
            decibels: Decimal::ZERO,
            points_over: 0,
            highest: None,
        };
        let mut named: BTreeMap<&str, bool> = BTreeMap::new();
        for (place, point) in self.points.iter().enumerate() {
            let (decibels, peak) = self.excess_at(point)?;
            if found.highest.is_none() || found.decibels < decibels {
                found.decibels = decibels;
                found.highest = Some((place, point, peak));
            }
            let over = decibels > Decimal::ZERO;
            match point.name.trim() {
                "" => found.points_over += u32::from(over),
                name => *named.entry(name).or_default() |= over,
            }
        }
        let over = named.values().filter(|over| **over).count();
        found.points_over += u32::try_from(over).unwrap_or(u32::MAX);
        Ok(found)
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
                catalogue::ENV_NOISE_DAYS
                    .at(
                        format!("{path}.days_over"),
                        format!("超标天数 {} 大于当月天数 {days}", self.days_over),
                        format!("{} days over in a month of {days} days", self.days_over),
                    )
                    .numbers(format!("0–{days}"), self.days_over),
            );
        }
        if self.days_over == 0
            && let Ok(excess) = self.excess()
            && excess.points_over > 0
        {
            findings.push(catalogue::ENV_NOISE_NO_DAYS.at(
                format!("{path}.days_over"),
                format!("监测超标 {} 分贝，但超标天数为 0，不计税", excess.decibels),
                format!("{} dB over on no day: nothing is taxed", excess.decibels),
            ));
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
            if self.boundary_metres.is_none() {
                check_boundary(record, findings);
            }
        }
    }

    /// The lines of a month.
    pub(super) fn charge(
        &self,
        ctx: &Context<'_>,
        month: Month,
    ) -> Result<Vec<Charge>, ChargeError> {
        let mut charges = Vec::new();
        for (place, record) in self.records.iter().enumerate() {
            if record.month != month {
                continue;
            }
            let path = format!("noise_site.records[{place}]");
            for (item, name, field, part) in [
                ("EPT_NOISE_DAY", "昼间", "day", &record.day),
                ("EPT_NOISE_NIGHT", "夜间", "night", &record.night),
            ] {
                if let Some(part) = part {
                    let path = format!("{path}.{field}");
                    charges.push(self.line(ctx, month, (item, name), (part, path))?);
                }
            }
        }
        Ok(charges)
    }

    fn line(
        &self,
        ctx: &Context<'_>,
        month: Month,
        (item, name): (&str, &str),
        (part, path): (&NoisePart, String),
    ) -> Result<Charge, ChargeError> {
        let found = part.excess()?;
        let (excess, over) = (found.decibels, found.points_over);
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
        let expression = match found.highest {
            Some((_, point, true)) => format!(
                "{} − {}（夜间突发噪声峰值）, 四舍五入",
                point.peak_db.unwrap_or_default(),
                part.peak_limit_db.unwrap_or_default()
            ),
            Some((_, point, false)) => {
                format!("{} − {}, 四舍五入", point.level_db, part.limit_db)
            }
            None => "0".to_owned(),
        };
        let mut steps = vec![step(
            format!("{name}超标分贝数（{over} 处超标，取最高一处）"),
            format!("excess in whole decibels ({over} points over, the highest)"),
            expression,
            excess.max(Decimal::ZERO),
            None,
            "财税〔2018〕23号",
        )];
        for factor in &applied {
            let told = match factor.parameter_id.as_str() {
                "ept.noise.short_factor" => ("超标不足规定天数，减半", "few days: halved", DAYS),
                "ept.noise.double_factor" => (
                    "边界长、两处以上超标，按两个单位",
                    "a long boundary with several points over: doubled",
                    BOUNDARY,
                ),
                _ => continue,
            };
            let facts = format!("超标 {} 天，{over} 处超标", part.days_over);
            let id = Some(factor.parameter_id.as_str());
            steps.push(step(told.0, told.1, facts, factor.value, id, told.2));
        }
        steps.push(step(
            "应纳税额",
            "tax",
            format!("{rate} × {base}（超标 {} 天）", part.days_over),
            tax_amount,
            Some(TIERS),
            ANNEX,
        ));
        let turning_points = match ctx.explain {
            true => turning::of_noise(ctx, self, month, part, &path)?,
            false => Vec::new(),
        };
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
            turning_points,
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

/// Several points over, and no length of the boundary.
fn check_boundary(record: &NoiseRecord, findings: &mut Vec<Finding>) {
    let parts = [&record.day, &record.night];
    let several = parts
        .into_iter()
        .flatten()
        .any(|part| part.days_over > 0 && part.excess().is_ok_and(|excess| excess.points_over > 1));
    if several {
        findings.push(catalogue::ENV_NOISE_BOUNDARY.at(
            "noise_site.boundary_metres",
            format!(
                "{} 有两处以上超标，请填沿边界长度：超过规定长度的按两个单位计税",
                record.month
            ),
            format!(
                "several points are over in {}; a long boundary doubles the tax: give its length",
                record.month
            ),
        ));
    }
}

/// The tier of an excess; none below its first.
fn tier(ctx: &Context<'_>, excess: Decimal, month: Month) -> Option<Applied> {
    let table = ctx.rules.table(TIERS, month.last_day())?;
    let row = table.rows.iter().find(|row| {
        let low = decibels(table, row, "low_db");
        let high = decibels(table, row, "high_db");
        low.is_some_and(|low| low <= excess) && high.is_none_or(|high| excess <= high)
    })?;
    Some(from_table(table, decibels(table, row, "yuan_per_month")?))
}

/// A number of a tier's row; none where the cell is empty.
pub(super) fn decibels(table: &Table, row: &[String], column: &str) -> Option<Decimal> {
    parse_decimal(table.cell(row, column)?, 13, 2).ok()
}
