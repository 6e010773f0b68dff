//! What an officer or the taxpayer should look at, though it does not stop the charge.

use super::super::compute;
use super::super::source::{EventKind, PaymentKind, Source};
use super::super::spans;
use super::form;
use crate::tax::{Charge, Context, Finding};
use crate::types::Period;

/// Curb mass above which a typing error is likely, tonnes.
const MASS_MAX: &str = "vvt.check.curb_mass_max_tonnes";
const CITE_WITHHOLD: &str = "车船税法 第六条; 车船税法实施条例 第十五条";
const CITE_REFUND: &str = "车船税法实施条例 第十九条";
const CITE_TRANSFER: &str = "车船税法实施条例 第二十条";

/// Doubts about the facts.
pub(in super::super) fn doubts(source: &Source, ctx: &Context<'_>, year: Period) -> Vec<Finding> {
    let mut findings = form::doubts(source);
    if let (Some(mass), Ok(limit)) = (source.curb_mass_tonnes, ctx.number(MASS_MAX, year.first()))
        && mass > limit.value
    {
        findings.push(
            Finding::warning(
                "VV_V4_MASS",
                "curb_mass_tonnes",
                format!("整备质量 {mass} 吨超过 {} 吨，请核对单位", limit.value),
                format!(
                    "a curb mass of {mass} t is above {} t: check the unit",
                    limit.value
                ),
                "税务总局公告2013年第42号 第三条",
            )
            .numbers(limit.value, mass),
        );
    }
    findings.extend(certificates(source, year));
    findings.extend(transfer(source, year));
    findings.extend(reliefs(source, ctx));
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
            Finding::warning(
                "VV_EVENT_DOCUMENT",
                format!("events[{place}].document"),
                "被盗抢、失而复得、报废、灭失、退货须有证明文件，退税时凭证明和完税凭证办理",
                "a theft, recovery, scrapping, loss or return needs its certificate; a refund \
                 needs it together with the proof of payment",
                CITE_REFUND,
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
        return Some(Finding::warning(
            "VV_X5",
            "events",
            format!("该车船已于 {} 转让，本年度不应再列入税源", sold.on),
            format!(
                "it was transferred on {} and is not taxed here this year",
                sold.on
            ),
            CITE_TRANSFER,
        ));
    }
    let unpaid = !source.payments.iter().any(|payment| payment.is_of(year));
    (year.contains(sold.on) && unpaid).then(|| {
        Finding::warning(
            "VV_TRANSFER_UNPAID",
            "events",
            "本年度税款未缴即转让：按全年由转让方申报；若由受让方缴纳，请勿重复申报",
            "it was transferred before the year's tax was paid: the whole year is charged here; \
             leave it out if the new owner pays",
            CITE_TRANSFER,
        )
    })
}

/// Reliefs whose proof or official code is not there (V5).
fn reliefs(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, claim) in source.reliefs.iter().enumerate() {
        let Some(rule) = ctx.rules.relief(&claim.relief_id) else {
            continue;
        };
        if rule.code.is_none() {
            findings.push(Finding::hint(
                "VV_V5",
                format!("reliefs[{place}].relief_id"),
                format!(
                    "减免税项目“{}”的减免性质代码尚未核实，申报表上需另行填写",
                    rule.name_zh
                ),
                format!("the official code of relief {} is not confirmed", rule.id),
                rule.source.cite.clone(),
            ));
        }
        if claim.document.trim().is_empty() {
            findings.push(Finding::hint(
                "VV_RELIEF_DOCUMENT",
                format!("reliefs[{place}].document"),
                "请留存减免依据：车型目录批次、检验证书或批准文件",
                "keep the ground of the relief: catalogue issue, class certificate or approval",
                rule.source.cite.clone(),
            ));
        }
    }
    findings
}

/// Facts that touch the insurer or another tax (X1, X4).
fn beside(source: &Source, year: Period) -> Vec<Finding> {
    let mut findings = Vec::new();
    let vehicle = !source.kind.is_vessel();
    let withheld = source
        .payments
        .iter()
        .any(|paid| paid.is_of(year) && paid.kind == PaymentKind::InsurerWithheld);
    if vehicle && !source.insurance_policy.is_empty() && !withheld {
        findings.push(Finding::warning(
            "VV_X4",
            "payments",
            "该车投保了交强险但没有代收记录，请确认保险机构未代收本年度车船税",
            "the vehicle has compulsory insurance but no withheld record: make sure the insurer \
             has not collected the year's tax",
            CITE_WITHHOLD,
        ));
    }
    if vehicle && year.contains(source.acquired_on) && source.seller_tax_certificate.is_empty() {
        findings.push(Finding::hint(
            "VV_X1",
            "acquired_date",
            "本年度新购车辆应有车辆购置税完税记录",
            "a vehicle bought this year should have a vehicle purchase tax record",
            "车辆购置税法 第十三条",
        ));
    }
    findings
}

/// Doubts about the amounts, when the line could be computed (V11, withheld amounts).
pub(in super::super) fn amounts(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    line: Option<&Charge>,
) -> Option<Finding> {
    let line = line?;
    let payable = line.payable().ok()?;
    let due = line.tax_amount.minus(line.relief().ok()?).ok()?;
    if compute::is_left_out(source, ctx, year, line).ok()? {
        return Some(Finding::hint(
            "VV_WITHHELD_OMITTED",
            "payments",
            format!("保险机构已代收全部应缴税款 {due}，本车不列入申报表"),
            format!("the insurer withheld all that is due ({due}): it is left out of the return"),
            CITE_WITHHOLD,
        ));
    }
    let ended = spans::taxed(source, year)
        .last()
        .is_none_or(|run| run.last_month() != year.last_month());
    if payable.is_negative() && !ended {
        return Some(
            Finding::warning(
                "VV_V11",
                "payments",
                format!(
                    "已缴税款 {} 大于应缴税款 {due}，差额将作退税",
                    line.already_paid
                ),
                format!(
                    "more was paid ({}) than is due ({due}); the difference is refundable",
                    line.already_paid
                ),
                "车船税法 第六条; 税务总局公告2021年第9号",
            )
            .numbers(due, line.already_paid),
        );
    }
    let short = payable.is_positive() && compute::only_withheld(source, year);
    short.then(|| {
        Finding::warning(
            "VV_WITHHELD_DIFFERS",
            "payments",
            format!(
                "保险机构代收 {} 少于应缴税款 {due}，差额列入申报",
                line.already_paid
            ),
            format!(
                "the insurer withheld {}, less than is due ({due}); the difference is declared",
                line.already_paid
            ),
            CITE_WITHHOLD,
        )
        .numbers(due, line.already_paid)
    })
}
