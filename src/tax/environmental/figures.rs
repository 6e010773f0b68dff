//! Whether the figures of an outlet's record can be true at all.

use rust_decimal::Decimal;

use super::fields::{check_negative, check_paid};
use super::outlet::OutletRecord;
use super::quantity::Quantity;
use super::{catalogue, relief};
use crate::tax::Finding;

impl OutletRecord {
    pub(super) fn check_figures(&self, path: &str, findings: &mut Vec<Finding>) {
        check_negative(
            path,
            &[
                ("generation_kg", self.generation_kg),
                ("reviewed_kg", self.reviewed_kg),
                ("mean_concentration", self.mean_concentration),
                ("max_concentration", self.max_concentration),
                ("concentration_limit", self.concentration_limit),
                ("previous_year_quantity", self.previous_year_quantity),
            ],
            findings,
        );
        check_paid(path, self.already_paid, findings);
        for (place, claim) in self.reliefs.iter().enumerate() {
            if claim.relief_id != relief::OTHER {
                findings.push(catalogue::ENV_RELIEF_ID.at(
                    format!("{path}.reliefs[{place}].relief_id"),
                    format!("{} 由系统按填报数据判定，不得自行填写", claim.relief_id),
                    format!(
                        "{} follows from the figures; only ENV_OTHER is named",
                        claim.relief_id
                    ),
                ));
            } else if claim.document.trim().is_empty() {
                findings.push(catalogue::ENV_RELIEF_DOCUMENT.at(
                    format!("{path}.reliefs[{place}].document"),
                    "国务院批准免税的其他情形应注明批准文件",
                    "an exemption by decision of the State Council should name the decision",
                ));
            }
        }
        self.quantity.check_figures(path, findings);
        if let (Some(mean), Some(max)) = (self.mean_concentration, self.max_concentration)
            && max < mean
        {
            findings.push(
                catalogue::ENV_CONCENTRATION_ORDER
                    .at(
                        format!("{path}.max_concentration"),
                        format!("最高浓度 {max} 低于月均浓度 {mean}"),
                        format!("the maximum {max} is below the mean {mean}"),
                    )
                    .numbers(format!("≥ {mean}"), max),
            );
        }
        if let Some(max) = self.max_concentration
            && let Some(found) = self.highest_reading()
            && max < found
        {
            findings.push(
                catalogue::ENV_READING_ABOVE_MAX
                    .at(
                        format!("{path}.max_concentration"),
                        format!("最高浓度 {max} 低于实测浓度 {found}"),
                        format!("the maximum {max} is below a reading of {found}"),
                    )
                    .numbers(format!("≥ {found}"), max),
            );
        }
    }
}

impl Quantity {
    fn check_figures(&self, path: &str, findings: &mut Vec<Finding>) {
        let (name, figures): (&str, Vec<(&str, Option<Decimal>)>) = match self {
            Self::Monitored(it) => {
                for (place, reading) in it.readings.iter().enumerate() {
                    let figures = [
                        ("concentration", reading.concentration),
                        ("flow", reading.flow),
                    ];
                    let path = format!("{path}.monitored.readings[{place}]");
                    check_negative(&path, &figures, findings);
                }
                (
                    "monitored",
                    vec![("emission_kg", it.emission_kg), ("flow", it.flow)],
                )
            }
            Self::Coefficient(it) => (
                "coefficient",
                vec![
                    ("base_quantity", Some(it.base_quantity)),
                    ("discharge_coefficient", Some(it.discharge_coefficient)),
                    ("generation_coefficient", it.generation_coefficient),
                ],
            ),
            Self::MassBalance(it) => ("mass_balance", vec![("emission_kg", Some(it.emission_kg))]),
            Self::ConstructionDust(it) => (
                "construction_dust",
                vec![
                    ("area_sqm", Some(it.area_sqm)),
                    ("generation_coefficient", Some(it.generation_coefficient)),
                    ("reduction_coefficient", Some(it.reduction_coefficient)),
                ],
            ),
            Self::Sewage(it) => {
                check_ph(it.ph, path, findings);
                (
                    "sewage",
                    vec![
                        ("sewage_tonnes", Some(it.sewage_tonnes)),
                        ("measured", it.measured),
                        ("measured_limit", it.measured_limit),
                    ],
                )
            }
            Self::Feature(it) => (
                "feature",
                vec![
                    ("count", it.count),
                    ("opening_stock", it.opening_stock),
                    ("closing_stock", it.closing_stock),
                    ("beds", it.beds),
                ],
            ),
        };
        check_negative(&format!("{path}.{name}"), &figures, findings);
    }
}

fn check_ph(ph: Option<Decimal>, path: &str, findings: &mut Vec<Finding>) {
    let scale = Decimal::ZERO..=Decimal::from(14);
    if let Some(ph) = ph.filter(|ph| !scale.contains(ph)) {
        findings.push(
            catalogue::ENV_PH_RANGE
                .at(
                    format!("{path}.sewage.ph"),
                    format!("pH {ph} 不在 0 至 14 之间"),
                    format!("pH {ph} is outside 0 to 14"),
                )
                .numbers("0–14", ph),
        );
    }
}
