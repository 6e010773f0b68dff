//! What is wrong or doubtful with a plot (校验), spec §11.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::months;
use super::relief::{UNDERGROUND, area_too_large};
use super::source::{AcquisitionKind, LandNature, LandTaxpayer, Source, Version};
use crate::rules::ReliefShape;
use crate::tax::{Context, Finding, Severity};
use crate::types::{Exact, Money, Month, Period};

const FORM: &str = "税务总局公告2021年第9号 附件（城镇土地使用税税源明细表）";
const RANGE: &str = "城镇土地使用税暂行条例 第四条、第五条";

/// Everything that can be said of a plot in a place and period.
pub fn all(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = form(source);
    found.extend(doubts(source));
    found.extend(documents(source, ctx));
    if let Some(event) = source.acquisition.counted_from() {
        found.extend(dates(source, event));
    }
    if found.iter().all(|f| f.severity != Severity::Error) {
        found.extend(figures(source, ctx));
    }
    found
}

/// A land use tax period is made of whole months.
pub fn period(period: Period) -> Option<Finding> {
    (!period.is_whole_months()).then(|| {
        Finding::error(
            "LU_PERIOD_MONTHS",
            "",
            format!("税款所属期 {period} 不是整月"),
            format!("the tax period {period} is not made of whole months"),
            "城镇土地使用税暂行条例 第八条",
        )
    })
}

/// Errors of the source by itself, whatever the place.
pub fn form(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    if source.acquisition.counted_from().is_none() {
        found.push(months::no_date());
    }
    if source.taxpayer_kind != LandTaxpayer::RightHolder
        && (source.holder_id.is_empty() || source.holder_name.is_empty())
    {
        found.push(Finding::error(
            "LU_HOLDER",
            "holder_id",
            "纳税人不是土地使用权人的，应填写土地使用权人识别号和名称",
            "the right holder's identifier and name are needed when somebody else pays",
            FORM,
        ));
    }
    if let Some(shared) = source.shared_building {
        let (own, all) = (shared.own_floor_area_sqm, shared.building_floor_area_sqm);
        if own <= Decimal::ZERO || own > all {
            found.push(
                Finding::error(
                    "LU_SHARED_FLOOR_AREA",
                    "shared_building.own_floor_area_sqm",
                    "自有建筑面积应大于零且不超过总建筑面积",
                    "the own floor area must be above zero and not above the building's",
                    "国税地字〔1988〕15号（土地使用权共有）",
                )
                .numbers(format!("≤ {all}"), own),
            );
        }
    }
    versions(source, &mut found);
    for place in 0..source.reliefs.len() {
        relief(source, place, &mut found);
    }
    found
}

fn versions(source: &Source, found: &mut Vec<Finding>) {
    if source.versions.is_empty() {
        found.push(Finding::error(
            "LU_VERSION_FIRST",
            "versions",
            "至少应有一条面积和等级信息",
            "at least one version with area and grade is needed",
            FORM,
        ));
    }
    let mut before: Option<Month> = None;
    for (place, version) in source.versions.iter().enumerate() {
        if version.area_sqm <= Decimal::ZERO {
            found.push(
                Finding::error(
                    "LU_V1_AREA",
                    format!("versions[{place}].area_sqm"),
                    "占用土地面积应大于零",
                    "the area must be above zero",
                    "城镇土地使用税暂行条例 第三条",
                )
                .numbers("> 0", version.area_sqm),
            );
        }
        if version.grade == 0 {
            found.push(Finding::error(
                "LU_GRADE",
                format!("versions[{place}].grade"),
                "土地等级从 1 开始",
                "grades begin at 1",
                "城镇土地使用税暂行条例 第五条",
            ));
        }
        version_day(place, version, before, found);
        before = version.first_month().or(before);
    }
}

/// The first version has no day of change; each other one has exactly one, in order.
fn version_day(place: usize, version: &Version, before: Option<Month>, found: &mut Vec<Finding>) {
    let days = u8::from(version.changed_on.is_some()) + u8::from(version.from_month.is_some());
    if days != u8::from(place > 0) {
        found.push(Finding::error(
            "LU_VERSION_DAY",
            format!("versions[{place}].changed_on"),
            "首条信息不填变更时间；其后每条应填变更日期或起始月份之一",
            "the first version has no day; every later one has a day of change or a first month",
            FORM,
        ));
    }
    if let Some((first, before)) = version.first_month().zip(before)
        && first < before
    {
        found.push(
            Finding::error(
                "LU_VERSION_ORDER",
                format!("versions[{place}].changed_on"),
                "变更信息应按时间顺序填写",
                "versions must stand in the order of their days",
                FORM,
            )
            .numbers(format!("≥ {before}"), first),
        );
    }
}

fn relief(source: &Source, place: usize, found: &mut Vec<Finding>) {
    let Some(relief) = source.reliefs.get(place) else {
        return;
    };
    let claim = &relief.claim;
    let field = format!("reliefs[{place}]");
    if relief.relief_area_sqm.is_some() && claim.base_share.is_some() {
        found.push(Finding::error(
            "LU_RELIEF_BASIS",
            format!("{field}.relief_area_sqm"),
            "减免税土地面积和份额只能填写一项",
            "state either a relief area or a share, not both",
            FORM,
        ));
    }
    let amount = claim.amount.is_some() || relief.monthly_amount.is_some();
    let area = relief.relief_area_sqm.is_some() || claim.base_share.is_some();
    let both = claim.amount.is_some() && relief.monthly_amount.is_some();
    if (amount && (area || claim.ratio.is_some())) || both {
        found.push(Finding::error(
            "LU_RELIEF_BASIS",
            format!("{field}.claim.amount_yuan"),
            "核准金额、月减免税金额与面积、比例只能填写一种",
            "an approved or monthly amount stands alone, without area, share or ratio",
            FORM,
        ));
    }
    if claim.period.is_some_and(|period| !period.is_whole_months()) {
        found.push(Finding::error(
            "LU_RELIEF_MONTHS",
            format!("{field}.claim.period"),
            "减免起止时间应为整月",
            "a relief runs over whole months",
            FORM,
        ));
    }
    if claim.relief_id == UNDERGROUND && source.underground_stand_alone {
        found.push(Finding::error(
            "LU_UNDERGROUND_TWICE",
            format!("{field}.claim.relief_id"),
            "已标明单独建造的地下建筑用地，不再重复填写该项减免",
            "the stand-alone underground flag already gives this relief",
            "财税〔2009〕128号 第四条",
        ));
    }
    if let Some(area) = relief.relief_area_sqm {
        let taxed = source.versions.iter().filter_map(|version| {
            let taxed = months::taxed_area(source, version).ok()?;
            Some(taxed)
        });
        // Segments a relief does not reach are judged when it is applied (LU4).
        if let Some(largest) = taxed.max()
            && Exact::from(area) > largest
            && let Ok(finding) = area_too_large(area, largest, &field)
        {
            found.push(finding);
        }
    }
}

/// Errors between the dates (V2, V7).
pub fn dates(source: &Source, event: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    let acquired = Month::of(event);
    for (place, version) in source.versions.iter().enumerate() {
        let early = version.changed_on.is_some_and(|day| day < event)
            || version.from_month.is_some_and(|month| month < acquired);
        if early {
            found.push(
                Finding::error(
                    "LU_V2_CHANGE_BEFORE_ACQUISITION",
                    format!("versions[{place}].changed_on"),
                    format!("变更时间早于土地取得时间 {event}"),
                    format!("the change lies before the acquisition on {event}"),
                    FORM,
                )
                .numbers(
                    format!("≥ {event}"),
                    version
                        .changed_on
                        .or(version.from_month.map(Month::first_day))
                        .unwrap_or(event),
                ),
            );
        }
    }
    if let Some(end) = source.end
        && end.on < event
    {
        found.push(
            Finding::error(
                "LU_V7_END_BEFORE_ACQUISITION",
                "end.on",
                format!("终止时间早于土地取得时间 {event}"),
                format!("the end lies before the acquisition on {event}"),
                "财税〔2008〕152号 第三条",
            )
            .numbers(format!("≥ {event}"), end.on),
        );
    }
    found
}

/// What is doubtful of the source by itself.
fn doubts(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    if source.acquisition.kind == AcquisitionKind::CarriedOver && source.land_no.is_empty() {
        found.push(Finding::warning(
            "LU_V3_LAND_NO",
            "land_no",
            "存量税源此前已申报，应填写税务机关编发的土地编号",
            "a plot filed before has a number issued by the bureau",
            FORM,
        ));
    }
    let collective = source.taxpayer_kind == LandTaxpayer::CollectiveUser
        || source.acquisition.kind == AcquisitionKind::CollectiveUse;
    if collective && source.nature != LandNature::Collective {
        found.push(
            Finding::warning(
                "LU_COLLECTIVE_NATURE",
                "nature",
                "集体土地使用人的土地性质应为集体",
                "a user of collective land should state collective land",
                "财税〔2006〕56号",
            )
            .fix("nature", "LAND_USE_NATURE_COLLECTIVE"),
        );
    }
    let paid_before_delivery = source
        .acquisition
        .signed_on
        .zip(source.acquisition.event_on)
        .is_some_and(|(signed, event)| event < signed);
    if paid_before_delivery && source.acquisition.kind.is_paid_contract() {
        found.push(Finding::hint(
            "LU_DELIVERY_BEFORE_CONTRACT",
            "acquisition.event_on",
            "约定交付时间早于合同签订时间，请核对",
            "the agreed delivery lies before the signing of the contract; please check",
            "财税〔2006〕186号 第二条",
        ));
    }
    found
}

/// Reliefs by approval need their document.
fn documents(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, relief) in source.reliefs.iter().enumerate() {
        let claim = &relief.claim;
        let Some(rule) = ctx.rules.relief(&claim.relief_id) else {
            continue;
        };
        if matches!(rule.shape, ReliefShape::ByInput) && claim.document.trim().is_empty() {
            found.push(Finding::warning(
                "LU_RELIEF_DOCUMENT",
                format!("reliefs[{place}].claim.document"),
                format!("减免税项目 {} 应填写核准或备案文书号", rule.name_zh),
                format!("relief {} needs its approval or filing document", rule.id),
                rule.source.cite.clone(),
            ));
        }
    }
    found
}

/// What the figures of the period say: range of the unit tax, nothing taxed, paid too much.
fn figures(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let Ok(start) = months::start(source, ctx) else {
        return found;
    };
    let Some(taxed) = months::taxed(source, &start, ctx.period) else {
        found.push(Finding::hint(
            "LU_NOT_TAXED",
            "",
            format!("本期 {} 没有应税月份", ctx.period),
            format!("no month of {} is taxed", ctx.period),
            "城镇土地使用税暂行条例 第九条；财税〔2008〕152号 第三条",
        ));
        return found;
    };
    ranges(source, ctx, taxed, &mut found);
    relief_months(source, ctx, taxed, &mut found);
    for (place, payment) in source.payments.iter().enumerate() {
        let partly = ctx.period.overlap(payment.period).is_some();
        if partly && !ctx.period.covers(payment.period) {
            found.push(Finding::warning(
                "LU_PAID_PERIOD",
                format!("payments[{place}].period"),
                format!("已缴税款的所属期 {} 超出本期，未予抵减", payment.period),
                format!(
                    "the payment for {} reaches outside the period",
                    payment.period
                ),
                FORM,
            ));
        }
    }
    overpaid(source, ctx, &mut found);
    found
}

/// V11: outside the range, a poor or rich area's rule must stand behind the value.
fn ranges(source: &Source, ctx: &Context<'_>, taxed: Period, found: &mut Vec<Finding>) {
    let mut last = None;
    for month in taxed.months() {
        let Some((place, version)) = months::version_in(source, month) else {
            continue;
        };
        if last == Some(place) {
            continue;
        }
        last = Some(place);
        let day = month.first_day();
        let Ok(applied) = months::unit_tax(ctx, place, version, month) else {
            continue;
        };
        if let Some((low, high)) = months::range(ctx, version, day)
            && !(low <= applied.value && applied.value <= high)
        {
            found.push(
                Finding::warning(
                    "LU_V11_UNIT_TAX_RANGE",
                    format!("versions[{place}].unit_tax.value"),
                    "税额标准超出法定幅度：低于下限须为经济落后地区降低，高于上限须经财政部批准",
                    "the unit tax is outside the national range; a poor or rich area's rule is \
                     needed",
                    RANGE,
                )
                .numbers(format!("{low}–{high}"), applied.value),
            );
        }
    }
}

/// V10: a claim must meet the taxed months.
fn relief_months(source: &Source, ctx: &Context<'_>, taxed: Period, found: &mut Vec<Finding>) {
    for (place, relief) in source.reliefs.iter().enumerate() {
        let Some(claimed) = relief.claim.period else {
            continue;
        };
        if claimed.overlap(taxed).is_none() {
            found.push(Finding::hint(
                "LU_V10_RELIEF_MONTHS",
                format!("reliefs[{place}].claim.period"),
                format!("减免期 {claimed} 与本期 {} 没有共同月份", ctx.period),
                format!("the relief for {claimed} has no month in {}", ctx.period),
                FORM,
            ));
        }
    }
}

/// V13: more was paid than is due; refunds are allowed, so only a warning.
fn overpaid(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let Ok(charges) = source.charge(&[], ctx) else {
        return;
    };
    let due = charges
        .iter()
        .map(|line| line.tax_amount.minus(line.relief()?))
        .collect::<Result<Vec<Money>, _>>()
        .and_then(Money::sum);
    let paid = Money::sum(charges.iter().map(|line| line.already_paid));
    if let (Ok(due), Ok(paid)) = (due, paid)
        && paid > due
    {
        found.push(
            Finding::warning(
                "LU_V13_OVERPAID",
                "payments",
                format!("已缴税额 {paid} 大于应纳税额 {due}，差额为应退税额"),
                format!("{paid} was paid but {due} is due; the difference is refundable"),
                "税收征收管理法 第五十一条",
            )
            .numbers(format!("≤ {due}"), paid),
        );
    }
}
