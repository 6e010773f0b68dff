//! Findings on the taxes of a transfer: stamp tax and surcharges against what they rest on.

use rust_decimal::Decimal;

use crate::tax::land_appreciation::catalogue;
use crate::tax::land_appreciation::conveyance::Transfer;
use crate::tax::land_appreciation::figures;
use crate::tax::land_appreciation::parts::{Taxes, VatMethod};
use crate::tax::land_appreciation::work::Work;
use crate::tax::{ChargeError, Context, Finding, TaxpayerKind, six_taxes};
use crate::types::{Exact, Money, Month};

/// X5, X6: the stamp tax of the same filing. `wanted`: none at all is worth a word.
pub(super) fn stamp(
    it: &Transfer,
    taxes: Taxes,
    ctx: &Context<'_>,
    field: &str,
    wanted: bool,
    out: &mut Vec<Finding>,
) {
    let individual = ctx.profile.kind == TaxpayerKind::Individual;
    let path = format!("{field}.stamp_yuan");
    if taxes.stamp.is_zero() {
        if wanted && !individual {
            out.push(catalogue::LAT_X5.at(
                path,
                "未填写本次申报实际缴纳的印花税；减免后的印花税可以扣除",
                "no stamp tax is among the taxes; what is due after its reliefs may be deducted",
            ));
        }
        return;
    }
    if let Ok(Some((expected, fits))) = due(it, taxes.stamp, ctx)
        && !fits
    {
        out.push(
            catalogue::LAT_X6
                .at(
                    path,
                    format!(
                        "按合同价款计算并减免后的印花税为 {expected}，填写为 {}",
                        taxes.stamp
                    ),
                    format!(
                        "stamp law gives {expected} after its reliefs, not {}",
                        taxes.stamp
                    ),
                )
                .numbers(expected, taxes.stamp),
        );
    }
}

/// The stamp tax on the price, halved where the six taxes are, and whether the stated one can be
/// it: the price counts without VAT, or with it where the contract does not list it apart. Until
/// mid-2022 it was rounded to the jiao.
fn due(
    it: &Transfer,
    stated: Money,
    ctx: &Context<'_>,
) -> Result<Option<(Money, bool)>, ChargeError> {
    let on = it.contract_on;
    let old = ctx.number("st.rate.transfer_document", on).ok();
    let jiao = old.is_some();
    let Some(rate) = old.or_else(|| ctx.number("st.rate.real_transfer", on).ok()) else {
        return Ok(None);
    };
    let half = six_taxes::eligibility(ctx, Month::of(on)).map(|(_, ratio)| ratio);
    let net = figures::income(&mut Work::new(ctx, on), &it.income)?;
    let gross = Money::sum(it.income.iter().map(|part| part.amount))?;
    let tax = |price: Money| -> Result<Money, ChargeError> {
        let tax = Exact::from(price).mul(rate.value)?;
        let tax = if jiao {
            Exact::from(tax.round_to_scale(1)?)
        } else {
            tax
        };
        let tax = tax.round_to_fen()?;
        let relief = match half {
            Some(ratio) => Exact::from(tax).mul(ratio)?.round_to_fen()?,
            None => Money::ZERO,
        };
        Ok(tax.minus(relief)?)
    };
    let expected = tax(net)?;
    Ok(Some((
        expected,
        stated == expected || stated == tax(gross)?,
    )))
}

/// X7: surcharges against the VAT of the simple method, where it is certain.
pub(super) fn surcharges(
    it: &Transfer,
    taxes: Taxes,
    ctx: &Context<'_>,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let simple = |part: &_| matches!(part, VatMethod::Simple);
    if !it.income.iter().all(|part| simple(&part.vat_method)) {
        return;
    }
    let on = it.contract_on;
    let (Some(table), Ok(net), Ok(gross)) = (
        ctx.rules.table("lat.surcharges", on),
        figures::income(&mut Work::new(ctx, on), &it.income),
        Money::sum(it.income.iter().map(|part| part.amount)),
    ) else {
        return;
    };
    let Ok(vat) = gross.minus(net) else {
        return;
    };
    let half = six_taxes::eligibility(ctx, Month::of(on)).map(|(_, ratio)| ratio);
    for (kind, name, stated) in [
        ("URBAN", "urban_construction_yuan", taxes.urban_construction),
        ("EDUCATION", "education_yuan", taxes.education),
        (
            "LOCAL_EDUCATION",
            "local_education_yuan",
            taxes.local_education,
        ),
    ] {
        let rows = table.rows.iter();
        let rows = rows.filter(|row| table.cell(row, "kind") == Some(kind));
        let rates = rows.filter_map(|row| table.cell(row, "rate"));
        let amounts: Vec<Money> = rates
            .filter_map(|rate| Decimal::from_str_exact(rate).ok())
            .filter_map(|rate| surcharge(vat, rate, half).ok())
            .collect();
        if !stated.is_zero() && !amounts.contains(&stated) {
            let list: Vec<String> = amounts.iter().map(ToString::to_string).collect();
            let expected = list.join(" / ");
            out.push(
                catalogue::LAT_X7
                    .at(
                        format!("{field}.{name}"),
                        format!("按增值税 {vat} 计算应为 {expected}，填写为 {stated}"),
                        format!("on a VAT of {vat} it is {expected}, not {stated}"),
                    )
                    .numbers(expected.clone(), stated),
            );
        }
    }
}

fn surcharge(vat: Money, rate: Decimal, half: Option<Decimal>) -> Result<Money, ChargeError> {
    let tax = Exact::from(vat).mul(rate)?.round_to_fen()?;
    let relief = match half {
        Some(ratio) => Exact::from(tax).mul(ratio)?.round_to_fen()?,
        None => Money::ZERO,
    };
    Ok(tax.minus(relief)?)
}
