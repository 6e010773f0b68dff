//! The charge of an outlet: from the month's pollutants to one line for each that is taxed.

use jiff::civil::Date;

use super::annex::{self, PollutantClass};
use super::measure::measure;
use super::outlet::{Medium, Outlet};
use super::scale::Scales;
use super::selection::{Candidate, Selection, Taxed, select};
use super::{relief, step, turning};
use crate::tax::{
    Applied, BaseUnit, Charge, ChargeError, Context, ReliefTarget, StatedRate, Step, apply_reliefs,
};
use crate::types::{Exact, Money, Month, TaxKind};

impl Medium {
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

impl Outlet {
    /// The taxable pollutants of a month with their exact equivalents, before selection.
    fn candidates<'a>(
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
            let (name, medium) = (&record.pollutant, self.medium);
            let field = format!("{path}.pollutant");
            let entry = annex::find(ctx.rules, medium, name, record.ph(), month)
                .ok_or_else(|| annex::unknown(ctx.rules, field, name, medium, month))?;
            let measured = measure(record, medium, &entry, &path)?;
            let scales = Scales::of(ctx, record, &entry, &path)?;
            if !measured.taxable || scales.spare(&measured) {
                continue;
            }
            let equivalents = measured.quantity.div(entry.value)?;
            candidates.push(Candidate {
                place,
                record,
                entry,
                measured,
                scales,
                equivalents,
            });
        }
        Ok(candidates)
    }

    /// What is taxed in a month and what is not.
    pub(super) fn selection<'a>(
        &'a self,
        ctx: &Context<'a>,
        month: Month,
    ) -> Result<Selection<'a>, ChargeError> {
        select(ctx, self.candidates(ctx, month)?, month)
    }

    /// The lines of a month. `exceeded` says that some outlet of the taxpayer was over its limit.
    pub(super) fn charge(
        &self,
        ctx: &Context<'_>,
        month: Month,
        stated: Option<&StatedRate>,
        exceeded: bool,
    ) -> Result<Vec<Charge>, ChargeError> {
        let chosen = self.selection(ctx, month)?;
        let lines = chosen.taxed.iter();
        lines
            .map(|taxed| self.line(ctx, taxed, stated, exceeded))
            .collect()
    }

    /// The records of a month whose line has a low-concentration relief by the outlet's own facts.
    pub(super) fn reduced_places(&self, ctx: &Context<'_>, month: Month) -> Vec<usize> {
        let Ok(chosen) = self.selection(ctx, month) else {
            return Vec::new();
        };
        let exceeded = self.is_over(month);
        let reduced = |candidate: &Candidate<'_>| {
            let record = candidate.record;
            record.claims_low_concentration_relief
                && relief::low(ctx, record, &candidate.entry, exceeded)
                    .is_ok_and(|decided| !decided.claims.is_empty())
        };
        chosen
            .taxed
            .iter()
            .filter(|taxed| !self.facility.is_public_plant() && reduced(&taxed.candidate))
            .map(|taxed| taxed.candidate.place)
            .collect()
    }

    /// One line; fails where a value of law is missing or a claim cannot be applied.
    pub(super) fn line(
        &self,
        ctx: &Context<'_>,
        taxed: &Taxed<'_>,
        stated: Option<&StatedRate>,
        exceeded: bool,
    ) -> Result<Charge, ChargeError> {
        let candidate = &taxed.candidate;
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
            steps: self.steps(taxed, equivalents, &rate, tax_amount)?,
            turning_points: Vec::new(),
        };
        let scales = &candidate.scales;
        charge.applied.extend(scales.annex.iter().cloned());
        charge.applied.extend(scales.province.iter().cloned());
        charge.applied.extend(taxed.count.iter().cloned());
        charge.applied.push(rate);
        let decided = relief::decide(ctx, self, record, &candidate.entry, exceeded)?;
        charge.applied.extend(decided.applied.iter().cloned());
        if ctx.explain {
            charge.turning_points = turning::of_outlet(ctx, taxed, &decided)?;
        }
        let target = ReliefTarget {
            tax: TaxKind::EnvironmentalProtectionTax,
            item,
            period: ctx.period,
            all_rows: ctx.period,
            exact_tax,
            tax_amount,
        };
        let path = format!("outlet.records[{}].reliefs", candidate.place);
        let claims = relief::with_others(decided.claims, record, tax_amount, &path)?;
        charge.reliefs = apply_reliefs(ctx, &claims, target, &path)?;
        for line in &charge.reliefs {
            let by_figures = line.relief_id != relief::OTHER;
            charge.steps.push(step(
                format!("减免税额：{}", line.name_zh),
                format!("relief {}", line.relief_id),
                match by_figures {
                    true => decided.expression.clone(),
                    false => "国务院批准".to_owned(),
                },
                line.amount,
                Some(&line.relief_id),
                match by_figures {
                    true => decided.basis,
                    false => "环境保护税法 第十二条第五项",
                },
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
        taxed: &Taxed<'_>,
        equivalents: Exact,
        rate: &Applied,
        tax: Money,
    ) -> Result<Vec<Step>, ChargeError> {
        let candidate = &taxed.candidate;
        let entry = &candidate.entry;
        let quantity = candidate.measured.quantity.to_decimal()?;
        let count = equivalents.to_decimal()?;
        let cite = rate.provenance.document();
        let mut steps = vec![
            step(
                "污染物排放量",
                "quantity discharged",
                candidate.measured.expression.clone(),
                quantity,
                None,
                candidate.measured.basis,
            ),
            step(
                "污染当量数",
                "pollution equivalents",
                match self.rounds_equivalents {
                    true => format!("{quantity} ÷ {}, 保留两位小数", entry.value),
                    false => format!("{quantity} ÷ {}", entry.value),
                },
                count,
                Some(&entry.applied.parameter_id),
                "环境保护税法 第八条、第九条",
            ),
        ];
        if !taxed.instead_of.is_empty() {
            steps.push(step(
                "同一排放口只征收一项，取污染当量数最大者",
                "only one of these is taxed at an outlet: the one with most equivalents",
                format!("{} > {}", entry.name, taxed.instead_of.join("、")),
                entry.name,
                Some(&entry.applied.parameter_id),
                "环境保护税法 附表二 注",
            ));
        }
        if let Some(limit) = &taxed.count
            && taxed.next.is_some()
        {
            steps.push(step(
                "按污染当量数从大到小排序",
                "rank by equivalents, largest first",
                format!(
                    "第 {} 位，共 {} 项，征收前 {} 项",
                    taxed.rank, taxed.of, limit.value
                ),
                taxed.rank,
                Some(&limit.parameter_id),
                "环境保护税法 第九条",
            ));
        }
        steps.push(step(
            "应纳税额",
            "tax",
            format!("{count} × {}", rate.value),
            tax,
            Some(&rate.parameter_id),
            cite,
        ));
        Ok(steps)
    }

    /// The unit tax: of the pollutant, else of class I, else of the medium. One stated for the
    /// record goes before one stated for the source.
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
        match candidate.record.stated_unit_tax.as_ref() {
            Some(stated) => {
                let place = candidate.place;
                let field = format!("outlet.records[{place}].stated_unit_tax.value");
                ctx.rate(id, on, Some(stated), &field)
            }
            None => ctx.rate(id, on, stated, "stated_unit_tax.value"),
        }
    }
}
