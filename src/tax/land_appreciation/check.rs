//! Findings (校验): what is wrong or doubtful, all at once.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::catalogue;
use super::parts::{Areas, IncomePart, Taxes, VatMethod};
use super::reliefs;
use super::source::{Basis, PropertyType, Source, WipTransfer};
use super::work::Appreciation;
use crate::rules::RuleStatus;
use crate::tax::{ChargeError, Context, Finding, ReliefClaim, TaxpayerKind, six_taxes};
use crate::types::Exact;

mod deductions;
mod prepay;
mod settlement;
mod tail;
mod transfer;

use deductions::deductions;
pub(super) use settlement::misses;

/// Everything that can be said about the source.
pub(super) fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    match &source.basis {
        Basis::Prepay(it) => prepay::check(it, ctx, &mut out),
        Basis::Settlement(it) => settlement::settlement(it, ctx, &mut out),
        Basis::AssessedSettlement(it) => settlement::assessed(it, ctx, &mut out),
        Basis::WipTransfer(it) => wip(it, ctx, &mut out),
        Basis::Tail(it) => tail::check(it, ctx, &mut out),
        Basis::OldBuilding(it) => transfer::old_building(it, ctx, &mut out),
        Basis::OldAssessed(it) => transfer::old_assessed(it, ctx, &mut out),
        Basis::LandTransfer(it) => transfer::land(it, ctx, &mut out),
    }
    out
}

/// E22: a natural person is no developer.
fn developer(ctx: &Context<'_>, field: &str, out: &mut Vec<Finding>) {
    if ctx.profile.kind == TaxpayerKind::Individual {
        out.push(catalogue::LAT_E22.at(
            field,
            "自然人不是房地产开发企业，转让房地产应按转让旧房或土地使用权申报",
            "a natural person is no developer; file a transfer of an old building or of land",
        ));
    }
}

/// E14: the half of the 六税两费 is not for this tax. The taxpayer's status has no effect.
fn claims(claims: &[ReliefClaim], field: &str, out: &mut Vec<Finding>) {
    for (place, claim) in claims.iter().enumerate() {
        if claim.relief_id == six_taxes::RELIEF_ID {
            out.push(catalogue::LAT_E14.at(
                format!("{field}[{place}].relief_id"),
                "土地增值税不属于“六税两费”，不能享受减半征收",
                "land appreciation tax is none of the six taxes; the half does not apply",
            ));
        }
    }
}

/// E1, E25: income parts that make no sense. `on` is the day of the declaration's event.
fn income(parts: &[IncomePart], ctx: &Context<'_>, on: Date, field: &str, out: &mut Vec<Finding>) {
    let mut refuse = |path: String, zh: &str, en: &str| {
        out.push(catalogue::LAT_E1.at(path, zh, en));
    };
    if parts.is_empty() {
        refuse(field.to_owned(), "应填写转让收入", "income must be given");
    }
    for (place, part) in parts.iter().enumerate() {
        let path = |name: &str| format!("{field}[{place}].{name}");
        if part.amount.is_negative() || part.vat_offset.is_negative() {
            refuse(
                path("amount_yuan"),
                "收入不能为负数",
                "income must not be negative",
            );
        }
        let stated = part.vat_method == VatMethod::Stated;
        if stated != part.vat.is_some() {
            refuse(
                path("vat_yuan"),
                "增值税额应且仅应在“列明税额”方式下填写",
                "the VAT amount belongs to the stated method, and only to it",
            );
        }
        if part
            .vat
            .is_some_and(|vat| vat.is_negative() || vat > part.amount)
        {
            refuse(
                path("vat_yuan"),
                "增值税额应在 0 与收入之间",
                "the VAT must lie between zero and the amount",
            );
        }
        let taxed = matches!(part.vat_method, VatMethod::General | VatMethod::Simple);
        if !taxed && !part.vat_offset.is_zero() {
            refuse(
                path("vat_offset_yuan"),
                "该计税方式没有可抵减的土地价款",
                "this method has nothing to set off",
            );
        }
    }
    for (place, part) in parts.iter().enumerate() {
        let day = part.sold_on.unwrap_or(on);
        let taxed = matches!(part.vat_method, VatMethod::General | VatMethod::Simple);
        if taxed && ctx.number("lat.vat_rate.general", day).is_err() {
            let path = format!("{field}[{place}].vat_method");
            let zh = format!("{day} 在营改增之前，收入中没有增值税");
            let en = format!("{day} is before the VAT reform: the income has no VAT in it");
            let value = "LAND_APPRECIATION_VAT_METHOD_EXCLUDED";
            out.push(catalogue::LAT_E25.at(path.clone(), zh, en).fix(path, value));
        }
    }
}

/// E18: stamp tax among a developer's taxes (decision LAT8), unless the place lets it in.
fn developer_taxes(taxes: Taxes, ctx: &Context<'_>, on: Date, field: &str, out: &mut Vec<Finding>) {
    let id = "lat.stamp_deductible_for_developer";
    if taxes.stamp.is_zero() || ctx.text(id, on).is_ok_and(|word| word == "YES") {
        return;
    }
    let path = format!("{field}.stamp_yuan");
    out.push(
        catalogue::LAT_E18
            .at(
                path.clone(),
                "房地产开发企业缴纳的印花税列入管理费用，不在税金中扣除",
                "a developer's stamp tax is an overhead, not a deductible tax",
            )
            .numbers("0.00", taxes.stamp)
            .fix(path, "0.00"),
    );
}

/// E7: areas must add up.
fn areas(areas: &Areas, field: &str, out: &mut Vec<Finding>) {
    let parts = [areas.sold_sqm, areas.self_used_sqm, areas.remaining_sqm];
    let sum = parts
        .iter()
        .try_fold(Decimal::ZERO, |sum, part| sum.checked_add(*part));
    if sum != Some(areas.saleable_sqm) || areas.sold_sqm > areas.saleable_sqm {
        let actual = sum.map_or_else(String::new, |sum| sum.to_string());
        out.push(
            catalogue::LAT_E7
                .at(
                    format!("{field}.saleable_sqm"),
                    "已售、自用出租与剩余面积之和应等于可售面积",
                    "sold, self-used and remaining area must add up to the saleable area",
                )
                .numbers(areas.saleable_sqm, actual),
        );
    }
}

/// E6 and W3: the exemption of ordinary housing, claimed or near its edge.
fn exemption(
    claims: &[ReliefClaim],
    property_type: PropertyType,
    separate: bool,
    worked: Option<(Appreciation, Decimal, Decimal)>,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let claimed = claims
        .iter()
        .position(|claim| claim.relief_id == reliefs::ORDINARY);
    let ordinary = property_type == PropertyType::Ordinary;
    let fits = ordinary
        && separate
        && worked.is_none_or(|(it, share, _)| it.within(share).unwrap_or(false));
    if let Some(place) = claimed
        && !fits
    {
        out.push(catalogue::LAT_E6.at(
            format!("{field}[{place}].relief_id"),
            "不符合普通标准住宅免税条件：类型、单独核算或增值率不符",
            "the exemption of ordinary housing does not fit: type, separate accounts or ratio",
        ));
    }
    if let Some((it, share, margin)) = worked
        && ordinary
        && near(it, share, margin).unwrap_or(false)
    {
        out.push(
            catalogue::LAT_W3
                .at(
                    field.to_owned(),
                    "增值率接近免税界限，请复核收入和扣除项目",
                    "the ratio is close to the edge of the exemption; look again at the figures",
                )
                .numbers(share, ratio(it)),
        );
    }
}

fn ratio(it: Appreciation) -> String {
    Exact::from(it.value)
        .div(it.deductions)
        .and_then(|ratio| ratio.round_to_scale(6))
        .map_or_else(|_| String::new(), |ratio| ratio.to_string())
}

fn near(it: Appreciation, share: Decimal, margin: Decimal) -> Result<bool, ChargeError> {
    let deductions = Exact::from(it.deductions);
    let off = Exact::from(it.value).sub(deductions.mul(share)?)?;
    let off = off.max(Exact::ZERO.sub(off)?);
    Ok(it.value.is_positive() && off <= deductions.mul(margin)?)
}

/// The exempt share and the margin of W3.
fn edges(ctx: &Context<'_>, on: Date) -> Option<(Decimal, Decimal)> {
    let share = ctx.number("lat.ordinary_exempt_ratio", on).ok()?;
    let margin = ctx.number("lat.near_exempt_margin", on).ok()?;
    Some((share.value, margin.value))
}

/// W8: an assessed rate below the national floor in principle (国税发〔2010〕53号 art. 4).
fn assessed_floor(
    ctx: &Context<'_>,
    on: Date,
    id: &str,
    stated: Option<Decimal>,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let rate = stated.or_else(|| ctx.number(id, on).ok().map(|found| found.value));
    if let (Some(rate), Ok(floor)) = (rate, ctx.number("lat.assessed_floor", on))
        && rate < floor.value
    {
        let floor = floor.value;
        out.push(
            catalogue::LAT_W8
                .at(
                    format!("{field}.stated_rate"),
                    format!("核定征收率 {rate} 低于原则上的下限 {floor}"),
                    format!("the assessed rate {rate} is below the floor {floor}"),
                )
                .numbers(floor, rate),
        );
    }
}

fn wip(it: &WipTransfer, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    income(&it.income, ctx, it.contract_on, "wip_transfer.income", out);
    let field = "wip_transfer.deductions";
    deductions(&it.deductions, ctx, it.contract_on, field, out);
    let list = "wip_transfer.reliefs";
    claims(&it.reliefs, list, out);
    // A project under construction is no ordinary housing yet (decision LAT4).
    exemption(&it.reliefs, PropertyType::Other, false, None, list, out);
    transfer::contract(out);
}

/// E19: lines that could not be told apart.
fn duplicate(path: &str, out: &mut Vec<Finding>) {
    out.push(catalogue::LAT_E19.at(
        path,
        "同一月份、类型和子目填写了两次",
        "the same month, type and sub-type stand twice",
    ));
}

/// W10: a word of law that is not confirmed (numbers are named by the values applied).
fn unconfirmed(ctx: &Context<'_>, id: &str, on: Date, field: &str, out: &mut Vec<Finding>) {
    let Ok((parameter, found)) = ctx.rules.find(id, ctx.region, on) else {
        return;
    };
    let zh = format!("{}按未核实的值 {} 处理", parameter.name_zh, found.value);
    let told = out
        .iter()
        .any(|other| other.rule_id == catalogue::LAT_W10.id && other.message_zh == zh);
    if found.source.status == RuleStatus::Unconfirmed && !told {
        let en = format!("{id} is taken as {}, which is not confirmed", found.value);
        let finding = catalogue::LAT_W10.at(field, zh, en);
        out.push(finding.under(found.source.cite.clone()));
    }
}

/// W10 for the local education surcharge, where there is any.
fn local_education(taxes: Taxes, ctx: &Context<'_>, on: Date, field: &str, out: &mut Vec<Finding>) {
    if !taxes.local_education.is_zero() {
        let field = format!("{field}.local_education_yuan");
        unconfirmed(ctx, "lat.local_edu_deductible", on, &field, out);
    }
}
