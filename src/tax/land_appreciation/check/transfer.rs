//! Findings on transfers by anyone but a developer.

use rust_decimal::Decimal;

use super::{assessed_floor, claims, exemption, income, local_education};
use crate::tax::land_appreciation::reliefs::{HOME_SWAP, INDIVIDUAL_HOUSING, RESTRUCTURING, STOCK};
use crate::tax::land_appreciation::source::{
    LandTransfer, OldAssessed, OldBuilding, OldMethod, PropertyUse, Transfer,
};
use crate::tax::land_appreciation::work::Work;
use crate::tax::land_appreciation::{PropertyType, figures};
use crate::tax::{ChargeError, Context, Finding, TaxpayerKind};
use crate::types::Money;

/// X1 to X4: what a contract brings about in other taxes.
pub(super) fn contract(out: &mut Vec<Finding>) {
    out.push(Finding::hint(
        "LAT_X1",
        "",
        "转让合同同时是印花税“产权转移书据”，请在同一申报中填写",
        "the contract is also a taxable document of stamp tax; file it with this one",
        "印花税法第一条",
    ));
    out.push(Finding::hint(
        "LAT_X2",
        "",
        "受让方应就同一合同申报契税",
        "the transferee owes deed tax on the same contract",
        "契税法第一条",
    ));
    out.push(Finding::hint(
        "LAT_X3",
        "",
        "收入与附加税费应与同期增值税申报一致",
        "income and surcharges should agree with the VAT return of the same period",
        "国家税务总局公告2016年第70号第一条、第三条",
    ));
    out.push(Finding::hint(
        "LAT_X4",
        "",
        "转让后请终止城镇土地使用税、房产税税源，税款计算截止到权利状态变化的当月末",
        "end the land use and real estate tax sources of the property with the transfer month",
        "财税〔2008〕152号第三条",
    ));
}

fn transfer(it: &Transfer, ctx: &Context<'_>, field: &str, out: &mut Vec<Finding>) {
    income(&it.income, &format!("{field}.income"), out);
    let list = format!("{field}.reliefs");
    claims(&it.reliefs, &list, out);
    exemption(&it.reliefs, PropertyType::Other, false, None, &list, out);
    for (place, claim) in it.reliefs.iter().enumerate() {
        let path = format!("{list}[{place}].relief_id");
        let individual =
            ctx.profile.kind == TaxpayerKind::Individual && it.property_use == PropertyUse::Housing;
        if claim.relief_id == INDIVIDUAL_HOUSING && !individual {
            out.push(Finding::error(
                "LAT_E13",
                path.clone(),
                "只有个人销售住房免征土地增值税",
                "only an individual's sale of housing is exempt",
                "财税〔2008〕137号第三条",
            ));
        }
        if claim.relief_id == HOME_SWAP && !individual {
            out.push(Finding::error(
                "LAT_E11",
                path.clone(),
                "互换住房免税只适用于个人之间互换自有居住用房",
                "the swap exemption is for homes swapped between individuals only",
                "财税字〔1995〕48号第五条",
            ));
        }
        let fits = it.restructuring.is_some() && !it.any_party_is_developer;
        if claim.relief_id == RESTRUCTURING && !fits {
            out.push(Finding::error(
                "LAT_E12",
                path,
                "改制重组任一方为房地产开发企业的，不适用暂不征收政策",
                "restructuring with a developer as any party is taxed",
                "财政部 税务总局公告2023年第51号第五条",
            ));
        }
    }
    low_price(it, ctx, field, out);
    contract(out);
}

/// W1: a price below the assessed one.
fn low_price(it: &Transfer, ctx: &Context<'_>, field: &str, out: &mut Vec<Finding>) {
    let mut work = Work::new(ctx, it.contract_on);
    if let (Some(assessed), Ok(price)) = (it.assessed_price, figures::income(&mut work, &it.income))
        && price < assessed
    {
        out.push(
            Finding::warning(
                "LAT_W1",
                format!("{field}.income"),
                "转让收入低于评估（核定）价格；无正当理由的按评估价格计算",
                "income is below the assessed price, which counts unless it is justified",
                "土地增值税暂行条例第九条",
            )
            .numbers(assessed, price),
        );
    }
}

pub(super) fn old_building(it: &OldBuilding, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "old_building.transfer";
    transfer(&it.transfer, ctx, field, out);
    method(it, ctx, out);
    let individual = ctx.profile.kind == TaxpayerKind::Individual;
    if it.taxes.stamp.is_zero() && !individual {
        out.push(Finding::warning(
            "LAT_X5",
            "old_building.taxes.stamp_yuan",
            "未填写本次申报实际缴纳的印花税；减免后的印花税可以扣除",
            "no stamp tax is among the taxes; what is due after its reliefs may be deducted",
            "财税字〔1995〕48号第九条",
        ));
    }
    local_education(
        it.taxes,
        ctx,
        it.transfer.contract_on,
        "old_building.taxes",
        out,
    );
    stock(it, ctx, out);
}

/// E11: old houses sold as public housing stock are exempt within the same share only.
fn stock(it: &OldBuilding, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let claimed = it
        .transfer
        .reliefs
        .iter()
        .position(|claim| STOCK.contains(&claim.relief_id.as_str()));
    let within = || -> Result<bool, ChargeError> {
        let (_, worked) = it.appreciation(ctx)?;
        worked.within(figures::exempt_share(ctx, it.transfer.contract_on)?)
    };
    if let Some(place) = claimed
        && !within().unwrap_or(true)
    {
        out.push(Finding::error(
            "LAT_E11",
            format!("old_building.transfer.reliefs[{place}].relief_id"),
            "增值额未超过扣除项目金额规定比例的，才能享受该免税",
            "the exemption needs an appreciation within the exempt share of the deductions",
            "财税〔2013〕101号第二条；财政部 税务总局 住房城乡建设部公告2023年第70号",
        ));
    }
}

/// E9, E10: proof of cost.
fn method(it: &OldBuilding, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    match &it.method {
        OldMethod::Appraisal(appraisal) => {
            let newness = appraisal.newness;
            if newness <= Decimal::ZERO || newness > Decimal::ONE {
                out.push(
                    Finding::error(
                        "LAT_E10",
                        "old_building.appraisal.newness",
                        "成新度折扣率应大于 0 且不超过 1",
                        "the newness must be above 0 and at most 1",
                        "实施细则第七条第四项",
                    )
                    .numbers("(0, 1]", newness),
                );
            }
        }
        OldMethod::Invoice(invoice) => {
            let basis = "财税〔2006〕21号第二条，国税函〔2010〕220号第七条";
            let contract = it.transfer.contract_on;
            let sale = invoice.sale_on.unwrap_or(contract);
            if sale < invoice.purchase_on {
                out.push(
                    Finding::error(
                        "LAT_E9",
                        "old_building.invoice.purchase_on",
                        "购房发票日期晚于售房发票日期",
                        "the purchase invoice is later than the sale invoice",
                        basis,
                    )
                    .numbers(format!("≤ {sale}"), invoice.purchase_on),
                );
            }
            let mut work = Work::new(ctx, contract);
            if let (Some(stated), Ok(years)) =
                (invoice.stated_years, invoice.years(&mut work, contract))
                && stated != years
            {
                let field = "old_building.invoice.stated_years";
                out.push(
                    Finding::error(
                        "LAT_E9",
                        field,
                        format!("加计年数应为 {years}，填写为 {stated}"),
                        format!("the years are {years}, not {stated}"),
                        basis,
                    )
                    .numbers(years, stated)
                    .fix(field, years),
                );
            }
        }
    }
}

pub(super) fn old_assessed(it: &OldAssessed, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    transfer(&it.transfer, ctx, "old_assessed.transfer", out);
    let stated = it.stated_rate.as_ref().map(|rate| rate.value);
    let on = it.transfer.contract_on;
    assessed_floor(ctx, on, it.rate_parameter(), stated, "old_assessed", out);
}

pub(super) fn land(it: &LandTransfer, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    transfer(&it.transfer, ctx, "land_transfer.transfer", out);
    local_education(
        it.taxes,
        ctx,
        it.transfer.contract_on,
        "land_transfer.taxes",
        out,
    );
    if it.land_paid.is_zero() && it.development_cost == Money::ZERO {
        out.push(Finding::warning(
            "LAT_W9",
            "land_transfer.land_paid_yuan",
            "未填写取得土地使用权所支付的金额，增值额将等于几乎全部收入",
            "nothing was paid for the land: almost all of the income would be appreciation",
            "土地增值税暂行条例第六条第一项",
        ));
    }
}
