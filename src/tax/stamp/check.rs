//! Everything that can be said of a document: errors, doubts, and what the other taxes will want.

use rust_decimal::Decimal;

use super::base::{Basis, Obligation};
use super::charge::{arising, unproven_refund};
use super::item::Item;
use super::shape;
use super::source::{CounterpartyKind, Line, PartyRole, Source};
use crate::tax::{BaseUnit, Charge, Context, Finding, Severity, TaxpayerKind};

/// The relief of individuals who buy or sell housing (财税〔2008〕137号).
const HOUSING_SALE: &str = "ST_HOUSING_SALE";

/// Every finding of the document.
pub fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = shape::findings(source, ctx);
    let broken = found.iter().any(|one| one.severity == Severity::Error);
    document(source, &mut found);
    for (place, line) in source.lines.iter().enumerate() {
        let at = found.len();
        doubts(source, ctx, line, &mut found);
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
fn document(source: &Source, found: &mut Vec<Finding>) {
    let is_own = |line: &Line| line.item == Item::Books || line.item.is_per_piece();
    if source.count == 1 && source.counterparties.is_empty() && !source.lines.iter().all(is_own) {
        found.push(Finding::warning(
            "ST_W02",
            "counterparties",
            "单份凭证未填写对方书立人",
            "a single document without a counterparty",
            "印花税税源明细表 第 18 至 20 栏",
        ));
    }
    if source.unperformed {
        found.push(Finding::hint(
            "ST_H01",
            "unperformed",
            "未履行的应税合同，已缴纳的印花税不予退还或抵缴",
            "tax on a contract that was not performed is neither refunded nor credited",
            "财政部 税务总局公告2022年第22号 第三条第（七）项",
        ));
    }
    if source.signed_abroad {
        found.push(Finding::hint(
            "ST_H02",
            "signed_abroad",
            "境外书立境内使用的凭证：不动产在境内、股权为居民企业股权等情形应当申报",
            "signed abroad: taxable when what it is about lies or is used in China",
            "财政部 税务总局公告2022年第22号 第二条",
        ));
    }
}

fn doubts(source: &Source, ctx: &Context<'_>, line: &Line, found: &mut Vec<Finding>) {
    if line.vat_rate_named && line.vat_stated_apart.is_zero() {
        found.push(Finding::warning(
            "ST_W03",
            "vat_rate_named",
            "凭证只列明税率、未单独列明增值税款，按含税金额全额计税",
            "only a VAT rate is named, so the whole amount with VAT is taxed",
            "印花税法 第五条",
        ));
    }
    let has = |kind| {
        source
            .counterparties
            .iter()
            .any(|one| one.kind == Some(kind))
    };
    let borrower = line.item == Item::Loan && source.role == Some(PartyRole::Recipient);
    if borrower && !has(CounterpartyKind::FinancialInstitution) {
        found.push(Finding::warning(
            "ST_W04",
            "item",
            "出借人不是银行业金融机构或经批准的其他金融机构的借款合同，不征印花税",
            "a loan from a lender that is not a licensed financial institution is not taxed",
            "印花税法 税目税率表（借款合同）",
        ));
    }
    let lender = line.item == Item::Loan && source.role == Some(PartyRole::Provider);
    if lender && has(CounterpartyKind::FinancialInstitution) {
        found.push(Finding::warning(
            "ST_W07",
            "item",
            "银行业金融机构之间的同业拆借合同不征印花税",
            "loans between financial institutions (interbank) are not taxed",
            "印花税法 税目税率表（借款合同）",
        ));
    }
    let individual =
        ctx.profile.kind == TaxpayerKind::Individual || has(CounterpartyKind::Individual);
    if line.item == Item::Sale && individual {
        found.push(Finding::warning(
            "ST_W05",
            "item",
            "个人书立的动产买卖合同不征印花税",
            "sales of movables signed by an individual are not taxed",
            "印花税法 税目税率表（买卖合同）",
        ));
    }
    let housing = line
        .reliefs
        .iter()
        .any(|claim| claim.relief_id == HOUSING_SALE);
    if housing && ctx.profile.kind != TaxpayerKind::Individual {
        found.push(Finding::warning(
            "ST_W06",
            "reliefs",
            "住房买卖免税对个人书立方无疑义；非个人一方能否同免，各地口径不一",
            "the housing exemption is sure for the individual; for the other party bureaus differ",
            "财税〔2008〕137号 第二条；公告2022年第22号 第四条第（一）项",
        ));
    }
}

/// What other taxes hang on the document (spec §8, X01–X06).
fn cross_tax(source: &Source, line: &Line, found: &mut Vec<Finding>) {
    let (rule_id, zh, en, cite) = match (line.item, source.role) {
        (Item::RealTransfer, Some(PartyRole::Provider)) => (
            "ST_X01",
            "转让方应在房地产所在地申报土地增值税；其可扣除本印花税，应先算印花税",
            "the transferor files land appreciation tax, which deducts this tax: compute it first",
            "土地增值税暂行条例 第二条；财税字〔1995〕48号 第九条",
        ),
        (Item::RealTransfer, Some(PartyRole::Recipient)) => (
            "ST_X02",
            "承受方应就同一合同申报契税，计税依据不含增值税",
            "the transferee files deed tax on the same contract, on the price without VAT",
            "契税法 第一条、第四条",
        ),
        (Item::LandGrant, _) => (
            "ST_X03",
            "取得土地使用权应申报契税，其后申报城镇土地使用税；占用耕地的，申报耕地占用税",
            "the grant also bears deed tax, later land use tax and, on farmland, occupation tax",
            "契税法 第一条；城镇土地使用税暂行条例 第九条",
        ),
        (Item::Lease, Some(PartyRole::Provider)) => (
            "ST_X04",
            "出租房屋的，房产税从租计征的租金不应少于本合同不含税租金",
            "the rent under real estate tax should not be below this rent without VAT",
            "房产税暂行条例 第三条",
        ),
        (Item::Equity, _) => (
            "ST_X06",
            "股权转让不申报土地增值税和契税；以转让股权名义转让房地产的除外",
            "no land appreciation or deed tax on shares, unless it is real estate in truth",
            "国税函〔2000〕687号",
        ),
        _ => return,
    };
    found.push(Finding::hint(rule_id, "item", zh, en, cite));
}

/// What only the computed tax shows, for what arises in the period.
fn computed(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let charges = match arising(source, ctx) {
        Ok(charges) => charges,
        Err(error) => {
            found.push(error.into_finding());
            return;
        }
    };
    for (obligation, charge) in charges {
        found.extend(rounded_away(&obligation, &charge));
        match unproven_refund(&obligation, &charge) {
            Ok(finding) => found.extend(finding),
            Err(error) => found.push(error.into_finding()),
        }
    }
}

/// `ST_W01`: a base that gives no tax.
fn rounded_away(obligation: &Obligation<'_>, charge: &Charge) -> Option<Finding> {
    let by_value = matches!(obligation.basis, Basis::Value(_));
    let nothing = charge.tax_amount.is_zero() && charge.base > Decimal::ZERO;
    (by_value && nothing && charge.base_unit == BaseUnit::Yuan).then(|| {
        Finding::warning(
            "ST_W01",
            format!("lines[{}]", obligation.place),
            format!("计税金额 {} 的应纳税额舍入后为 0.00", charge.base),
            format!("the tax on {} rounds to 0.00", charge.base),
            "印花税法 第八条",
        )
        .numbers("> 0.00", "0.00")
    })
}
