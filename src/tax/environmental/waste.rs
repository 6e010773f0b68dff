//! Solid waste (固体废物): generated less stored, disposed of and utilised to the standard.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::fields::{check_duplicate, check_negative, check_paid};
use super::{catalogue, step};
use crate::tax::{BaseUnit, Charge, ChargeError, Context, Finding};
use crate::types::{Exact, Money, Month, Overflow, TaxKind};

const BALANCE: &str = "环境保护税法实施条例 第五条";
const GENERATION: &str = "环境保护税法实施条例 第六条";

/// A stream of one kind of solid waste.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolidWaste {
    /// The item (税目).
    pub waste_kind: WasteKind,
    /// 危险废物污染物子类; may be empty.
    #[serde(default)]
    pub hazardous_subclass: String,
    /// One a month.
    #[serde(default)]
    pub records: Vec<WasteRecord>,
}

/// Items of solid waste (环境保护税法 annex 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WasteKind {
    /// 煤矸石.
    CoalGangue,
    /// 尾矿.
    Tailings,
    /// 危险废物.
    Hazardous,
    /// 冶炼渣.
    SmeltingSlag,
    /// 粉煤灰.
    FlyAsh,
    /// 炉渣.
    FurnaceSlag,
    /// 其他固体废物.
    Other,
}

impl WasteKind {
    /// Stable item id, unit-tax parameter and Chinese name.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::CoalGangue => (
                "EPT_SOLID_COAL_GANGUE",
                "ept.unit_tax.solid.coal_gangue",
                "煤矸石",
            ),
            Self::Tailings => ("EPT_SOLID_TAILINGS", "ept.unit_tax.solid.tailings", "尾矿"),
            Self::Hazardous => (
                "EPT_SOLID_HAZARDOUS",
                "ept.unit_tax.solid.hazardous",
                "危险废物",
            ),
            Self::SmeltingSlag => (
                "EPT_SOLID_SMELTING_SLAG",
                "ept.unit_tax.solid.smelting_slag",
                "冶炼渣",
            ),
            Self::FlyAsh => ("EPT_SOLID_FLY_ASH", "ept.unit_tax.solid.fly_ash", "粉煤灰"),
            Self::FurnaceSlag => (
                "EPT_SOLID_FURNACE_SLAG",
                "ept.unit_tax.solid.furnace_slag",
                "炉渣",
            ),
            Self::Other => (
                "EPT_SOLID_OTHER",
                "ept.unit_tax.solid.other",
                "其他固体废物",
            ),
        }
    }
}

/// Why the whole generation is taxed (实施条例 art. 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WasteReason {
    /// 非法倾倒.
    IllegalDumping,
    /// 虚假纳税申报.
    FalseFiling,
}

/// One month, in tonnes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WasteRecord {
    /// 税款所属月份.
    pub month: Month,
    /// 产生量.
    #[serde(with = "rust_decimal::serde::str")]
    pub generated_tonnes: Decimal,
    /// 贮存量 to the standard.
    #[serde(default, with = "rust_decimal::serde::str")]
    pub stored_tonnes: Decimal,
    /// 处置量 to the standard.
    #[serde(default, with = "rust_decimal::serde::str")]
    pub disposed_tonnes: Decimal,
    /// 综合利用量.
    #[serde(default, with = "rust_decimal::serde::str")]
    pub utilised_tonnes: Decimal,
    /// Not accurately measured: never deducted.
    #[serde(default, with = "rust_decimal::serde::str")]
    pub unmeasured_tonnes: Decimal,
    /// Stored or disposed of without meeting the standard (不符合标准): never deducted.
    #[serde(default, with = "rust_decimal::serde::str")]
    pub substandard_tonnes: Decimal,
    /// Why the whole generation is taxed.
    #[serde(default)]
    pub generation_reason: Option<WasteReason>,
    /// 本期已缴税额.
    #[serde(default)]
    pub already_paid: Money,
}

impl WasteRecord {
    /// Generated less what may be deducted, possibly below zero.
    pub(super) fn balance(&self) -> Result<Exact, Overflow> {
        Exact::from(self.generated_tonnes)
            .sub(self.stored_tonnes)?
            .sub(self.disposed_tonnes)?
            .sub(self.utilised_tonnes)
    }

    fn check(&self, path: &str, findings: &mut Vec<Finding>) {
        let before = findings.len();
        check_negative(
            path,
            &[
                ("generated_tonnes", Some(self.generated_tonnes)),
                ("stored_tonnes", Some(self.stored_tonnes)),
                ("disposed_tonnes", Some(self.disposed_tonnes)),
                ("utilised_tonnes", Some(self.utilised_tonnes)),
                ("unmeasured_tonnes", Some(self.unmeasured_tonnes)),
                ("substandard_tonnes", Some(self.substandard_tonnes)),
            ],
            findings,
        );
        check_paid(path, self.already_paid, findings);
        if findings.len() > before {
            return;
        }
        if !self.unmeasured_tonnes.is_zero() {
            findings.push(catalogue::ENV_SOLID_UNMEASURED.at(
                format!("{path}.unmeasured_tonnes"),
                format!("不能准确计量的 {} 吨不得扣减", self.unmeasured_tonnes),
                format!(
                    "{} t not accurately measured are not deducted",
                    self.unmeasured_tonnes
                ),
            ));
        }
        if !self.substandard_tonnes.is_zero() {
            findings.push(catalogue::ENV_SOLID_SUBSTANDARD.at(
                format!("{path}.substandard_tonnes"),
                format!(
                    "不符合标准贮存、处置的 {} 吨不得扣减",
                    self.substandard_tonnes
                ),
                format!(
                    "{} t stored or disposed of below the standard are not deducted",
                    self.substandard_tonnes
                ),
            ));
        }
        if self.generation_reason.is_none()
            && let Ok(balance) = self.balance()
            && balance.is_negative()
            && let Ok(short) = balance.to_decimal()
        {
            findings.push(
                catalogue::ENV_SOLID_BALANCE
                    .at(
                        format!("{path}.generated_tonnes"),
                        "贮存、处置和综合利用量之和大于产生量，排放量按零计算",
                        "stored, disposed of and utilised are above the generation: taken as 0",
                    )
                    .numbers("≥ 0", short),
            );
        }
    }
}

impl SolidWaste {
    /// Findings, paths relative to the source.
    pub(super) fn check(&self, findings: &mut Vec<Finding>) {
        if !self.hazardous_subclass.trim().is_empty() && self.waste_kind != WasteKind::Hazardous {
            findings.push(catalogue::ENV_SOLID_SUBCLASS.at(
                "solid_waste.hazardous_subclass",
                "只有危险废物填写危险废物污染物子类",
                "only hazardous waste has a subclass",
            ));
        }
        let mut seen = BTreeSet::new();
        for (place, record) in self.records.iter().enumerate() {
            let path = format!("solid_waste.records[{place}]");
            check_duplicate(&mut seen, record.month.to_string(), &path, findings);
            record.check(&path, findings);
        }
    }

    /// The lines of a month.
    pub(super) fn charge(
        &self,
        ctx: &Context<'_>,
        month: Month,
    ) -> Result<Vec<Charge>, ChargeError> {
        self.records
            .iter()
            .filter(|record| record.month == month)
            .map(|record| self.line(ctx, record))
            .collect()
    }

    fn line(&self, ctx: &Context<'_>, record: &WasteRecord) -> Result<Charge, ChargeError> {
        let (item, rate_id, name) = self.waste_kind.names();
        let rate = ctx.number(rate_id, record.month.first_day())?;
        let generated = record.generated_tonnes;
        let (tonnes, expression, basis) = match record.generation_reason {
            Some(_) => (Exact::from(generated), generated.to_string(), GENERATION),
            None => (
                record.balance()?.max(Exact::ZERO),
                format!(
                    "max(0, {generated} − {} − {} − {})",
                    record.stored_tonnes, record.disposed_tonnes, record.utilised_tonnes
                ),
                BALANCE,
            ),
        };
        let tax_amount = tonnes.mul(rate.value)?.round_to_fen()?;
        let base = tonnes.to_decimal()?;
        let steps = vec![
            step(
                "固体废物排放量（吨）",
                "tonnes discharged",
                expression,
                base,
                None,
                basis,
            ),
            step(
                "应纳税额",
                "tax",
                format!("{base} × {}", rate.value),
                tax_amount,
                Some(rate_id),
                "环境保护税法 第十一条第三项",
            ),
        ];
        Ok(Charge {
            tax: TaxKind::EnvironmentalProtectionTax,
            item: item.to_owned(),
            item_code: None,
            item_zh: name.to_owned(),
            detail: record.month.to_string(),
            period: ctx.period,
            base,
            base_unit: BaseUnit::Tonne,
            rate: rate.value,
            tax_amount,
            reliefs: Vec::new(),
            already_paid: record.already_paid,
            applied: vec![rate],
            steps,
            turning_points: Vec::new(),
        })
    }
}
