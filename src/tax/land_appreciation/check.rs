//! Findings (校验): what is wrong or doubtful, all at once.

use rust_decimal::Decimal;

use super::figures::expense_cap;
use super::parts::{Areas, Deductions, ExpenseMode, IncomePart, Taxes, VatMethod};
use super::reliefs;
use super::source::{AssessedSettlement, Basis, PropertyType, Settlement, Source, WipTransfer};
use super::work::Appreciation;
use crate::rules::RuleStatus;
use crate::tax::{ChargeError, Context, Finding, ReliefClaim, six_taxes};
use crate::types::{Exact, Money};

mod prepay;
mod tail;
mod transfer;

/// Everything that can be said about the source.
pub(super) fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    match &source.basis {
        Basis::Prepay(it) => prepay::check(it, ctx, &mut out),
        Basis::Settlement(it) => settlement(it, ctx, &mut out),
        Basis::AssessedSettlement(it) => assessed_settlement(it, ctx, &mut out),
        Basis::WipTransfer(it) => wip(it, ctx, &mut out),
        Basis::Tail(it) => tail::check(it, ctx, &mut out),
        Basis::OldBuilding(it) => transfer::old_building(it, ctx, &mut out),
        Basis::OldAssessed(it) => transfer::old_assessed(it, ctx, &mut out),
        Basis::LandTransfer(it) => transfer::land(it, ctx, &mut out),
    }
    out
}

/// E14: the half of the 六税两费 is not for this tax. The taxpayer's status has no effect.
fn claims(claims: &[ReliefClaim], field: &str, out: &mut Vec<Finding>) {
    for (place, claim) in claims.iter().enumerate() {
        if claim.relief_id == six_taxes::RELIEF_ID {
            out.push(Finding::error(
                "LAT_E14",
                format!("{field}[{place}].relief_id"),
                "土地增值税不属于“六税两费”，不能享受减半征收",
                "land appreciation tax is none of the six taxes; the half does not apply",
                "财政部 税务总局公告2023年第12号第二条",
            ));
        }
    }
}

/// E1: income parts that make no sense.
fn income(parts: &[IncomePart], field: &str, out: &mut Vec<Finding>) {
    let mut refuse = |path: String, zh: &str, en: &str| {
        out.push(Finding::error(
            "LAT_E1",
            path,
            zh,
            en,
            "土地增值税暂行条例第五条",
        ));
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
}

/// E18: stamp tax among a developer's taxes (decision LAT8).
fn developer_taxes(taxes: Taxes, field: &str, out: &mut Vec<Finding>) {
    if !taxes.stamp.is_zero() {
        out.push(
            Finding::error(
                "LAT_E18",
                format!("{field}.stamp_yuan"),
                "房地产开发企业缴纳的印花税列入管理费用，不在税金中扣除",
                "a developer's stamp tax is an overhead, not a deductible tax",
                "财税字〔1995〕48号第九条",
            )
            .numbers(Money::ZERO, taxes.stamp)
            .fix(format!("{field}.stamp_yuan"), Money::ZERO),
        );
    }
}

/// E4, E5, W5, W6: a developer's deductions.
fn deductions(
    deductions: &Deductions,
    ctx: &Context<'_>,
    on: jiff::civil::Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let path = |name: &str| format!("{field}.{name}");
    if deductions.expense_mode == ExpenseMode::TenPercent && !deductions.interest.is_zero() {
        out.push(
            Finding::error(
                "LAT_E4",
                path("interest_yuan"),
                "按比例计算扣除全部开发费用时，不能另行扣除利息",
                "interest cannot be added when all expense is deducted by ratio",
                "实施细则第七条第三项，国税函〔2010〕220号第三条",
            )
            .numbers(Money::ZERO, deductions.interest),
        );
    }
    if let Some(rate) = deductions.expense_rate
        && let Ok(cap) = ctx.number(expense_cap(deductions.expense_mode), on)
        && (rate > cap.value || rate < Decimal::ZERO)
    {
        out.push(
            Finding::error(
                "LAT_E5",
                path("expense_rate"),
                format!("房地产开发费用扣除比例 {rate} 超过规定的 {}", cap.value),
                format!("the expense ratio {rate} is over the cap {}", cap.value),
                "实施细则第七条第三项",
            )
            .numbers(cap.value, rate)
            .fix(path("expense_rate"), cap.value),
        );
    }
    if let Some(cap) = deductions.interest_cap
        && let Ok(left) = deductions.interest.minus(deductions.interest_disallowed)
        && left > cap
    {
        out.push(
            Finding::warning(
                "LAT_W6",
                path("interest_yuan"),
                "利息超过按商业银行同类同期贷款利率计算的金额，超过部分不予扣除",
                "interest above the commercial bank rate is not deducted",
                "实施细则第七条第三项",
            )
            .numbers(cap, left),
        );
    }
    if deductions.without_invoice.is_positive() {
        out.push(Finding::warning(
            "LAT_W5",
            path("without_invoice_yuan"),
            format!(
                "开发成本中有 {} 元未取得合法有效凭证，可能不予扣除",
                deductions.without_invoice
            ),
            format!(
                "{} yuan of development cost have no valid invoice and may be disallowed",
                deductions.without_invoice
            ),
            "国税发〔2006〕187号第四条第一项，国税函〔2010〕220号第二条",
        ));
    }
    developer_taxes(deductions.taxes, &path("taxes"), out);
    local_education(deductions.taxes, ctx, on, &path("taxes"), out);
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
            Finding::error(
                "LAT_E7",
                format!("{field}.saleable_sqm"),
                "已售、自用出租与剩余面积之和应等于可售面积",
                "sold, self-used and remaining area must add up to the saleable area",
                "国税发〔2009〕91号",
            )
            .numbers(areas.saleable_sqm, actual),
        );
    }
}

/// E8: prepayments credited must not exceed those recorded.
fn credit(
    prepaid: impl Iterator<Item = Money>,
    recorded: Option<Money>,
    field: &str,
    out: &mut Vec<Finding>,
) {
    if let (Ok(credited), Some(recorded)) = (Money::sum(prepaid), recorded)
        && credited > recorded
    {
        out.push(
            Finding::error(
                "LAT_E8",
                format!("{field}.recorded_prepaid_yuan"),
                "抵减的预缴税款超过该清算单位已缴的预征税款",
                "the credit is above the prepayments recorded for the unit",
                "实施细则第十六条",
            )
            .numbers(recorded, credited),
        );
    }
}

/// E17, W7: types of real estate, once each, in the place's scheme.
fn types(
    types: impl Iterator<Item = PropertyType>,
    ctx: &Context<'_>,
    on: jiff::civil::Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let two = ctx
        .text("lat.type_scheme", on)
        .is_ok_and(|word| word == "TWO");
    let mut seen: Vec<PropertyType> = Vec::new();
    for (place, kind) in types.enumerate() {
        let path = format!("{field}.types[{place}].property_type");
        if seen.contains(&kind) {
            out.push(Finding::error(
                "LAT_E17",
                path.clone(),
                format!("{} 重复填写", kind.names().1),
                format!("type {} stands twice", kind.names().0),
                "财税〔2006〕21号第一条",
            ));
        }
        if two && kind == PropertyType::NonOrdinary {
            out.push(Finding::warning(
                "LAT_W7",
                path,
                "当地按两种类型清算，非普通住宅应并入其他类型",
                "the place settles two types only; this one belongs to the other type",
                "lat.type_scheme",
            ));
        }
        seen.push(kind);
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
        out.push(Finding::error(
            "LAT_E6",
            format!("{field}[{place}].relief_id"),
            "不符合普通标准住宅免税条件：类型、单独核算或增值率不符",
            "the exemption of ordinary housing does not fit: type, separate accounts or ratio",
            "土地增值税暂行条例第八条第一项，财税字〔1995〕48号第十三条",
        ));
    }
    if let Some((it, share, margin)) = worked
        && ordinary
        && near(it, share, margin).unwrap_or(false)
    {
        out.push(
            Finding::warning(
                "LAT_W3",
                field.to_owned(),
                "增值率接近免税界限，请复核收入和扣除项目",
                "the ratio is close to the edge of the exemption; look again at the figures",
                "土地增值税暂行条例第八条第一项",
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
fn edges(ctx: &Context<'_>, on: jiff::civil::Date) -> Option<(Decimal, Decimal)> {
    let share = ctx.number("lat.ordinary_exempt_ratio", on).ok()?;
    let margin = ctx.number("lat.near_exempt_margin", on).ok()?;
    Some((share.value, margin.value))
}

fn settlement(it: &Settlement, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "settlement";
    let kinds = it.types.iter().map(|kind| kind.property_type);
    types(kinds, ctx, it.event_on, field, out);
    credit(
        it.types.iter().map(|kind| kind.prepaid),
        it.recorded_prepaid,
        field,
        out,
    );
    let worked = match it.appreciations(ctx) {
        Ok(worked) => worked,
        Err(ChargeError::Refused(finding)) => {
            out.push(*finding);
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    for (place, kind) in it.types.iter().enumerate() {
        let path = format!("{field}.types[{place}]");
        income(&kind.income, &format!("{path}.income"), out);
        let below = format!("{path}.deductions");
        deductions(&kind.deductions, ctx, it.event_on, &below, out);
        if let Some(given) = &kind.areas {
            areas(given, &format!("{path}.areas"), out);
        }
        let list = format!("{path}.reliefs");
        claims(&kind.reliefs, &list, out);
        let worked = worked.get(place).zip(edges(ctx, it.event_on));
        let worked = worked.map(|((_, it), (share, margin))| (*it, share, margin));
        let separate = !it.ordinary_not_separate;
        exemption(
            &kind.reliefs,
            kind.property_type,
            separate,
            worked,
            &list,
            out,
        );
    }
}

fn assessed_settlement(it: &AssessedSettlement, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "assessed_settlement";
    let kinds = it.types.iter().map(|kind| kind.property_type);
    types(kinds, ctx, it.event_on, field, out);
    credit(
        it.types.iter().map(|kind| kind.prepaid),
        it.recorded_prepaid,
        field,
        out,
    );
    for (place, kind) in it.types.iter().enumerate() {
        let path = format!("{field}.types[{place}]");
        income(&kind.income, &format!("{path}.income"), out);
        let list = format!("{path}.reliefs");
        claims(&kind.reliefs, &list, out);
        exemption(&kind.reliefs, PropertyType::Other, false, None, &list, out);
        let id = format!("lat.assessed_rate.{}", kind.property_type.key());
        let stated = kind.stated_rate.as_ref().map(|rate| rate.value);
        assessed_floor(ctx, it.event_on, &id, stated, &path, out);
    }
}

/// W8: an assessed rate below the national floor in principle (国税发〔2010〕53号 art. 4).
fn assessed_floor(
    ctx: &Context<'_>,
    on: jiff::civil::Date,
    id: &str,
    stated: Option<Decimal>,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let rate = stated.or_else(|| ctx.number(id, on).ok().map(|found| found.value));
    if let (Some(rate), Ok(floor)) = (rate, ctx.number("lat.assessed_floor", on))
        && rate < floor.value
    {
        out.push(
            Finding::warning(
                "LAT_W8",
                format!("{field}.stated_rate"),
                format!("核定征收率 {rate} 低于原则上的下限 {}", floor.value),
                format!(
                    "the assessed rate {rate} is below the floor {}",
                    floor.value
                ),
                "国税发〔2010〕53号第四条",
            )
            .numbers(floor.value, rate),
        );
    }
}

fn wip(it: &WipTransfer, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    income(&it.income, "wip_transfer.income", out);
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
    out.push(Finding::error(
        "LAT_E19",
        path.to_owned(),
        "同一月份、类型和子目填写了两次",
        "the same month, type and sub-type stand twice",
        "",
    ));
}

/// W10: a word of law that is not confirmed (numbers are named by the values applied).
fn unconfirmed(
    ctx: &Context<'_>,
    id: &str,
    on: jiff::civil::Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let Ok((parameter, found)) = ctx.rules.find(id, ctx.region, on) else {
        return;
    };
    let zh = format!("{}按未核实的值 {} 处理", parameter.name_zh, found.value);
    let told = out
        .iter()
        .any(|other| other.rule_id == "LAT_W10" && other.message_zh == zh);
    if found.source.status == RuleStatus::Unconfirmed && !told {
        out.push(Finding::warning(
            "LAT_W10",
            field,
            zh,
            format!("{id} is taken as {}, which is not confirmed", found.value),
            found.source.cite.clone(),
        ));
    }
}

/// W10 for the local education surcharge, where there is any.
fn local_education(
    taxes: Taxes,
    ctx: &Context<'_>,
    on: jiff::civil::Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    if !taxes.local_education.is_zero() {
        let field = format!("{field}.local_education_yuan");
        unconfirmed(ctx, "lat.local_edu_deductible", on, &field, out);
    }
}
