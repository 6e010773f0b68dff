//! What is wrong with a document before anything is computed.

use rust_decimal::Decimal;

use super::amount::highest_rate;
use super::base::obligations;
use super::catalogue;
use super::claims;
use super::item::{Item, Regime};
use super::place;
use super::source::{Line, PartyRole, Source};
use crate::tax::{ChargeError, Context, Finding};
use crate::types::Money;

/// Every error of the document by itself.
pub fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if source.out_of_scope.is_some() {
        place::scope(source, ctx, &mut found);
        return found;
    }
    if source.lines.is_empty() || source.count == 0 {
        found.push(catalogue::ST_E18.at(
            "lines",
            "凭证至少应有一个税目，数量至少为 1",
            "a document has at least one item and a count of at least 1",
        ));
    }
    let regime = match Regime::of(ctx, source.signed_on) {
        Ok(regime) => regime,
        Err(error) => {
            found.push(error.into_finding());
            return found;
        }
    };
    if source.role == Some(PartyRole::Bystander) {
        let bystander = catalogue::ST_E16.at(
            "role",
            "担保人、证人、鉴定人、委托贷款的委托人、拍卖人不是印花税纳税人",
            "guarantors, witnesses, appraisers, entrusting principals, auctioneers are not taxed",
        );
        found.push(match regime {
            Regime::Reg1988 => bystander.under("印花税暂行条例施行细则 第十五条"),
            Regime::Law2022 => bystander,
        });
    }
    place::real_property(source, ctx, regime, &mut found);
    place::tax_period(source, ctx, &mut found);
    for (place, line) in source.lines.iter().enumerate() {
        let at = found.len();
        items(source, ctx, line, &mut found);
        amounts(regime, line, &mut found);
        signs(line, &mut found);
        exclusions(source, ctx, line, &mut found);
        days(source, line, &mut found);
        claims::findings(source, ctx, line, &mut found);
        let prefix = format!("lines[{place}]");
        let own: Vec<_> = found.drain(at..).map(|one| one.below(&prefix)).collect();
        found.extend(own);
        if let Err(error) = obligations(source, place, line, ctx)
            && !matches!(error, ChargeError::Missing(_))
        {
            found.push(error.into_finding());
        }
    }
    found
}

fn contradiction(field: &str, zh: &str, en: &str) -> Finding {
    catalogue::ST_E18.at(field, zh, en)
}

/// Items that exist on the signing day and belong on this return, with the table's rate.
fn items(source: &Source, ctx: &Context<'_>, line: &Line, found: &mut Vec<Finding>) {
    let at = found.len();
    let others = line.other_items.iter().enumerate();
    let named = others.map(|(place, item)| (*item, format!("other_items[{place}]")));
    for (item, field) in std::iter::once((line.item, "item".to_owned())).chain(named) {
        if item == Item::Securities {
            found.push(catalogue::ST_E10.at(
                field,
                "证券交易印花税由证券登记结算机构代扣代缴，不在合并申报中申报",
                "securities trades are withheld by the clearing house, not filed on this return",
            ));
        } else if let Err(error) = item.rate(ctx, source.signed_on, &field) {
            found.push(error.into_finding());
        }
    }
    let special = |item: &Item| item.is_per_piece() || *item == Item::Books;
    if !line.other_items.is_empty() && line.other_items.iter().chain([&line.item]).any(special) {
        found.push(contradiction(
            "other_items",
            "按件或按账簿征税的税目不能与其他税目合并列示",
            "items taxed by the piece and books cannot be mixed with other items",
        ));
    }
    if found.len() == at
        && let Some(rate) = line.rate
        && let Ok(table) = highest_rate(ctx, source.signed_on, line, 0)
        && table.value != rate
    {
        found.push(
            catalogue::ST_E02
                .at(
                    "rate",
                    format!("填写的税率 {rate} 与税目税率表的 {} 不符", table.value),
                    format!(
                        "the rate {rate} on the form is not the table's {}",
                        table.value
                    ),
                )
                .under(match Regime::of(ctx, source.signed_on) {
                    Ok(Regime::Reg1988) => "印花税暂行条例 第三条、税目税率表",
                    _ => catalogue::ST_E02.legal_basis,
                })
                .numbers(table.value, rate)
                .fix("rate", table.value),
        );
    }
}

/// Exactly the amounts that the item takes.
fn amounts(regime: Regime, line: &Line, found: &mut Vec<Finding>) {
    let stated = line.amount.is_some() || line.foreign_amount.is_some();
    if line.amount.is_some() && line.foreign_amount.is_some() {
        found.push(contradiction(
            "foreign_amount",
            "人民币金额与外币金额只能填写一项",
            "state the amount in yuan or in foreign money, not both",
        ));
    }
    if let Some(foreign) = &line.foreign_amount {
        if !line.vat_stated_apart.is_zero() || foreign.parity <= Decimal::ZERO {
            found.push(contradiction(
                "foreign_amount",
                "外币金额应填写不含增值税的金额，汇率中间价应大于 0",
                "state foreign money without the VAT stated apart, with a parity above zero",
            ));
        }
        if foreign.currency == "CNY" {
            found.push(contradiction(
                "foreign_amount.currency",
                "人民币金额请填写在金额栏",
                "an amount in yuan is stated as amount_yuan",
            ));
        }
    }
    books(line, stated, found);
    pieces(line, stated, found);
    if line.is_undetermined() {
        let apart = !line.vat_stated_apart.is_zero() || !line.exclusions.is_empty();
        if apart || line.price_basis.is_some() {
            found.push(contradiction(
                "amount_yuan",
                "列明增值税、扣除项目或价格依据的，应填写金额",
                "VAT, parts or a price stated apart call for the amount itself",
            ));
        }
    }
    let whole = |share: Decimal| Decimal::ZERO < share && share <= Decimal::ONE;
    let bad_share = line
        .own_share
        .is_some_and(|share| !whole(share) || line.co_parties > 1);
    if line.co_parties == 0 || bad_share {
        found.push(contradiction(
            "own_share",
            "份额应大于 0 且不超过 1；列明份额的，不再按人数平均分摊",
            "a share lies above 0 and up to 1; a stated share excludes an equal split",
        ));
    }
    if line.interest_free && line.item != Item::Loan {
        found.push(contradiction(
            "interest_free",
            "只有借款合同填写是否无息、贴息",
            "only a loan is free of interest",
        ));
    }
    if regime == Regime::Law2022 && line.assessment.is_some() {
        found.push(catalogue::ST_E19.at(
            "assessment",
            "印花税法施行后不再核定征收印花税",
            "assessed levy ended with the 1988 regulations",
        ));
    }
}

/// What is taxed by the piece has a count and nothing else.
fn pieces(line: &Line, stated: bool, found: &mut Vec<Finding>) {
    let amounts = stated
        || line.assessment.is_some()
        || line.price_basis.is_some()
        || !line.vat_stated_apart.is_zero();
    if line.item.is_per_piece() && (amounts || line.own_share.is_some() || line.co_parties > 1) {
        found.push(contradiction(
            "amount_yuan",
            "按件征税的税目不填写金额和份额，按凭证数量计税",
            "an item taxed by the piece has no amount and no share, only a count",
        ));
    }
}

/// Books need their figures; nothing else has them.
fn books(line: &Line, stated: bool, found: &mut Vec<Finding>) {
    let is_books = line.item == Item::Books;
    let shared = line.own_share.is_some() || line.co_parties > 1;
    let other = stated || line.assessment.is_some() || !line.vat_stated_apart.is_zero();
    if is_books && (line.capital.is_none() || other || shared) {
        found.push(catalogue::ST_E13.at(
            "capital",
            "营业账簿只填写实收资本、资本公积和已计税的最高金额，按增加额计税",
            "books state only paid-in capital, reserve and the largest sum taxed",
        ));
    }
    if !is_books && line.capital.is_some() {
        found.push(contradiction(
            "capital",
            "只有营业账簿填写资本金额",
            "only books have capital figures",
        ));
    }
}

/// `ST_E03`: no amount is negative.
fn signs(line: &Line, found: &mut Vec<Finding>) {
    let mut amounts: Vec<(String, Money)> = vec![
        ("vat_stated_apart_yuan".to_owned(), line.vat_stated_apart),
        ("prior_paid_yuan".to_owned(), line.prior_paid),
    ];
    amounts.extend(line.amount.map(|one| ("amount_yuan".to_owned(), one)));
    for (at, one) in line.exclusions.iter().enumerate() {
        amounts.push((format!("exclusions[{at}].amount_yuan"), one.amount));
    }
    if let Some(capital) = &line.capital {
        let mark = capital.taxed_high_water;
        amounts.push(("capital.paid_in_capital_yuan".to_owned(), capital.paid_in));
        amounts.push(("capital.capital_reserve_yuan".to_owned(), capital.reserve));
        amounts.push(("capital.taxed_high_water_yuan".to_owned(), mark));
    }
    if let Some(assessment) = &line.assessment {
        amounts.push(("assessment.base_yuan".to_owned(), assessment.base));
    }
    for (at, one) in line.settlements.iter().enumerate() {
        let vat = one.vat_stated_apart;
        amounts.push((format!("settlements[{at}].amount_yuan"), one.amount));
        amounts.push((format!("settlements[{at}].vat_stated_apart_yuan"), vat));
    }
    for (at, one) in line.amendments.iter().enumerate() {
        let vat = one.vat_stated_apart;
        amounts.push((format!("amendments[{at}].amount_yuan"), one.amount));
        amounts.push((format!("amendments[{at}].vat_stated_apart_yuan"), vat));
        amounts.push((format!("amendments[{at}].paid_yuan"), one.paid));
    }
    let foreign = line.foreign_amount.as_ref();
    let below = foreign.is_some_and(|one| one.amount < Decimal::ZERO);
    let fields = amounts
        .into_iter()
        .filter(|(_, amount)| amount.is_negative())
        .map(|(field, amount)| (field, amount.to_string()))
        .chain(
            foreign
                .filter(|_| below)
                .map(|one| ("foreign_amount.amount".to_owned(), one.amount.to_string())),
        );
    for (field, amount) in fields {
        let told = catalogue::ST_E03
            .at(
                field,
                "计税金额、扣除金额和已缴税额不能为负数",
                "an amount must not be negative",
            )
            .under("印花税税源明细表 第 11 栏")
            .numbers(">= 0.00", amount);
        found.push(told);
    }
}

/// `ST_E20`: an exclusion belongs to one item (rule table `st.exclusions`).
fn exclusions(source: &Source, ctx: &Context<'_>, line: &Line, found: &mut Vec<Finding>) {
    for (place, exclusion) in line.exclusions.iter().enumerate() {
        let (kind, item) = (exclusion.kind.name(), line.item.name());
        let table = ctx.rules.table("st.exclusions", source.signed_on);
        let allowed = table.is_some_and(|table| {
            table.rows.iter().any(|row| {
                table.cell(row, "kind") == Some(kind) && table.cell(row, "item") == Some(item)
            })
        });
        if !allowed {
            found.push(catalogue::ST_E20.at(
                format!("exclusions[{place}].kind"),
                format!("{kind} 不能从 {item} 的金额中扣除"),
                format!("{kind} cannot be left out of {item}"),
            ));
        }
    }
}

/// Settlements of undetermined amounts only, changes of determined ones only, none before signing,
/// one on a day.
fn days(source: &Source, line: &Line, found: &mut Vec<Finding>) {
    let settled = line.settlements.iter().enumerate();
    let settled =
        settled.map(|(at, one)| (format!("settlements[{at}].settled_on"), one.settled_on));
    let amended = line.amendments.iter().enumerate();
    let amended = amended.map(|(at, one)| (format!("amendments[{at}].amended_on"), one.amended_on));
    let mut seen = Vec::new();
    for (field, day) in settled.chain(amended) {
        if day < source.signed_on {
            found.push(
                catalogue::ST_E08
                    .at(
                        field.clone(),
                        format!("日期 {day} 早于书立日期 {}", source.signed_on),
                        format!("{day} lies before the signing day {}", source.signed_on),
                    )
                    .numbers(format!(">= {}", source.signed_on), day),
            );
        }
        if seen.contains(&day) {
            found.push(catalogue::ST_E14.at(
                field,
                format!("日期 {day} 重复填报，同日的结算或变更应合并为一笔"),
                format!("two settlements or changes on {day}; make them one"),
            ));
        }
        seen.push(day);
    }
    if !line.settlements.is_empty() && !line.is_undetermined() {
        found.push(catalogue::ST_E09.at(
            "settlements",
            "书立时已按所载金额计税的凭证，实际结算金额不再重复计税；金额变更的，填写变更",
            "a document taxed on its stated amount is not taxed again when settled; state a change",
        ));
    }
    if !line.amendments.is_empty() && (line.is_undetermined() || line.amount.is_none()) {
        found.push(catalogue::ST_E21.at(
            "amendments",
            "只有书立时列明人民币金额的凭证可以填写金额变更",
            "only a line with an amount stated in yuan can be changed",
        ));
    }
}
