//! What must hold of the reliefs claimed (V5, §8), beside what every tax checks of a claim.

use super::super::catalogue;
use super::super::source::{Energy, Kind, Source};
use crate::tax::{Context, Finding};

/// One relief at most, and one that fits the drive.
pub(super) fn refusals(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.reliefs.len() > 1 {
        findings.push(
            catalogue::VV_RELIEF_STACKING
                .at(
                    "reliefs",
                    "同一车船只能享受一项车船税减免，减半与免税不叠加",
                    "one vehicle takes one relief only; half and exemption do not add up",
                )
                .numbers(1, source.reliefs.len()),
        );
    }
    for (place, claim) in source.reliefs.iter().enumerate() {
        let id = claim.relief_id.as_str();
        if let Some(finding) = kind(source, place, id) {
            findings.push(finding);
        }
        let fits = source.energy.is_none_or(|energy| fits(id, energy));
        if !fits {
            findings.push(catalogue::VV_RELIEF_ENERGY.at(
                format!("reliefs[{place}].relief_id"),
                format!("燃料种类与减免税项目 {} 的条件不符", claim.relief_id),
                format!(
                    "the energy does not meet the condition of relief {}",
                    claim.relief_id
                ),
            ));
        }
    }
    findings
}

/// True when a relief does not look at the drive, or the drive meets its condition.
fn fits(relief_id: &str, energy: Energy) -> bool {
    match relief_id {
        "VV_NEW_ENERGY" => matches!(
            energy,
            Energy::PlugInHybrid | Energy::PureElectric | Energy::FuelCell
        ),
        "VV_ENERGY_SAVING" => matches!(
            energy,
            Energy::Conventional | Energy::Hybrid | Energy::NaturalGas
        ),
        "VV_NEW_ENERGY_VESSEL" => energy == Energy::NaturalGas,
        _ => true,
    }
}

/// Kinds that share an item with those a relief is for, but are not meant.
fn kind(source: &Source, place: usize, relief_id: &str) -> Option<Finding> {
    let (zh, en) = match (relief_id, source.kind) {
        ("VV_RURAL", Kind::Truck | Kind::SemiTrailerTractor | Kind::PassengerCargoVehicle) => (
            "农村居民减免只适用于摩托车、三轮汽车和低速载货汽车，不适用于其他货车",
            "the farmers' relief is for motorcycles, three-wheelers and low-speed trucks, not for \
             other trucks",
        ),
        ("VV_NEW_ENERGY_VESSEL", Kind::Barge) => (
            "非机动驳船没有主推进动力装置，不适用新能源船舶免税",
            "a barge without engine has no main engine and takes no new-energy exemption",
        ),
        _ => return None,
    };
    let field = format!("reliefs[{place}].relief_id");
    Some(catalogue::VV_RELIEF_KIND.at(field, zh, en))
}

/// Reliefs whose proof or official code is not there (V5).
pub(super) fn doubts(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, claim) in source.reliefs.iter().enumerate() {
        let Some(rule) = ctx.rules.relief(&claim.relief_id) else {
            continue;
        };
        if rule.code.is_none() {
            findings.push(
                catalogue::VV_V5
                    .at(
                        format!("reliefs[{place}].relief_id"),
                        format!(
                            "减免税项目“{}”的减免性质代码尚未核实，申报表上需另行填写",
                            rule.name_zh
                        ),
                        format!("the official code of relief {} is not confirmed", rule.id),
                    )
                    .under(rule.source.cite.clone()),
            );
        }
        let by_energy = matches!(
            claim.relief_id.as_str(),
            "VV_NEW_ENERGY" | "VV_ENERGY_SAVING" | "VV_NEW_ENERGY_VESSEL"
        );
        if by_energy && source.energy.is_none() {
            findings.push(catalogue::VV_RELIEF_ENERGY_UNSAID.at(
                "energy",
                "请填写燃料种类，以便核对减免条件",
                "give the energy, so that the condition of the relief can be checked",
            ));
        }
        if claim.document.trim().is_empty() {
            findings.push(
                catalogue::VV_RELIEF_DOCUMENT
                    .at(
                        format!("reliefs[{place}].document"),
                        "请留存减免依据：车型目录批次、检验证书或批准文件",
                        "keep the ground: catalogue issue, class certificate or approval",
                    )
                    .under(rule.source.cite.clone()),
            );
        }
    }
    findings
}
