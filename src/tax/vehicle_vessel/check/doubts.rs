//! What an officer or the taxpayer should look at, though it does not stop the charge.

use super::super::catalogue;
use super::super::source::{EventKind, Kind, PaymentKind, Source};
use super::{form, late};
use crate::tax::{Context, Finding};
use crate::types::Period;

/// Curb mass above which a typing error is likely, tonnes.
const MASS_MAX: &str = "vvt.check.curb_mass_max_tonnes";

/// Doubts about the facts.
pub(in super::super) fn doubts(source: &Source, ctx: &Context<'_>, year: Period) -> Vec<Finding> {
    let mut findings = form::doubts(source);
    if let (Some(mass), Ok(limit)) = (source.curb_mass_tonnes, ctx.number(MASS_MAX, year.first()))
        && mass > limit.value
    {
        findings.push(
            catalogue::VV_V4_MASS
                .at(
                    "curb_mass_tonnes",
                    format!("整备质量 {mass} 吨超过 {} 吨，请核对单位", limit.value),
                    format!(
                        "a curb mass of {mass} t is above {} t: check the unit",
                        limit.value
                    ),
                )
                .numbers(limit.value, mass),
        );
    }
    findings.extend(certificates(source, year));
    findings.extend(transfer(source, year));
    findings.extend(super::reliefs::doubts(source, ctx));
    findings.extend(late::doubts(source, ctx));
    findings.extend(changes(source, year));
    findings.extend(beside(source, year));
    findings
}

/// Events of the year that lack their certificate.
fn certificates(source: &Source, year: Period) -> Vec<Finding> {
    let lacking = source.events.iter().enumerate().filter(|(_, event)| {
        year.contains(event.on)
            && event.document.trim().is_empty()
            && event.kind != EventKind::Transferred
    });
    lacking
        .map(|(place, _)| {
            catalogue::VV_EVENT_DOCUMENT.at(
                format!("events[{place}].document"),
                "被盗抢、失而复得、报废、灭失、退货须有证明文件，退税时凭证明和完税凭证办理",
                "a theft, recovery, scrapping, loss or return needs its certificate; a refund \
                 needs it together with the proof of payment",
            )
        })
        .collect()
}

/// Sold vehicles: still listed afterwards (X5), or sold in a year nobody has paid.
fn transfer(source: &Source, year: Period) -> Option<Finding> {
    let sold = source
        .events
        .iter()
        .find(|event| event.kind == EventKind::Transferred)?;
    if sold.on < year.first() {
        return Some(catalogue::VV_X5.at(
            "events",
            format!("该车船已于 {} 转让，本年度不应再列入税源", sold.on),
            format!(
                "it was transferred on {} and is not taxed here this year",
                sold.on
            ),
        ));
    }
    let unpaid = !source.payments.iter().any(|payment| payment.is_of(year));
    (year.contains(sold.on) && unpaid).then(|| {
        catalogue::VV_TRANSFER_UNPAID.at(
            "events",
            "本年度税款未缴即转让：按全年由转让方申报；若由受让方缴纳，请勿重复申报",
            "it was transferred before the year's tax was paid: the whole year is charged here; \
             leave it out if the new owner pays",
        )
    })
}

/// Changes within the year: they count from the next one.
fn changes(source: &Source, year: Period) -> Vec<Finding> {
    let within = source.changes.iter().enumerate();
    within
        .filter(|(_, change)| year.contains(change.on))
        .map(|(place, change)| {
            catalogue::VV_CHANGE.at(
                format!("changes[{place}]"),
                format!(
                    "该车船于 {} 变更，本年度仍按年初（或取得时）的资料计税，自次年起按变更后的资料计税；\
                     当地另有规定的，请按主管税务机关口径处理",
                    change.on
                ),
                format!(
                    "it was changed on {}: this year is charged by the facts of its start (or of \
                     the acquisition), the next by the new ones; ask the tax authority where the \
                     place has a rule of its own",
                    change.on
                ),
            )
        })
        .collect()
}

/// Facts that touch the insurer or another tax (X1, X4).
fn beside(source: &Source, year: Period) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.kind.is_vessel() {
        return findings;
    }
    let withheld = source
        .payments
        .iter()
        .position(|paid| paid.is_of(year) && paid.kind == PaymentKind::InsurerWithheld);
    let insured = !source.insurance_policy.trim().is_empty();
    if insured && withheld.is_none() {
        findings.push(catalogue::VV_X4.at(
            "payments",
            "该车投保了交强险但没有代收记录，请确认保险机构未代收本年度车船税",
            "the vehicle has compulsory insurance but no withheld record: make sure the insurer \
             has not collected the year's tax",
        ));
    }
    // A source of several has several policies.
    if withheld.is_some() && !insured && source.count == 1 {
        findings.push(catalogue::VV_WITHHELD_POLICY.at(
            "insurance_policy",
            "保险机构代收车船税的车辆应有交强险保单，请填写保单号",
            "an insurer collects with the compulsory policy: give its number",
        ));
    }
    // 轮式专用机械车 bear no vehicle purchase tax.
    let new = year.contains(source.acquired_on)
        && source.seller_tax_certificate.trim().is_empty()
        && source.kind != Kind::WheeledMachine;
    if new && source.purchase_tax_certificate.trim().is_empty() {
        findings.push(catalogue::VV_X1.at(
            "purchase_tax_certificate",
            "本年度新购车辆应有车辆购置税完税记录，请填写完税证明号或确认免税",
            "a vehicle bought this year should have a vehicle purchase tax record: give its \
             number, or make sure that none is due",
        ));
    }
    findings
}
