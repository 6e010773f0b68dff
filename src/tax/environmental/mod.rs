//! 环境保护税: a source is an outlet, a stream of solid waste or a noise site, with its records by
//! month. Charge lines are one for each month and pollutant (part of the day for noise); they
//! carry the whole quarter as their period.

mod annex;
pub mod catalogue;
mod fields;
mod noise;
mod outlet;
mod outlet_check;
mod quantity;
pub mod radar;
mod relief;
mod selection;
mod waste;

#[cfg(test)]
mod tests;

pub use annex::PollutantClass;
pub use noise::{NoisePart, NoisePoint, NoiseRecord, NoiseSite};
pub use outlet::{Destination, Facility, GenerationReason, Medium, Outlet, OutletRecord};
pub use quantity::{
    Coefficient, ConstructionDust, Feature, MassBalance, MassUnit, Monitored, Quantity, Reading,
    Sewage,
};
pub use waste::{SolidWaste, WasteKind, WasteReason, WasteRecord};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Charge, ChargeError, Context, Finding, Frequency, Severity, StatedRate, Step, TaxSource,
};
use crate::types::{Month, Period};

/// 环境保护税 source (税源).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the outlet or noise source (排放口名称或噪声源名称).
    pub name: String,
    /// Number of the outlet in the discharge permit (排放口编号); may be empty.
    #[serde(default)]
    pub outlet_number: String,
    /// Number of the discharge permit (排污许可证编号); may be empty.
    #[serde(default)]
    pub permit_number: String,
    /// True when the taxpayer must hold a discharge permit.
    #[serde(default)]
    pub permit_required: bool,
    /// Days in which the source exists (有效期起止); nothing means without end.
    #[serde(default)]
    pub valid_period: Option<Period>,
    /// Day of discharge when filed by occurrence (按次申报, 环境保护税法 art. 18).
    #[serde(default)]
    pub occurrence_date: Option<Date>,
    /// Unit tax of an outlet, yuan per equivalent, with the local document.
    #[serde(default)]
    pub stated_unit_tax: Option<StatedRate>,
    /// What is discharged.
    pub subject: Subject,
}

/// What a source discharges (污染物类别).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// Air or water pollutants.
    Outlet(Outlet),
    /// Solid waste.
    SolidWaste(SolidWaste),
    /// Industrial noise.
    NoiseSite(NoiseSite),
}

impl Source {
    /// What is wrong or doubtful with the source by itself.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.permit_required && self.permit_number.trim().is_empty() {
            findings.push(Finding::error(
                "ENV_PERMIT",
                "permit_number",
                "实行排污许可管理的纳税人应填写排污许可证编号",
                "a holder of a discharge permit must give its number",
                "国家税务总局公告2021年第9号 环境保护税税源明细表",
            ));
        }
        if self.stated_unit_tax.is_some() && !matches!(self.subject, Subject::Outlet(_)) {
            findings.push(Finding::error(
                "ENV_STATED_RATE",
                "stated_unit_tax",
                "固体废物和噪声的税额由法律统一规定，不得另行列明",
                "the law itself fixes the tax of solid waste and noise; none may be stated",
                "环境保护税法 附表一",
            ));
        }
        self.check_months(ctx, &mut findings);
        match &self.subject {
            Subject::Outlet(outlet) => outlet.check(ctx, &mut findings),
            Subject::SolidWaste(waste) => waste.check(&mut findings),
            Subject::NoiseSite(site) => site.check(&mut findings),
        }
        findings
    }

    /// The month of every record, with its path.
    fn record_months(&self) -> Vec<(String, Month)> {
        let (name, months): (&str, Vec<Month>) = match &self.subject {
            Subject::Outlet(outlet) => ("outlet", outlet.records.iter().map(|r| r.month).collect()),
            Subject::SolidWaste(waste) => (
                "solid_waste",
                waste.records.iter().map(|r| r.month).collect(),
            ),
            Subject::NoiseSite(site) => {
                ("noise_site", site.records.iter().map(|r| r.month).collect())
            }
        };
        months
            .into_iter()
            .enumerate()
            .map(|(place, month)| (format!("{name}.records[{place}].month"), month))
            .collect()
    }

    fn check_months(&self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        let months = self.record_months();
        for (field, month) in &months {
            if !annex::in_force(ctx.rules, *month) {
                findings.push(Finding::error(
                    "ENV_NOT_IN_FORCE",
                    field,
                    format!("{month} 环境保护税尚未开征"),
                    format!("the tax is not in force in {month}"),
                    "环境保护税法 第二十八条（2018年1月1日起施行）",
                ));
            }
            if !ctx.period.months().any(|other| other == *month) || !self.exists_in(*month) {
                findings.push(
                    Finding::warning(
                        "ENV_MONTH_PERIOD",
                        field,
                        format!("税款所属月份 {month} 不在申报所属期或税源有效期内，本次不计税"),
                        format!("month {month} is outside the period filed or the source's days"),
                        "环境保护税法 第十八条",
                    )
                    .numbers(ctx.period, month),
                );
            }
        }
        if !matches!(self.subject, Subject::Outlet(_)) || self.occurrence_date.is_some() {
            return;
        }
        for month in ctx.period.months().filter(|month| self.exists_in(*month)) {
            if !months.iter().any(|(_, other)| *other == month) {
                findings.push(Finding::warning(
                    "ENV_MONTH_MISSING",
                    "outlet.records",
                    format!("缺少 {month} 的记录；当月无监测数据的，应沿用本季最近一次数据"),
                    format!("{month} has no record; without data carry the quarter's latest on"),
                    "财税〔2018〕117号",
                ));
            }
        }
    }

    /// One outlet stands in one source, or its pollutants would be ranked apart (art. 9).
    fn refuse_split_outlet(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<(), ChargeError> {
        let Subject::Outlet(own) = &self.subject else {
            return Ok(());
        };
        let months = |outlet: &Outlet, month: Month| {
            let mut records = outlet.records.iter();
            records.any(|record| record.month == month)
        };
        for peer in peers {
            let TaxSource::EnvironmentalProtectionTax(peer) = peer else {
                continue;
            };
            let Subject::Outlet(other) = &peer.subject else {
                continue;
            };
            let twice = !self.outlet_number.is_empty()
                && self.outlet_number == peer.outlet_number
                && own.medium == other.medium
                && ctx
                    .period
                    .months()
                    .any(|it| months(own, it) && months(other, it));
            if twice {
                return Err(Finding::error(
                    "ENV_DUPLICATE_LINE",
                    "outlet_number",
                    format!("排放口 {} 分列在两个税源，应合并后排序", self.outlet_number),
                    format!(
                        "outlet {} stands in two sources; join them",
                        self.outlet_number
                    ),
                    "环境保护税法 第九条",
                )
                .into());
            }
        }
        Ok(())
    }

    /// True when the source exists on a day of the month, and is of that occurrence.
    fn exists_in(&self, month: Month) -> bool {
        let days = Period::months_between(month, month);
        match self.occurrence_date {
            Some(day) => Month::of(day) == month,
            None => self
                .valid_period
                .is_none_or(|valid| valid.overlap(days).is_some()),
        }
    }

    /// The tax periods to be filed within `ctx.period`: the quarters that end in it, also those
    /// without tax; by occurrence the day of discharge.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        if let Some(day) = self.occurrence_date {
            let due = ctx.period.contains(day);
            return Ok(due.then(|| Period::day(day)).into_iter().collect());
        }
        let word = ctx.text("ept.frequency", ctx.period.last())?;
        let frequency = Frequency::parse(word).ok_or_else(|| {
            Finding::error(
                "RULE_PACK_MISMATCH",
                "",
                format!("规则库参数 ept.frequency 的值 {word} 无法识别"),
                format!("the rule pack's ept.frequency is {word}, which is no frequency"),
                "",
            )
        })?;
        let mut periods = frequency.periods_ending_in(ctx.period);
        periods.retain(|period| {
            self.valid_period
                .is_none_or(|valid| valid.overlap(*period).is_some())
        });
        Ok(periods)
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        self.occurrence_date.is_none().then_some("ept.frequency")
    }

    /// The rule that says when it is due (环境保护税法 art. 19).
    pub fn due_parameter(&self) -> &'static str {
        match self.occurrence_date {
            Some(_) => "ept.due.occurrence",
            None => "ept.due.quarter",
        }
    }

    /// Charges the tax of `ctx.period`.
    ///
    /// # Errors
    /// [`ChargeError`]; the first error of [`Source::check`] refuses the charge.
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        let stop = self
            .check(ctx)
            .into_iter()
            .find(|finding| finding.severity == Severity::Error);
        if let Some(error) = stop {
            return Err(error.into());
        }
        self.refuse_split_outlet(peers, ctx)?;
        let mut charges = Vec::new();
        for month in ctx.period.months().filter(|month| self.exists_in(*month)) {
            match &self.subject {
                Subject::Outlet(outlet) => {
                    let rate = self.stated_unit_tax.as_ref();
                    let exceeded = outlet.exceeds(month)
                        || outlet.other_exceeded_months.contains(&month)
                        || peers.iter().any(|peer| peer_exceeds(peer, month));
                    charges.extend(outlet.charge(ctx, month, rate, exceeded)?);
                }
                Subject::SolidWaste(waste) => charges.extend(waste.charge(ctx, month)?),
                Subject::NoiseSite(site) => charges.extend(site.charge(ctx, month)?),
            }
        }
        Ok(charges)
    }
}

/// True when another source of the taxpayer is an outlet over its limit in the month.
fn peer_exceeds(peer: &TaxSource, month: Month) -> bool {
    match peer {
        TaxSource::EnvironmentalProtectionTax(source) => match &source.subject {
            Subject::Outlet(outlet) => {
                outlet.exceeds(month) || outlet.other_exceeded_months.contains(&month)
            }
            Subject::SolidWaste(_) | Subject::NoiseSite(_) => false,
        },
        _ => false,
    }
}

/// One step of the explanation.
fn step(
    zh: impl Into<String>,
    en: impl Into<String>,
    expression: impl Into<String>,
    value: impl ToString,
    parameter_id: Option<&str>,
    basis: &str,
) -> Step {
    Step {
        label_zh: zh.into(),
        label_en: en.into(),
        expression: expression.into(),
        value: value.to_string(),
        parameter_id: parameter_id.map(str::to_owned),
        legal_basis: (!basis.is_empty()).then(|| basis.to_owned()),
    }
}
