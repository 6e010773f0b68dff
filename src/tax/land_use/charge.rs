//! The lines of a plot: one per segment, each rounded once (spec §7), with their explanation.

use super::check;
use super::months::{self, Segment, Start};
use super::relief::{self, Relieved};
use super::source::{LandClass, Source};
use crate::tax::six_taxes;
use crate::tax::{
    Applied, BaseUnit, Charge, ChargeError, Context, Finding, Profile, ReliefLine, Severity,
    SixTaxesSubject, SixTaxesWindow, Step, TaxSource, TaxpayerKind,
};
use crate::types::{Money, Overflow, Period, TaxKind};

const BASIS_TAX: &str = "城镇土地使用税暂行条例 第三条、第四条、第八条";
const BASIS_START: &str =
    "城镇土地使用税暂行条例 第九条；财税〔2006〕186号 第二条；国税发〔2003〕89号 第二条";
const BASIS_SHARE: &str = "国税地字〔1988〕15号（土地使用权共有）";
const BASIS_PAYABLE: &str = "税务总局公告2021年第9号（财产和行为税纳税申报表）";

/// Charges every segment in `ctx.period`.
pub fn lines(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Result<Vec<Charge>, ChargeError> {
    let wrong = check::form(source)
        .into_iter()
        .chain(check::period(ctx.period))
        .find(|finding| finding.severity == Severity::Error);
    if let Some(finding) = wrong {
        return Err(finding.into());
    }
    let start = months::start(source, ctx)?;
    if let Some(finding) = check::dates(source, start.event).into_iter().next() {
        return Err(finding.into());
    }
    refuse_twice(source, peers, ctx, &start)?;
    let segments = months::segments(source, ctx, &start)?;
    if segments.len() > 1 {
        refuse_undated_amounts(source)?;
    }
    let profile = profile(ctx);
    let ctx = &Context {
        profile: &profile,
        ..*ctx
    };
    let mut charges = Vec::new();
    if let Some(taxed) = months::taxed(source, &start, ctx.period) {
        for segment in &segments {
            charges.push(line(source, ctx, &start, (taxed, segment))?);
        }
    }
    share_payments(source, ctx.period, &mut charges)?;
    Ok(charges)
}

/// A natural person counts as a small-scale taxpayer for the 六税两费 (spec §9).
fn profile(ctx: &Context<'_>) -> Profile {
    let mut profile = ctx.profile.clone();
    if profile.kind == TaxpayerKind::Individual {
        profile.six_taxes.push(SixTaxesWindow {
            subject: SixTaxesSubject::SmallScaleVat,
            first: ctx.period.first_month(),
            last: Some(ctx.period.last_month()),
        });
    }
    profile
}

fn line(
    source: &Source,
    ctx: &Context<'_>,
    start: &Start,
    (taxed, segment): (Period, &Segment<'_>),
) -> Result<Charge, ChargeError> {
    let version = segment.version;
    let (item, item_zh) = version.land_class.item(version.grade);
    let tax_amount = segment.tax_of(segment.area)?.round_to_fen()?;
    let claims = relief::claims(source);
    let relieved = relief::apply(ctx, &claims, (taxed, segment), &item, tax_amount)?;
    let mut reliefs: Vec<ReliefLine> = relieved.iter().map(|r| r.line.clone()).collect();
    let period = segment.period;
    let six = six_taxes::on_months(ctx, TaxKind::LandUseTax, tax_amount, period, &reliefs)?;

    let mut applied = vec![segment.unit_tax.clone()];
    let mut steps = Vec::new();
    if ctx.period.contains(start.month.first_day()) && period.first_month() == start.month {
        applied.push(start.rule.clone());
        steps.push(start_step(start));
    }
    if let Some(step) = share_step(source, segment)? {
        steps.push(step);
    }
    steps.push(tax_step(segment, tax_amount)?);
    for one in &relieved {
        applied.extend(one.applied.clone());
        steps.push(relief_step(one));
    }
    if let Some(six) = &six {
        let other = Money::sum(reliefs.iter().map(|line| line.amount))?;
        if let Some((ratio, step)) = six_step(ctx, period, six, (tax_amount, other)) {
            applied.push(ratio);
            steps.push(step);
        }
    }
    reliefs.extend(six);
    Ok(Charge {
        tax: TaxKind::LandUseTax,
        item,
        item_code: item_code(ctx, version.land_class, version.grade, period),
        item_zh,
        detail: String::new(),
        period,
        base: segment.area.to_decimal()?,
        base_unit: BaseUnit::SquareMetre,
        rate: segment.unit_tax.value,
        tax_amount,
        reliefs,
        already_paid: Money::ZERO,
        applied,
        steps,
        turning_points: Vec::new(),
    })
}

/// 征收品目代码: each place numbers its grades, so it is regional data and may be absent.
fn item_code(ctx: &Context<'_>, class: LandClass, grade: u32, period: Period) -> Option<String> {
    let id = format!("lut.item_code.{}.{grade}", class.key());
    ctx.text(&id, period.first()).ok().map(str::to_owned)
}

fn start_step(start: &Start) -> Step {
    Step {
        label_zh: "纳税义务发生：首个应税月份".to_owned(),
        label_en: "start of liability: first taxed month".to_owned(),
        expression: format!("{} + {} 个月", start.event, start.rule.value),
        value: start.month.to_string(),
        parameter_id: Some(start.rule.parameter_id.clone()),
        legal_basis: Some(BASIS_START.to_owned()),
    }
}

fn share_step(source: &Source, segment: &Segment<'_>) -> Result<Option<Step>, Overflow> {
    let Some(shared) = source.shared_building else {
        return Ok(None);
    };
    Ok(Some(Step {
        label_zh: "按建筑面积分摊的应税面积（平方米）".to_owned(),
        label_en: "taxed area by share of floor area (m²)".to_owned(),
        expression: format!(
            "{} × {} ÷ {}",
            segment.version.area_sqm, shared.own_floor_area_sqm, shared.building_floor_area_sqm
        ),
        value: segment.area.to_decimal()?.to_string(),
        parameter_id: None,
        legal_basis: Some(BASIS_SHARE.to_owned()),
    }))
}

fn tax_step(segment: &Segment<'_>, tax: Money) -> Result<Step, Overflow> {
    Ok(Step {
        label_zh: "应纳税额 = 应税面积 × 税额标准 × 月数 ÷ 12".to_owned(),
        label_en: "tax = area × unit tax × months ÷ 12".to_owned(),
        expression: format!(
            "{} × {} × {} ÷ 12",
            segment.area.to_decimal()?,
            segment.unit_tax.value,
            segment.period.month_count()
        ),
        value: tax.to_string(),
        parameter_id: Some(segment.unit_tax.parameter_id.clone()),
        legal_basis: Some(BASIS_TAX.to_owned()),
    })
}

fn relief_step(relieved: &Relieved) -> Step {
    let line = &relieved.line;
    Step {
        label_zh: format!("减免：{}", line.name_zh),
        label_en: format!("relief {}", line.relief_id),
        expression: relieved.expression.clone(),
        value: line.amount.to_string(),
        parameter_id: Some(line.relief_id.clone()),
        legal_basis: Some(relieved.cite.clone()),
    }
}

/// The 六税两费 step and its ratio.
fn six_step(
    ctx: &Context<'_>,
    period: Period,
    six: &ReliefLine,
    (tax, other): (Money, Money),
) -> Option<(Applied, Step)> {
    let first = six.period.first_month();
    let (subject, _) = six_taxes::eligibility(ctx, first)?;
    let name = match subject {
        SixTaxesSubject::SmallScaleVat => "small_scale_vat",
        SixTaxesSubject::IndividualBusiness => "individual_business",
        SixTaxesSubject::SmallLowProfit => "small_low_profit",
    };
    let id = format!("six_taxes.ratio.{name}");
    let ratio = ctx.number(&id, first.first_day()).ok()?;
    let eligible = period
        .months()
        .filter(|month| six_taxes::eligibility(ctx, *month).is_some())
        .count();
    let count = period.month_count();
    let expression = if eligible == count as usize {
        format!("({tax} − {other}) × {}", ratio.value)
    } else {
        format!(
            "{tax} ÷ {count} × {eligible} 个月，减去各项减免分摊到这些月份的部分，× {}",
            ratio.value
        )
    };
    let step = Step {
        label_zh: six.name_zh.clone(),
        label_en: "relief of the six taxes and two fees".to_owned(),
        expression,
        value: six.amount.to_string(),
        parameter_id: Some(id),
        legal_basis: cite(&ratio),
    };
    Some((ratio, step))
}

fn cite(applied: &Applied) -> Option<String> {
    match &applied.provenance {
        crate::tax::Provenance::Rule { cite, .. } => Some(cite.clone()),
        crate::tax::Provenance::Stated { .. } => None,
    }
}

/// Puts what was paid for months inside the period on the lines in order, up to what each owes;
/// what is too much stays on the last one as a refund. Then writes the payable step.
fn share_payments(
    source: &Source,
    period: Period,
    charges: &mut [Charge],
) -> Result<(), ChargeError> {
    let inside = source
        .payments
        .iter()
        .filter(|payment| period.covers(payment.period));
    let mut paid = Money::sum(inside.map(|payment| payment.amount))?;
    let last = charges.len().saturating_sub(1);
    for (place, charge) in charges.iter_mut().enumerate() {
        let owed = charge.payable()?;
        charge.already_paid = if place == last { paid } else { paid.min(owed) };
        paid = paid.minus(charge.already_paid)?;
        charge.steps.push(Step {
            label_zh: "应补（退）税额 = 应纳税额 − 减免税额 − 已缴税额".to_owned(),
            label_en: "payable = tax − reliefs − already paid".to_owned(),
            expression: format!(
                "{} − {} − {}",
                charge.tax_amount,
                charge.relief()?,
                charge.already_paid
            ),
            value: charge.payable()?.to_string(),
            parameter_id: None,
            legal_basis: Some(BASIS_PAYABLE.to_owned()),
        });
    }
    Ok(())
}

/// An approved amount without its months cannot be shared out over several segments.
fn refuse_undated_amounts(source: &Source) -> Result<(), ChargeError> {
    let undated = source
        .reliefs
        .iter()
        .position(|relief| relief.claim.amount.is_some() && relief.claim.period.is_none());
    match undated {
        None => Ok(()),
        Some(place) => Err(Finding::error(
            "LU_RELIEF_AMOUNT_PERIOD",
            format!("reliefs[{place}].claim.period"),
            "税源在本期内分段计算，核准减免金额须填写所属月份",
            "the plot has several segments in the period; an approved amount needs its months",
            "城镇土地使用税暂行条例 第七条",
        )
        .into()),
    }
}

/// One plot is taxed once in a month (V5): another source with its number must not overlap.
fn refuse_twice(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
    start: &Start,
) -> Result<(), ChargeError> {
    let Some(own) = months::taxed(source, start, ctx.period) else {
        return Ok(());
    };
    for peer in peers {
        let TaxSource::LandUseTax(peer) = peer else {
            continue;
        };
        if source.land_no.is_empty() || source.land_no != peer.land_no {
            continue;
        }
        let other = months::start(peer, ctx)
            .ok()
            .and_then(|start| months::taxed(peer, &start, ctx.period));
        if let Some(both) = other.and_then(|other| other.overlap(own)) {
            return Err(Finding::error(
                "LU_V5_TAXED_TWICE",
                "land_no",
                format!("土地编号 {} 在 {both} 重复申报", source.land_no),
                format!("plot {} is declared twice for {both}", source.land_no),
                "税务总局公告2021年第9号 附件（城镇土地使用税税源明细表）",
            )
            .into());
        }
    }
    Ok(())
}
