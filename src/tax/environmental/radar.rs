//! Reliefs that seem due but are not claimed, and claims whose condition does not hold.

use std::collections::BTreeSet;

use super::outlet::{Destination, Facility, Outlet, OutletRecord};
use super::relief::{self, Bar};
use super::selection::Candidate;
use super::{Source, Subject, catalogue};
use crate::tax::{Context, Finding, Opportunity};
use crate::types::{Exact, Month};

impl Source {
    /// What its own facts say about reliefs (应享未享, 错误享受), in the months charged.
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        let months = ctx.period.months();
        let months: Vec<Month> = months.filter(|month| self.exists_in(*month)).collect();
        match &self.subject {
            Subject::Outlet(outlet) => self.outlet_radar(ctx, outlet, &months),
            Subject::SolidWaste(_) => self.waste_radar(&months),
            Subject::NoiseSite(_) => Vec::new(),
        }
    }

    /// The source with its outlet changed.
    fn changed(&self, change: impl FnOnce(&mut Outlet)) -> Option<Self> {
        let mut other = self.clone();
        let Subject::Outlet(outlet) = &mut other.subject else {
            return None;
        };
        change(outlet);
        Some(other)
    }

    /// The source with one of its records changed.
    fn with_record(&self, place: usize, change: impl FnOnce(&mut OutletRecord)) -> Option<Self> {
        self.changed(|outlet| {
            if let Some(record) = outlet.records.get_mut(place) {
                change(record);
            }
        })
    }

    fn outlet_radar(
        &self,
        ctx: &Context<'_>,
        outlet: &Outlet,
        months: &[Month],
    ) -> Vec<Opportunity<Self>> {
        let mut found = Vec::new();
        let mut plants: BTreeSet<&str> = BTreeSet::new();
        let mut farm = false;
        for month in months {
            let Ok(chosen) = outlet.selection(ctx, *month) else {
                continue;
            };
            for candidate in chosen.taxed.iter().map(|taxed| &taxed.candidate) {
                found.extend(self.record_radar(ctx, outlet, candidate));
                if relief::plant_bar(outlet, candidate.record).is_none() {
                    plants.extend(self.named_plant(ctx, outlet, *month));
                }
                farm = farm || !candidate.entry.scale_province.is_empty();
            }
        }
        for plant in plants {
            found.extend(self.plant_radar(plant));
        }
        if farm {
            found.push(Opportunity {
                finding: catalogue::ENV_RADAR_MANURE.at(
                    "outlet.destination",
                    "畜禽养殖废弃物依法综合利用和无害化处理的，不属于直接排放，不缴纳环境保护税",
                    "manure that is lawfully used and made harmless is no direct discharge: no tax",
                ),
                relief_id: "ENV_MANURE_USE".to_owned(),
                instead: self.changed(|outlet| outlet.destination = Destination::ManureUse),
            });
        }
        found
    }

    /// The low-concentration relief of one taxed record, and the exemption of a plant.
    fn record_radar(
        &self,
        ctx: &Context<'_>,
        outlet: &Outlet,
        candidate: &Candidate<'_>,
    ) -> Option<Opportunity<Self>> {
        let (record, entry, place) = (candidate.record, &candidate.entry, candidate.place);
        let exceeded = outlet.is_over(record.month);
        let path = format!("outlet.records[{place}]");
        let decided = relief::decide(ctx, outlet, record, entry, exceeded).ok()?;
        if let Some(bar) = &decided.bar {
            return Some(match relief::plant_id(outlet.facility) {
                Some(id) => Opportunity {
                    finding: barred(catalogue::ENV_RADAR_PLANT_BARRED, &path, bar),
                    relief_id: id.to_owned(),
                    instead: self.changed(|outlet| outlet.facility = Facility::Ordinary),
                },
                None => Opportunity {
                    finding: barred(catalogue::ENV_RADAR_LOW_BARRED, &path, bar),
                    relief_id: relief::low_id(ctx, record)
                        .unwrap_or("ENV_LOW_30")
                        .to_owned(),
                    instead: self.with_record(place, |record| {
                        record.claims_low_concentration_relief = false;
                    }),
                },
            });
        }
        if !decided.claims.is_empty() {
            return None;
        }
        let open = relief::low(ctx, record, entry, exceeded).ok()?;
        if let Some(claim) = open.claims.first() {
            return Some(self.unclaimed(place, &path, &claim.relief_id, &open.expression));
        }
        // Only the maximum is missing: what would hold if it kept to the limit?
        if record.max_concentration.is_some() {
            return None;
        }
        let mut within = record.clone();
        within.max_concentration = record.concentration_limit;
        let open = relief::low(ctx, &within, entry, exceeded).ok()?;
        let id = open.claims.first()?.relief_id.clone();
        Some(Opportunity {
            finding: catalogue::ENV_RADAR_LOW_DATA.at(
                format!("{path}.max_concentration"),
                "月均浓度已低于标准30%以上；最高浓度如未超标，填报后可申请减征",
                "the mean is more than 30% below the limit: give the maximum and claim",
            ),
            relief_id: id,
            instead: self.with_record(place, |record| {
                record.max_concentration = record.concentration_limit;
                record.claims_low_concentration_relief = true;
            }),
        })
    }

    fn unclaimed(&self, place: usize, path: &str, id: &str, figures: &str) -> Opportunity<Self> {
        let (check, zh, en) = match id {
            "ENV_LOW_50" => (
                catalogue::ENV_RADAR_LOW_50,
                "减按50%征收",
                "half of the tax",
            ),
            _ => (
                catalogue::ENV_RADAR_LOW_30,
                "减按75%征收",
                "a quarter of the tax",
            ),
        };
        let field = format!("{path}.claims_low_concentration_relief");
        Opportunity {
            finding: check
                .at(
                    &field,
                    format!("符合{zh}的条件（{figures}），但未申请"),
                    format!("{en} would be relieved ({figures}) but is not claimed"),
                )
                .fix(&field, "true"),
            relief_id: id.to_owned(),
            instead: self.with_record(place, |record| {
                record.claims_low_concentration_relief = true;
            }),
        }
    }

    /// What its name suggests where it is filed as an ordinary place.
    fn named_plant<'a>(&self, ctx: &Context<'a>, outlet: &Outlet, month: Month) -> Option<&'a str> {
        if outlet.facility != Facility::Ordinary {
            return None;
        }
        let table = ctx.rules.table("ept.facility_words", month.last_day())?;
        let row = table.rows.iter().find(|row| {
            table
                .cell(row, "word")
                .is_some_and(|word| self.name.contains(word))
        })?;
        table.cell(row, "facility")
    }

    fn plant_radar(&self, plant: &str) -> Option<Opportunity<Self>> {
        let (check, facility, zh, en) = match plant {
            "URBAN_SEWAGE_PLANT" => (
                catalogue::ENV_RADAR_SEWAGE_PLANT,
                Facility::UrbanSewagePlant,
                "为社会公众服务的城乡污水集中处理场所达标排放的免税；如属此类请填报场所类型",
                "a public sewage plant within the standard is exempt: file it as one if it is one",
            ),
            "HOUSEHOLD_REFUSE_PLANT" => (
                catalogue::ENV_RADAR_REFUSE_PLANT,
                Facility::HouseholdRefusePlant,
                "生活垃圾集中处理场所达标排放的免税；如属此类请填报场所类型",
                "a household refuse plant within the standard is exempt: file it as one",
            ),
            _ => return None,
        };
        Some(Opportunity {
            finding: check.at("outlet.facility", zh, en),
            relief_id: relief::plant_id(facility)?.to_owned(),
            instead: self.changed(|outlet| outlet.facility = facility),
        })
    }

    /// Waste that would be deducted if it were measured.
    fn waste_radar(&self, months: &[Month]) -> Vec<Opportunity<Self>> {
        let Subject::SolidWaste(waste) = &self.subject else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (place, record) in waste.records.iter().enumerate() {
            let taxed = record.generation_reason.is_none()
                && months.contains(&record.month)
                && record.balance().is_ok_and(|left| Exact::ZERO < left);
            if !taxed || record.unmeasured_tonnes.is_sign_negative() {
                continue;
            }
            let lost = record.unmeasured_tonnes;
            if lost.is_zero() {
                continue;
            }
            let mut other = self.clone();
            if let Subject::SolidWaste(waste) = &mut other.subject
                && let Some(record) = waste.records.get_mut(place)
                && let Some(sum) = record.utilised_tonnes.checked_add(lost)
            {
                record.utilised_tonnes = sum;
                record.unmeasured_tonnes = rust_decimal::Decimal::ZERO;
            }
            found.push(Opportunity {
                finding: catalogue::ENV_RADAR_WASTE_USE.at(
                    format!("solid_waste.records[{place}].unmeasured_tonnes"),
                    format!("{lost} 吨如能准确计量且符合标准，可从产生量中扣减"),
                    format!("{lost} t would be deducted if measured and up to the standard"),
                ),
                relief_id: "ENV_WASTE_USE".to_owned(),
                instead: Some(other),
            });
        }
        found
    }
}

/// A claim that the figures do not allow, with the fact that stands against it.
fn barred(check: &crate::tax::Check, path: &str, bar: &Bar) -> Finding {
    check.at(
        format!("{path}.{}", bar.field),
        bar.zh.clone(),
        bar.en.clone(),
    )
}
