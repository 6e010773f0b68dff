//! Outlets of air and water pollutants: their records and their charge.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::annex::{self, PollutantClass};
use super::quantity::{Measured, Quantity, measure};
use super::selection::{Candidate, select};
use super::{relief, step};
use crate::tax::{
    Applied, BaseUnit, Charge, ChargeError, Context, Provenance, ReliefClaim, ReliefTarget,
    StatedRate, apply_reliefs,
};
use crate::types::{Exact, Money, Month, TaxKind};

/// Air or water (污染物类别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Medium {
    /// 大气污染物.
    Air,
    /// 水污染物.
    Water,
}

impl Medium {
    /// Name in Chinese (税目).
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Air => "大气污染物",
            Self::Water => "水污染物",
        }
    }

    const fn item(self) -> &'static str {
        match self {
            Self::Air => "EPT_AIR",
            Self::Water => "EPT_WATER",
        }
    }

    const fn rate_id(self) -> &'static str {
        match self {
            Self::Air => "ept.unit_tax.air",
            Self::Water => "ept.unit_tax.water",
        }
    }
}

/// The kind of place (环境保护税法 art. 12, 实施条例 art. 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Facility {
    /// Any other place.
    #[default]
    Ordinary,
    /// 城乡污水集中处理场所 serving the public.
    UrbanSewagePlant,
    /// 生活垃圾集中处理场所.
    HouseholdRefusePlant,
    /// 工业园区污水处理厂: not exempt.
    IndustrialParkPlant,
}

/// Where the discharge goes (环境保护税法 art. 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Destination {
    /// Directly into the environment.
    #[default]
    Environment,
    /// To a lawful centralised plant: not taxed.
    CentralisedPlant,
}

/// Why generation is taxed in place of emission (实施条例 art. 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GenerationReason {
    /// Required monitoring equipment not installed or not connected.
    EquipmentMissing,
    /// Monitoring equipment damaged, moved or altered.
    EquipmentAltered,
    /// Monitoring data falsified.
    DataFalsified,
    /// Secret pipes, seepage wells, injection, dilution, treatment switched off.
    SecretDischarge,
    /// False filing.
    FalseFiling,
}

/// An outlet (排放口), or the emissions without one (无组织排放).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlet {
    /// Air or water.
    pub medium: Medium,
    /// Emissions without an outlet; air only.
    #[serde(default)]
    pub fugitive: bool,
    /// The kind of place.
    #[serde(default)]
    pub facility: Facility,
    /// Where the discharge goes.
    #[serde(default)]
    pub destination: Destination,
    /// Rounds equivalents to two places first, as published examination keys do.
    #[serde(default)]
    pub rounds_equivalents: bool,
    /// Months in which an outlet of the taxpayer that is not declared here was over its limit.
    #[serde(default)]
    pub other_exceeded_months: Vec<Month>,
    /// One for each month and pollutant.
    #[serde(default)]
    pub records: Vec<OutletRecord>,
}

/// One pollutant in one month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutletRecord {
    /// 税款所属月份.
    pub month: Month,
    /// 污染物名称 as in the annex; `pH值` for all bands.
    pub pollutant: String,
    /// The block the taxpayer takes it for, checked against the annex.
    #[serde(default)]
    pub pollutant_class: Option<PollutantClass>,
    /// The method and its figures.
    pub quantity: Quantity,
    /// Quantity generated (产生量) in kg.
    #[serde(default, with = "crate::types::decimal_text")]
    pub generation_kg: Option<Decimal>,
    /// Why the generation is taxed.
    #[serde(default)]
    pub generation_reason: Option<GenerationReason>,
    /// The environmental department's figure in kg; it governs (实施条例 art. 21).
    #[serde(default, with = "crate::types::decimal_text")]
    pub reviewed_kg: Option<Decimal>,
    /// 月均浓度, mg per standard m3 or mg per litre.
    #[serde(default, with = "crate::types::decimal_text")]
    pub mean_concentration: Option<Decimal>,
    /// 最高浓度: highest hourly (air) or daily (water) mean.
    #[serde(default, with = "crate::types::decimal_text")]
    pub max_concentration: Option<Decimal>,
    /// 标准浓度值.
    #[serde(default, with = "crate::types::decimal_text")]
    pub concentration_limit: Option<Decimal>,
    /// The month has no data of its own; the latest are carried forward.
    #[serde(default)]
    pub carried_forward: bool,
    /// Claims the low-concentration relief (环境保护税法 art. 13).
    #[serde(default)]
    pub claims_low_concentration_relief: bool,
    /// 本期已缴税额.
    #[serde(default)]
    pub already_paid: Money,
    /// Other reliefs by decision of the State Council (环境保护税法 art. 12(5)).
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// 上年同期 quantity in the annex's unit, to compare with (实施条例 art. 22).
    #[serde(default, with = "crate::types::decimal_text")]
    pub previous_year_quantity: Option<Decimal>,
}

impl OutletRecord {
    /// True when any figure of the month is over its limit (decision ENV4).
    pub(super) fn exceeds(&self) -> bool {
        let readings = match &self.quantity {
            Quantity::Monitored(it) => it.readings.as_slice(),
            _ => &[],
        };
        let found = readings
            .iter()
            .filter_map(|reading| reading.concentration)
            .chain(self.mean_concentration)
            .chain(self.max_concentration)
            .max();
        let over = |found: Option<Decimal>, limit: Option<Decimal>| {
            found.is_some_and(|found| limit.is_some_and(|limit| limit < found))
        };
        let counted = match &self.quantity {
            Quantity::Sewage(it) => over(it.measured, it.measured_limit),
            _ => false,
        };
        over(found, self.concentration_limit) || counted
    }

    /// The measured pH, for the band.
    pub(super) fn ph(&self) -> Option<Decimal> {
        match &self.quantity {
            Quantity::Sewage(it) => it.ph,
            _ => None,
        }
    }

    /// True for a pH that the law does not tax (6 to 9).
    pub(super) fn is_neutral(&self, ctx: &Context<'_>) -> bool {
        self.pollutant == annex::PH
            && self
                .ph()
                .is_some_and(|ph| annex::ph_band(ctx.rules, ph, self.month).is_none())
    }
}

impl Outlet {
    /// True when the outlet was over a limit in the month.
    pub(super) fn exceeds(&self, month: Month) -> bool {
        self.records
            .iter()
            .any(|record| record.month == month && record.exceeds())
    }

    /// True when nothing of it is taxed.
    pub(super) fn is_untaxed(&self) -> bool {
        self.destination == Destination::CentralisedPlant
    }

    /// The taxable pollutants of a month with their exact equivalents, before selection.
    pub(super) fn candidates<'a>(
        &'a self,
        ctx: &Context<'a>,
        month: Month,
    ) -> Result<Vec<Candidate<'a>>, ChargeError> {
        let mut candidates = Vec::new();
        if self.is_untaxed() {
            return Ok(candidates);
        }
        for (place, record) in self.records.iter().enumerate() {
            if record.month != month || record.is_neutral(ctx) {
                continue;
            }
            let path = format!("outlet.records[{place}]");
            let name = &record.pollutant;
            let entry = annex::find(ctx.rules, self.medium, name, record.ph(), month)
                .ok_or_else(|| annex::unknown(format!("{path}.pollutant"), name, self.medium))?;
            let measured = measure(record, self.medium, &entry, &path)?;
            if !measured.taxable || below_scale(ctx, &entry, &measured, month)? {
                continue;
            }
            let equivalents = measured.quantity.div(entry.value)?;
            candidates.push(Candidate {
                place,
                record,
                entry,
                measured,
                equivalents,
            });
        }
        Ok(candidates)
    }

    /// The lines of a month. `exceeded` says that some outlet of the taxpayer was over its limit.
    pub(super) fn charge(
        &self,
        ctx: &Context<'_>,
        month: Month,
        stated: Option<&StatedRate>,
        exceeded: bool,
    ) -> Result<Vec<Charge>, ChargeError> {
        let chosen = select(ctx, self.candidates(ctx, month)?, month)?;
        chosen
            .taxed
            .iter()
            .map(|candidate| self.line(ctx, candidate, &chosen.applied, stated, exceeded))
            .collect()
    }

    fn line(
        &self,
        ctx: &Context<'_>,
        candidate: &Candidate<'_>,
        selection: &[Applied],
        stated: Option<&StatedRate>,
        exceeded: bool,
    ) -> Result<Charge, ChargeError> {
        let record = candidate.record;
        let month = record.month;
        let rate = self.rate(ctx, candidate, stated, month.first_day())?;
        let equivalents = match self.rounds_equivalents {
            true => Exact::from(candidate.equivalents.round_to_scale(2)?),
            false => candidate.equivalents,
        };
        let exact_tax = equivalents.mul(rate.value)?;
        let tax_amount = exact_tax.round_to_fen()?;
        let item = self.medium.item();
        let mut charge = Charge {
            tax: TaxKind::EnvironmentalProtectionTax,
            item: item.to_owned(),
            item_code: None,
            item_zh: self.medium.name_zh().to_owned(),
            detail: format!("{month} {}", candidate.entry.name),
            period: ctx.period,
            base: equivalents.to_decimal()?,
            base_unit: BaseUnit::Equivalent,
            rate: rate.value,
            tax_amount,
            reliefs: Vec::new(),
            already_paid: record.already_paid,
            applied: vec![candidate.entry.applied.clone()],
            steps: self.steps(candidate, equivalents, &rate, tax_amount)?,
            turning_points: Vec::new(),
        };
        charge.applied.extend(selection.iter().cloned());
        charge.applied.push(rate);
        let decided = relief::decide(ctx, self, record, &candidate.entry, exceeded)?;
        charge.applied.extend(decided.applied);
        let target = ReliefTarget {
            tax: TaxKind::EnvironmentalProtectionTax,
            item,
            period: ctx.period,
            all_rows: ctx.period,
            exact_tax,
            tax_amount,
        };
        let place = candidate.place;
        let path = format!("outlet.records[{place}].reliefs");
        let claims = relief::with_others(decided.claims, record, tax_amount, &path)?;
        charge.reliefs = apply_reliefs(ctx, &claims, target, &path)?;
        for line in &charge.reliefs {
            charge.steps.push(step(
                format!("减免税额：{}", line.name_zh),
                format!("relief {}", line.relief_id),
                decided.expression.clone(),
                line.amount,
                Some(&line.relief_id),
                decided.basis,
            ));
        }
        if let Some(bar) = decided.bar {
            charge.steps.push(step(
                bar.zh,
                bar.en,
                decided.expression,
                "0.00",
                None,
                decided.basis,
            ));
        }
        Ok(charge)
    }

    fn steps(
        &self,
        candidate: &Candidate<'_>,
        equivalents: Exact,
        rate: &Applied,
        tax: Money,
    ) -> Result<Vec<crate::tax::Step>, ChargeError> {
        let quantity = candidate.measured.quantity.to_decimal()?;
        let count = equivalents.to_decimal()?;
        let cite = match &rate.provenance {
            Provenance::Rule { cite, .. } => cite.as_str(),
            Provenance::Stated { document } => document.as_str(),
        };
        Ok(vec![
            step(
                "污染物排放量",
                "quantity discharged",
                candidate.measured.expression.clone(),
                quantity,
                None,
                "环境保护税法 第十条",
            ),
            step(
                "污染当量数",
                "pollution equivalents",
                format!("{quantity} ÷ {}", candidate.entry.value),
                count,
                Some("ept.pollutants"),
                "环境保护税法 第八条、第九条",
            ),
            step(
                "应纳税额",
                "tax",
                format!("{count} × {}", rate.value),
                tax,
                Some(&rate.parameter_id),
                cite,
            ),
        ])
    }

    /// The unit tax: of the pollutant, else of class I, else of the medium.
    fn rate(
        &self,
        ctx: &Context<'_>,
        candidate: &Candidate<'_>,
        stated: Option<&StatedRate>,
        on: Date,
    ) -> Result<Applied, ChargeError> {
        let entry = &candidate.entry;
        let own = format!("ept.unit_tax.{}", entry.key);
        let of_class = match entry.class {
            PollutantClass::Class1 => "ept.unit_tax.water.class_1",
            _ => self.medium.rate_id(),
        };
        let known = [own.as_str(), of_class]
            .into_iter()
            .find(|id| ctx.number(id, on).is_ok());
        let id = known.unwrap_or(self.medium.rate_id());
        ctx.rate(id, on, stated, "stated_unit_tax.value")
    }
}

/// True at or below the scale from which the annex levies (livestock, hospitals).
pub(super) fn below_scale(
    ctx: &Context<'_>,
    entry: &annex::Entry<'_>,
    measured: &Measured,
    month: Month,
) -> Result<bool, ChargeError> {
    if entry.scale.is_empty() {
        return Ok(false);
    }
    let scale = ctx.number(entry.scale, month.first_day())?;
    Ok(measured.scale <= Exact::from(scale.value))
}
