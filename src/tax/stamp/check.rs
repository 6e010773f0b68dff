//! Everything that can be said of a document: errors, doubts, and what the other taxes will want.

use rust_decimal::Decimal;

use super::PER_OCCURRENCE;
use super::base::{Basis, Event};
use super::catalogue;
use super::charge::{Arisen, arising, unproven_refund};
use super::fingerprint::said;
use super::item::{Item, Regime};
use super::place;
use super::shape;
use super::source::{CounterpartyKind, FilingMode, Line, PartyRole, Source};
use crate::tax::{BaseUnit, Check, Context, Finding, Severity, TaxpayerKind};
use crate::types::Money;

/// The relief of individuals who buy or sell housing (财税〔2008〕137号).
const HOUSING_SALE: &str = "ST_HOUSING_SALE";

/// Every finding of the document.
pub fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = shape::findings(source, ctx);
    if source.out_of_scope.is_some() {
        found.extend(place::untaxed(source, ctx));
        return found;
    }
    let broken = found.iter().any(|one| one.severity == Severity::Error);
    let regime = Regime::of(ctx, source.signed_on).unwrap_or(Regime::Law2022);
    document(source, regime, &mut found);
    twins(source, &mut found);
    for (place, line) in source.lines.iter().enumerate() {
        let at = found.len();
        doubts(source, ctx, regime, line, &mut found);
        cross_tax(source, line, &mut found);
        let prefix = format!("lines[{place}]");
        let own: Vec<_> = found.drain(at..).map(|one| one.below(&prefix)).collect();
        found.extend(own);
    }
    if !broken {
        computed(source, ctx, &mut found);
    }
    found
}

/// Doubts about the document as a whole.
fn document(source: &Source, regime: Regime, found: &mut Vec<Finding>) {
    let is_own = |line: &Line| line.item == Item::Books || line.item.is_per_piece();
    if source.count == 1 && source.counterparties.is_empty() && !source.lines.iter().all(is_own) {
        found.push(catalogue::ST_W02.at(
            "counterparties",
            "单份凭证未填写对方书立人",
            "a single document without a counterparty",
        ));
    }
    if source.unperformed {
        let finding = catalogue::ST_H01.at(
            "unperformed",
            "未履行的应税合同，已缴纳的印花税不予退还或抵缴",
            "tax on a contract that was not performed is neither refunded nor credited",
        );
        found.push(match regime {
            Regime::Reg1988 => finding.under("国家税务局（88）国税地字第025号 第七条"),
            Regime::Law2022 => finding,
        });
    }
    if source.signed_abroad {
        let finding = catalogue::ST_H02.at(
            "signed_abroad",
            "境外书立境内使用的凭证：不动产在境内、股权为居民企业股权等情形应当申报",
            "signed abroad: taxable when what it is about lies or is used in China",
        );
        found.push(match regime {
            Regime::Reg1988 => finding.under("印花税暂行条例施行细则 第十四条"),
            Regime::Law2022 => finding,
        });
    }
}

/// `ST_W10`: lines of one document that say the same.
fn twins(source: &Source, found: &mut Vec<Finding>) {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for (place, line) in source.lines.iter().enumerate() {
        let says = (said(line), line.sub_item.as_str());
        if seen.contains(&says) {
            found.push(catalogue::ST_W10.at(
                format!("lines[{place}]"),
                "同一凭证中有税目和金额相同的两行，请确认不是重复填报",
                "two lines of the document have the same item and amount: is one too many?",
            ));
        }
        seen.push(says);
    }
}

fn doubts(
    source: &Source,
    ctx: &Context<'_>,
    regime: Regime,
    line: &Line,
    found: &mut Vec<Finding>,
) {
    if line.vat_rate_named && line.vat_stated_apart.is_zero() {
        found.push(catalogue::ST_W03.at(
            "vat_rate_named",
            "凭证只列明税率、未单独列明增值税款，按含税金额全额计税",
            "only a VAT rate is named, so the whole amount with VAT is taxed",
        ));
    }
    loans(source, regime, line, found);
    let individual = ctx.profile.kind == TaxpayerKind::Individual
        || source.has_party(CounterpartyKind::Individual);
    // The regulations had no such exception.
    if line.item == Item::Sale && individual && regime == Regime::Law2022 {
        found.push(catalogue::ST_W05.at(
            "item",
            "个人书立的动产买卖合同不征印花税",
            "sales of movables signed by an individual are not taxed",
        ));
    }
    let housing = line
        .reliefs
        .iter()
        .any(|claim| claim.relief_id == HOUSING_SALE);
    if housing && ctx.profile.kind != TaxpayerKind::Individual {
        found.push(catalogue::ST_W06.at(
            "reliefs",
            "住房买卖免税对个人书立方无疑义；非个人一方能否同免，各地口径不一",
            "the housing exemption is sure for the individual; for the other party bureaus differ",
        ));
    }
    if !line.other_items.is_empty() {
        found.push(
            catalogue::ST_H04
                .at(
                    "other_items",
                    "不同税目的金额未分别列明，全额从高适用税率；分别列明的，各按其税率计税",
                    "not stated apart, all is taxed at the highest rate; apart, each at its own",
                )
                .under(regime.law("印花税暂行条例施行细则 第十七条", "印花税法 第九条")),
        );
    }
    let word = ctx.text(line.item.frequency_parameter(), source.signed_on);
    if source.filing_mode == FilingMode::Periodic && word == Ok(PER_OCCURRENCE) {
        found.push(catalogue::ST_H05.at(
            "item",
            "当地规定该税目按次申报，应自书立之日起十五日内申报",
            "its place has this item filed by the occurrence, within 15 days of the signing",
        ));
    }
}

/// Loans that are not taxed.
fn loans(source: &Source, regime: Regime, line: &Line, found: &mut Vec<Finding>) {
    if line.item != Item::Loan {
        return;
    }
    let law = regime.law(
        "印花税暂行条例 税目税率表（借款合同）",
        "印花税法 税目税率表（借款合同）",
    );
    let bank = source.has_party(CounterpartyKind::FinancialInstitution);
    if source.role == Some(PartyRole::Recipient) && !bank {
        let finding = catalogue::ST_W04.at(
            "item",
            "出借人不是银行业金融机构或经批准的其他金融机构的借款合同，不征印花税",
            "a loan from a lender that is not a licensed financial institution is not taxed",
        );
        found.push(finding.under(law));
    }
    if source.role == Some(PartyRole::Provider) && bank {
        let finding = catalogue::ST_W07.at(
            "item",
            "银行业金融机构之间的同业拆借合同不征印花税",
            "loans between financial institutions (interbank) are not taxed",
        );
        found.push(finding.under(law));
    }
}

/// What other taxes hang on the document (spec §8, X01–X06).
fn cross_tax(source: &Source, line: &Line, found: &mut Vec<Finding>) {
    let of_property = source.real_property.is_some();
    let transfer =
        line.item == Item::RealTransfer || line.item == Item::TransferDocument && of_property;
    let (rule, zh, en): (&Check, _, _) = match (line.item, source.role) {
        (_, Some(PartyRole::Provider)) if transfer => (
            catalogue::ST_X01,
            "转让方应在房地产所在地申报土地增值税；其可扣除本印花税，应先算印花税",
            "the transferor files land appreciation tax, which deducts this tax: compute it first",
        ),
        (_, Some(PartyRole::Recipient)) if transfer => (
            catalogue::ST_X02,
            "承受方应就同一合同申报契税，计税依据不含增值税",
            "the transferee files deed tax on the same contract, on the price without VAT",
        ),
        (Item::LandGrant, _) => (
            catalogue::ST_X03,
            "取得土地使用权应申报契税，其后申报城镇土地使用税；占用耕地的，申报耕地占用税",
            "the grant also bears deed tax, later land use tax and, on farmland, occupation tax",
        ),
        (Item::Lease, Some(PartyRole::Provider)) => (
            catalogue::ST_X04,
            "出租房屋的，房产税从租计征的租金不应少于本合同不含税租金",
            "the rent under real estate tax should not be below this rent without VAT",
        ),
        (Item::Equity, _) => (
            catalogue::ST_X06,
            "股权转让不申报土地增值税和契税；以转让股权名义转让房地产的除外",
            "no land appreciation or deed tax on shares, unless it is real estate in truth",
        ),
        _ => return,
    };
    found.push(rule.at("item", zh, en));
    if transfer && of_property && source.role == Some(PartyRole::Provider) {
        found.push(catalogue::ST_X05.at(
            "item",
            "转让旧房及建筑物的，本印花税可作为与转让房地产有关的税金扣除，先于土地增值税计算",
            "an old building: land appreciation tax deducts this tax, so compute it first",
        ));
    }
}

/// What only the computed tax shows, for what arises in the period.
fn computed(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let arisen = match arising(source, ctx) {
        Ok(arisen) => arisen,
        Err(error) => {
            found.push(error.into_finding());
            return;
        }
    };
    for one in arisen {
        found.extend(rounded_away(&one));
        found.extend(cut(&one));
        found.extend(paid_otherwise(&one));
        match unproven_refund(&one) {
            Ok(finding) => found.extend(finding),
            Err(error) => found.push(error.into_finding()),
        }
    }
}

/// `ST_W01`: a base that gives no tax.
fn rounded_away(arisen: &Arisen<'_>) -> Option<Finding> {
    let charge = &arisen.charge;
    let by_value = matches!(arisen.obligation.basis, Basis::Value(_));
    let nothing = charge.tax_amount.is_zero() && charge.base > Decimal::ZERO;
    (by_value && nothing && charge.base_unit == BaseUnit::Yuan).then(|| {
        catalogue::ST_W01
            .at(
                arisen.obligation.field.as_str(),
                format!("计税金额 {} 的应纳税额舍入后为 0.00", charge.base),
                format!("the tax on {} rounds to 0.00", charge.base),
            )
            .numbers("> 0.00", "0.00")
    })
}

/// `ST_W08`: approved amounts above the tax, cut to it (decision G2).
fn cut(arisen: &Arisen<'_>) -> Vec<Finding> {
    let obligation = &arisen.obligation;
    let charge = &arisen.charge;
    // What a settlement does not use is left for the next one.
    if !matches!(obligation.basis, Basis::Value(_)) || obligation.event != Event::Signed {
        return Vec::new();
    }
    let mut left = charge.tax_amount;
    let mut found = Vec::new();
    let mut lines = charge.reliefs.iter().peekable();
    for (place, claim) in obligation.line.reliefs.iter().enumerate() {
        // Relief lines stand in the order of the claims; a claim of nothing has none.
        let used = lines
            .next_if(|line| line.relief_id == claim.relief_id)
            .map_or(Money::ZERO, |line| line.amount);
        if let Some(amount) = claim.amount
            && amount > left
        {
            found.push(
                catalogue::ST_W08
                    .at(
                        format!("{}.reliefs[{place}].amount_yuan", obligation.field),
                        format!("批准的减免税额 {amount} 大于可减免的税额 {left}，按 {left} 减免"),
                        format!("the approved {amount} is more than the tax left, {left}: cut"),
                    )
                    .numbers(left, amount),
            );
        }
        left = left.minus(used).unwrap_or(Money::ZERO).or_zero();
    }
    found
}

/// `ST_W09`: on a decrease, tax paid that is not what was due before.
fn paid_otherwise(arisen: &Arisen<'_>) -> Option<Finding> {
    let obligation = &arisen.obligation;
    let (before, paid) = (arisen.before, obligation.paid);
    (obligation.event == Event::Decreased && paid != before).then(|| {
        catalogue::ST_W09
            .at(
                format!("{}.paid_yuan", obligation.field),
                format!("变更前本行应缴税额为 {before}，填写的已缴税额为 {paid}，请核实"),
                format!(
                    "before the change the line was due {before}, but {paid} is stated as paid"
                ),
            )
            .numbers(before, paid)
    })
}
