//! What is wrong or doubtful with a source, by itself and among the taxpayer's others.

use super::{Outlet, Source, Subject, annex, catalogue, over_among};
use crate::tax::{Context, Finding, TaxSource};
use crate::types::Month;

impl Source {
    /// What is wrong or doubtful with the source by itself.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.offshore {
            findings.push(catalogue::ENV_OFFSHORE.at(
                "offshore",
                "海洋工程的环境保护税按专门办法申报，本系统不计算",
                "offshore work is filed under rules of its own, which are not computed here",
            ));
        }
        if self.permit_required && self.permit_number.trim().is_empty() {
            findings.push(catalogue::ENV_PERMIT.at(
                "permit_number",
                "实行排污许可管理的纳税人应填写排污许可证编号",
                "a holder of a discharge permit must give its number",
            ));
        }
        if self.stated_unit_tax.is_some() && !matches!(self.subject, Subject::Outlet(_)) {
            findings.push(catalogue::ENV_STATED_RATE.at(
                "stated_unit_tax",
                "固体废物和噪声的税额由法律统一规定，不得另行列明",
                "the law itself fixes the tax of solid waste and noise; none may be stated",
            ));
        }
        self.check_months(ctx, &mut findings);
        match &self.subject {
            Subject::Outlet(outlet) => {
                let stated = self.stated_unit_tax.as_ref();
                let months = ctx.period.months();
                let charged: Vec<Month> = months.filter(|it| self.exists_in(*it)).collect();
                outlet.check(ctx, stated, &charged, &mut findings);
            }
            Subject::SolidWaste(waste) => waste.check(&mut findings),
            Subject::NoiseSite(site) => site.check(&mut findings),
        }
        findings
    }

    /// What is wrong or doubtful with the source among the taxpayer's others: an outlet in two
    /// sources, a relief barred by another outlet. [`Source::check`] does not see these.
    pub fn check_among(&self, peers: &[&TaxSource], ctx: &Context<'_>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.split_outlet(peers, ctx).into_iter().collect();
        let Subject::Outlet(outlet) = &self.subject else {
            return findings;
        };
        for month in ctx.period.months().filter(|month| self.exists_in(*month)) {
            let over = over_among(peers, month);
            if over.is_empty() {
                continue;
            }
            let names: Vec<&str> = over.into_iter().collect();
            for place in outlet.reduced_places(ctx, month) {
                findings.push(catalogue::ENV_RELIEF_EXCEEDED.at(
                    format!("outlet.records[{place}].claims_low_concentration_relief"),
                    format!(
                        "{month} 排放口“{}”超过排放标准，纳税人当月不得享受低浓度减征",
                        names.join("、")
                    ),
                    format!(
                        "`{}` was over its limit in {month}: no reduction for the taxpayer",
                        names.join("`, `")
                    ),
                ));
            }
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
                findings.push(catalogue::ENV_NOT_IN_FORCE.at(
                    field,
                    format!("{month} 环境保护税尚未开征"),
                    format!("the tax is not in force in {month}"),
                ));
            }
            if !ctx.period.months().any(|other| other == *month) || !self.exists_in(*month) {
                findings.push(
                    catalogue::ENV_MONTH_PERIOD
                        .at(
                            field,
                            format!(
                                "税款所属月份 {month} 不在申报所属期或税源有效期内，本次不计税"
                            ),
                            format!(
                                "month {month} is outside the period filed or the source's days"
                            ),
                        )
                        .numbers(ctx.period, month),
                );
            }
        }
        let silent = match &self.subject {
            Subject::Outlet(outlet) => outlet.is_untaxed(),
            Subject::SolidWaste(_) | Subject::NoiseSite(_) => true,
        };
        if silent || self.occurrence_date.is_some() {
            return;
        }
        for month in ctx.period.months().filter(|month| self.exists_in(*month)) {
            if !months.iter().any(|(_, other)| *other == month) {
                findings.push(catalogue::ENV_MONTH_MISSING.at(
                    "outlet.records",
                    format!("缺少 {month} 的记录；当月无监测数据的，应沿用本季最近一次数据"),
                    format!("{month} has no record; without data carry the quarter's latest on"),
                ));
            }
        }
    }

    /// One outlet of a permit stands in one source, or its pollutants would be ranked apart.
    pub(super) fn split_outlet(&self, peers: &[&TaxSource], ctx: &Context<'_>) -> Option<Finding> {
        let Subject::Outlet(own) = &self.subject else {
            return None;
        };
        let months = |outlet: &Outlet, month: Month| {
            let mut records = outlet.records.iter();
            records.any(|record| record.month == month)
        };
        let split = peers.iter().any(|peer| {
            let TaxSource::EnvironmentalProtectionTax(peer) = peer else {
                return false;
            };
            let Subject::Outlet(other) = &peer.subject else {
                return false;
            };
            !self.outlet_number.is_empty()
                && self.outlet_number == peer.outlet_number
                && self.permit_number == peer.permit_number
                && own.medium == other.medium
                && ctx
                    .period
                    .months()
                    .any(|it| months(own, it) && months(other, it))
        });
        split.then(|| {
            let number = &self.outlet_number;
            catalogue::ENV_DUPLICATE_LINE
                .at(
                    "outlet_number",
                    format!("排放口 {number} 分列在两个税源，应合并后排序"),
                    format!("outlet {number} stands in two sources; join them"),
                )
                .under("环境保护税法 第九条")
        })
    }
}
