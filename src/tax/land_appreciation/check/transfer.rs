//! Findings on transfers by anyone but a developer.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{assessed_floor, claims, exemption, income, local_education};
use crate::tax::land_appreciation::conveyance::{
    Invoice, InvoiceKind, LandTransfer, Occasion, OldAssessed, OldBuilding, OldMethod, PropertyUse,
    Transfer,
};
use crate::tax::land_appreciation::reliefs::{HOME_SWAP, INDIVIDUAL_HOUSING, RESTRUCTURING, STOCK};
use crate::tax::land_appreciation::work::Work;
use crate::tax::land_appreciation::{PropertyType, catalogue, figures};
use crate::tax::{ChargeError, Context, Finding, TaxpayerKind};
use crate::types::{Exact, Money};

mod taxes;

/// X1 to X4: what a contract brings about in other taxes.
pub(super) fn contract(out: &mut Vec<Finding>) {
    out.push(catalogue::LAT_X1.at(
        "",
        "转让合同同时是印花税“产权转移书据”，请在同一申报中填写",
        "the contract is also a taxable document of stamp tax; file it with this one",
    ));
    out.push(catalogue::LAT_X2.at(
        "",
        "受让方应就同一合同申报契税",
        "the transferee owes deed tax on the same contract",
    ));
    out.push(catalogue::LAT_X3.at(
        "",
        "收入与附加税费应与同期增值税申报一致",
        "income and surcharges should agree with the VAT return of the same period",
    ));
    out.push(catalogue::LAT_X4.at(
        "",
        "转让后请终止城镇土地使用税、房产税税源，税款计算截止到权利状态变化的当月末",
        "end the land use and real estate tax sources of the property with the transfer month",
    ));
}

fn transfer(it: &Transfer, ctx: &Context<'_>, field: &str, out: &mut Vec<Finding>) {
    income(
        &it.income,
        ctx,
        it.contract_on,
        &format!("{field}.income"),
        out,
    );
    let list = format!("{field}.reliefs");
    claims(&it.reliefs, &list, out);
    exemption(&it.reliefs, PropertyType::Other, false, None, &list, out);
    for (place, claim) in it.reliefs.iter().enumerate() {
        let path = format!("{list}[{place}].relief_id");
        out.extend(unfit(it, ctx, &claim.relief_id, &path));
    }
    low_price(it, ctx, field, out);
    contract(out);
}

/// E11, E12, E13: a claim that the facts of the transfer do not bear.
fn unfit(it: &Transfer, ctx: &Context<'_>, claim: &str, path: &str) -> Option<Finding> {
    let individual = ctx.profile.kind == TaxpayerKind::Individual;
    let dwelling = individual && it.property_use == PropertyUse::Housing;
    if claim == INDIVIDUAL_HOUSING && !dwelling {
        return Some(catalogue::LAT_E13.at(
            path,
            "只有个人销售住房免征土地增值税",
            "only an individual's sale of housing is exempt",
        ));
    }
    if claim == HOME_SWAP && !dwelling {
        let finding = catalogue::LAT_E11.at(
            path,
            "互换住房免税只适用于个人之间互换自有居住用房",
            "the swap exemption is for homes swapped between individuals only",
        );
        return Some(finding.under("财税字〔1995〕48号第五条"));
    }
    if STOCK.contains(&claim) && individual {
        let finding = catalogue::LAT_E11.at(
            path,
            "该免税只适用于企事业单位、社会团体以及其他组织转让旧房",
            "the exemption is for organisations that sell old houses, not for individuals",
        );
        return Some(finding.under("财税〔2013〕101号第二条"));
    }
    let fits = it.restructuring.is_some() && !it.any_party_is_developer;
    if claim == RESTRUCTURING && !fits {
        return Some(catalogue::LAT_E12.at(
            path,
            "改制重组任一方为房地产开发企业的，不适用暂不征收政策",
            "restructuring with a developer as any party is taxed",
        ));
    }
    let wanted = Occasion::of_relief(claim)?;
    let said = it.occasion?;
    (said != wanted).then(|| {
        catalogue::LAT_E11
            .at(
                path,
                "减免税项目与填写的转让原因不符",
                "the relief does not fit what is said to bring the transfer about",
            )
            .numbers(wanted.name(), said.name())
    })
}

/// W1: a price below the assessed one.
fn low_price(it: &Transfer, ctx: &Context<'_>, field: &str, out: &mut Vec<Finding>) {
    let mut work = Work::new(ctx, it.contract_on);
    if let (Some(assessed), Ok(price)) = (it.assessed_price, figures::income(&mut work, &it.income))
        && price < assessed
    {
        out.push(
            catalogue::LAT_W1
                .at(
                    format!("{field}.income"),
                    "转让收入低于评估（核定）价格；无正当理由的按评估价格计算",
                    "income is below the assessed price, which counts unless it is justified",
                )
                .numbers(assessed, price),
        );
    }
}

pub(super) fn old_building(it: &OldBuilding, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "old_building.transfer";
    transfer(&it.transfer, ctx, field, out);
    method(it, ctx, out);
    taxes::stamp(&it.transfer, it.taxes, ctx, "old_building.taxes", true, out);
    taxes::surcharges(&it.transfer, it.taxes, ctx, "old_building.taxes", out);
    additional(&it.transfer, ctx, field, Money::ZERO, out);
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
        let basis = "财税〔2013〕101号第二条；财政部 税务总局 住房城乡建设部公告2023年第70号";
        let finding = catalogue::LAT_E11.at(
            format!("old_building.transfer.reliefs[{place}].relief_id"),
            "增值额未超过扣除项目金额规定比例的，才能享受该免税",
            "the exemption needs an appreciation within the exempt share of the deductions",
        );
        out.push(finding.under(basis));
    }
}

/// E3: an additional deduction where the law gives none, or another.
fn additional(
    it: &Transfer,
    ctx: &Context<'_>,
    field: &str,
    development_cost: Money,
    out: &mut Vec<Finding>,
) {
    let rate = ctx.number("lat.additional_rate", it.contract_on);
    let (Some(stated), Ok(rate)) = (it.stated_additional, rate) else {
        return;
    };
    let law = Exact::from(development_cost).mul(rate.value);
    if let Ok(law) = law.and_then(Exact::round_to_fen)
        && stated != law
    {
        let path = format!("{field}.stated_additional_yuan");
        out.push(
            catalogue::LAT_E3
                .at(
                    path.clone(),
                    format!("加计扣除应为 {law}，填写为 {stated}"),
                    format!("the additional deduction is {law}, not {stated}"),
                )
                .numbers(law, stated)
                .fix(path, law),
        );
    }
}

/// E9, E10, E21, E24: proof of cost.
fn method(it: &OldBuilding, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let mut both = |field: &str, amount: Option<Money>| {
        if let Some(amount) = amount
            && !amount.is_zero()
        {
            let finding = catalogue::LAT_E21.at(
                field,
                "评估价格与购房发票只能选择一种，不能同时填写",
                "the cost is proven by an appraisal or by an invoice; both are filled in",
            );
            out.push(finding.numbers(Money::ZERO, amount).fix(field, ""));
        }
    };
    match &it.method {
        OldMethod::Appraisal(appraisal) => {
            both(
                "old_building.appraisal.invoice_amount_yuan",
                appraisal.invoice_amount,
            );
            let newness = appraisal.newness;
            if newness <= Decimal::ZERO || newness > Decimal::ONE {
                out.push(
                    catalogue::LAT_E10
                        .at(
                            "old_building.appraisal.newness",
                            "成新度折扣率应大于 0 且不超过 1",
                            "the newness must be above 0 and at most 1",
                        )
                        .numbers("(0, 1]", newness),
                );
            }
        }
        OldMethod::Invoice(proof) => {
            both(
                "old_building.invoice.appraised_value_yuan",
                proof.appraised_value,
            );
            invoice(proof, it.transfer.contract_on, ctx, out);
        }
    }
}

fn invoice(invoice: &Invoice, contract: Date, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let sale = invoice.sale_on.unwrap_or(contract);
    if sale < invoice.purchase_on {
        out.push(
            catalogue::LAT_E9
                .at(
                    "old_building.invoice.purchase_on",
                    "购房发票日期晚于售房发票日期",
                    "the purchase invoice is later than the sale invoice",
                )
                .numbers(format!("≤ {sale}"), invoice.purchase_on),
        );
    }
    let mut work = Work::new(ctx, contract);
    if let (Some(stated), Ok(years)) = (invoice.stated_years, invoice.years(&mut work, contract))
        && stated != years
    {
        let field = "old_building.invoice.stated_years";
        out.push(
            catalogue::LAT_E9
                .at(
                    field,
                    format!("加计年数应为 {years}，填写为 {stated}"),
                    format!("the years are {years}, not {stated}"),
                )
                .numbers(years, stated)
                .fix(field, years),
        );
    }
    if invoice.kind == InvoiceKind::BusinessTax && !invoice.vat.is_zero() {
        let field = "old_building.invoice.vat_yuan";
        out.push(
            catalogue::LAT_E24
                .at(
                    field,
                    "营业税发票以票面金额计算，没有另列的增值税",
                    "a business-tax invoice counts with its face; it has no VAT apart",
                )
                .numbers(Money::ZERO, invoice.vat)
                .fix(field, Money::ZERO),
        );
    }
}

pub(super) fn old_assessed(it: &OldAssessed, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    transfer(&it.transfer, ctx, "old_assessed.transfer", out);
    additional(&it.transfer, ctx, "old_assessed.transfer", Money::ZERO, out);
    let stated = it.stated_rate.as_ref().map(|rate| rate.value);
    let on = it.transfer.contract_on;
    assessed_floor(ctx, on, it.rate_parameter(), stated, "old_assessed", out);
}

pub(super) fn land(it: &LandTransfer, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "land_transfer.transfer";
    transfer(&it.transfer, ctx, field, out);
    additional(&it.transfer, ctx, field, it.development_cost, out);
    taxes::stamp(
        &it.transfer,
        it.taxes,
        ctx,
        "land_transfer.taxes",
        false,
        out,
    );
    taxes::surcharges(&it.transfer, it.taxes, ctx, "land_transfer.taxes", out);
    local_education(
        it.taxes,
        ctx,
        it.transfer.contract_on,
        "land_transfer.taxes",
        out,
    );
    if it.land_paid.is_zero() && it.development_cost == Money::ZERO {
        out.push(catalogue::LAT_W9.at(
            "land_transfer.land_paid_yuan",
            "未填写取得土地使用权所支付的金额，增值额将等于几乎全部收入",
            "nothing was paid for the land: almost all of the income would be appreciation",
        ));
    }
}
