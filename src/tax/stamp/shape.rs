//! What is wrong with a document before anything is computed.

use jiff::civil::Date;

use super::base::obligations;
use super::item::{Item, Regime};
use super::source::{Line, PartyRole, Source};
use crate::tax::{ChargeError, Context, Finding};
use crate::types::{Money, TaxKind};
use rust_decimal::Decimal;

/// The finding of items that are taxed but not filed on this return.
pub const NOT_ON_THIS_RETURN: &str = "ST_E10";

/// Every error of the document by itself.
pub fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if source.role == Some(PartyRole::Bystander) {
        found.push(Finding::error(
            "ST_E16",
            "role",
            "担保人、证人、鉴定人、委托贷款的委托人、拍卖人不是印花税纳税人",
            "guarantors, witnesses, appraisers, entrusting principals, auctioneers are not taxed",
            "财政部 税务总局公告2022年第22号 第一条",
        ));
    }
    if source.lines.is_empty() || source.count == 0 {
        found.push(contradiction(
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
    for (place, line) in source.lines.iter().enumerate() {
        let at = found.len();
        items(source, ctx, line, &mut found);
        amounts(regime, line, &mut found);
        exclusions(ctx, source.signed_on, line, &mut found);
        days(source, line, &mut found);
        reliefs(source, ctx, line, &mut found);
        let prefix = format!("lines[{place}]");
        let own: Vec<_> = found.drain(at..).map(|one| one.below(&prefix)).collect();
        found.extend(own);
        if let Err(error) = obligations(source, place, line)
            && !matches!(error, ChargeError::Missing(_))
        {
            found.push(error.into_finding());
        }
    }
    found
}

fn contradiction(field: &str, zh: &str, en: &str) -> Finding {
    Finding::error("ST_E18", field, zh, en, "印花税税源明细表 填表说明")
}

/// Items that exist on the signing day and belong on this return.
fn items(source: &Source, ctx: &Context<'_>, line: &Line, found: &mut Vec<Finding>) {
    let others = line.other_items.iter().enumerate();
    let named = others.map(|(place, item)| (*item, format!("other_items[{place}]")));
    for (item, field) in std::iter::once((line.item, "item".to_owned())).chain(named) {
        if item == Item::Securities {
            found.push(Finding::error(
                NOT_ON_THIS_RETURN,
                field,
                "证券交易印花税由证券登记结算机构代扣代缴，不在合并申报中申报",
                "securities trades are withheld by the clearing house, not filed on this return",
                "印花税法 第十四条；税务总局公告2022年第14号",
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
    if let Some(foreign) = &line.foreign_amount
        && (!line.vat_stated_apart.is_zero() || foreign.parity <= Decimal::ZERO)
    {
        found.push(contradiction(
            "foreign_amount",
            "外币金额应填写不含增值税的金额，汇率中间价应大于 0",
            "state foreign money without the VAT stated apart, with a parity above zero",
        ));
    }
    books(line, stated, found);
    if line.item.is_per_piece() && (stated || line.assessment.is_some()) {
        found.push(contradiction(
            "amount_yuan",
            "按件征税的税目不填写金额，按凭证数量计税",
            "an item taxed by the piece has no amount, only a count",
        ));
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
    if regime == Regime::Law2022 && line.assessment.is_some() {
        found.push(Finding::error(
            "ST_E19",
            "assessment",
            "印花税法施行后不再核定征收印花税",
            "assessed levy ended with the 1988 regulations",
            "税务总局公告2022年第14号（废止公告2016年第77号）",
        ));
    }
    let negative = line.amount.is_some_and(Money::is_negative)
        || line.vat_stated_apart.is_negative()
        || line.exclusions.iter().any(|one| one.amount.is_negative());
    if negative {
        found.push(Finding::error(
            "ST_E03",
            "amount_yuan",
            "计税金额及扣除金额不能为负数",
            "amounts must not be negative",
            "印花税税源明细表 第 11 栏",
        ));
    }
}

/// Books need their figures; nothing else has them.
fn books(line: &Line, stated: bool, found: &mut Vec<Finding>) {
    let is_books = line.item == Item::Books;
    if is_books && (line.capital.is_none() || stated || line.assessment.is_some()) {
        found.push(Finding::error(
            "ST_E13",
            "capital",
            "营业账簿应填写实收资本、资本公积和已计税的最高金额，按增加额计税",
            "books need paid-in capital, reserve and the largest sum taxed; the increase is taxed",
            "印花税法 第五条第（三）项、第十一条",
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

/// `ST_E20`: an exclusion belongs to one item (rule table `st.exclusions`).
fn exclusions(ctx: &Context<'_>, on: Date, line: &Line, found: &mut Vec<Finding>) {
    for (place, exclusion) in line.exclusions.iter().enumerate() {
        let allowed = ctx.rules.table("st.exclusions", on).is_some_and(|table| {
            table.rows.iter().any(|row| {
                table.cell(row, "kind") == Some(exclusion.kind.name())
                    && table.cell(row, "item") == Some(line.item.name())
            })
        });
        if !allowed {
            found.push(Finding::error(
                "ST_E20",
                format!("exclusions[{place}].kind"),
                format!(
                    "{} 不能从 {} 的金额中扣除",
                    exclusion.kind.name(),
                    line.item.name()
                ),
                format!(
                    "{} cannot be left out of {}",
                    exclusion.kind.name(),
                    line.item.name()
                ),
                "印花税法 税目税率表；财政部 税务总局公告2022年第22号 第三条",
            ));
        }
    }
}

/// Settlements of undetermined amounts only, changes of determined ones only, none before signing.
fn days(source: &Source, line: &Line, found: &mut Vec<Finding>) {
    let settled = line.settlements.iter().enumerate();
    let settled =
        settled.map(|(at, one)| (format!("settlements[{at}].settled_on"), one.settled_on));
    let amended = line.amendments.iter().enumerate();
    let amended = amended.map(|(at, one)| (format!("amendments[{at}].amended_on"), one.amended_on));
    for (field, day) in settled.chain(amended) {
        if day < source.signed_on {
            found.push(
                Finding::error(
                    "ST_E08",
                    field,
                    format!("日期 {day} 早于书立日期 {}", source.signed_on),
                    format!("{day} lies before the signing day {}", source.signed_on),
                    "税务总局公告2022年第14号 第一条",
                )
                .numbers(format!(">= {}", source.signed_on), day),
            );
        }
    }
    for (at, one) in line.settlements.iter().enumerate() {
        let mut earlier = line.settlements.iter().take(at);
        if earlier.any(|other| other.settled_on == one.settled_on) {
            found.push(Finding::error(
                "ST_E14",
                format!("settlements[{at}].settled_on"),
                format!("结算日期 {} 重复填报，同日结算应合并为一笔", one.settled_on),
                format!("two settlements on {}; add them up", one.settled_on),
                "印花税税源明细表 填表说明",
            ));
        }
    }
    if !line.settlements.is_empty() && !line.is_undetermined() {
        found.push(Finding::error(
            "ST_E09",
            "settlements",
            "书立时已按所载金额计税的凭证，实际结算金额不再重复计税；金额变更的，填写变更",
            "a document taxed on its stated amount is not taxed again when settled; state a change",
            "印花税法 第六条；财政部 税务总局公告2022年第22号 第三条第（二）项",
        ));
    }
    if !line.amendments.is_empty() && (line.is_undetermined() || line.amount.is_none()) {
        found.push(Finding::error(
            "ST_E21",
            "amendments",
            "只有书立时列明人民币金额的凭证可以填写金额变更",
            "only a line with an amount stated in yuan can be changed",
            "财政部 税务总局公告2022年第22号 第三条第（二）项",
        ));
    }
}

/// `ST_E05`: a claim must be of this tax, and its days must include the signing day.
fn reliefs(source: &Source, ctx: &Context<'_>, line: &Line, found: &mut Vec<Finding>) {
    for (place, claim) in line.reliefs.iter().enumerate() {
        let rule = ctx.rules.relief(&claim.relief_id);
        let foreign = rule.is_some_and(|rule| rule.tax != TaxKind::StampTax);
        let elsewhere = claim
            .period
            .is_some_and(|days| !days.contains(source.signed_on));
        if foreign || elsewhere {
            found.push(Finding::error(
                "ST_E05",
                format!("reliefs[{place}]"),
                format!(
                    "减免税项目 {} 不适用于书立日期 {}",
                    claim.relief_id, source.signed_on
                ),
                format!(
                    "relief {} is not for a document of {}",
                    claim.relief_id, source.signed_on
                ),
                rule.map(|rule| rule.source.cite.clone())
                    .unwrap_or_default(),
            ));
        }
    }
}
