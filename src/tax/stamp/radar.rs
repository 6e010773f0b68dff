//! Reliefs that seem due but are not claimed (应享未享), and claims whose condition does not hold
//! (错误享受), by the document's own facts. A fact that is not said is unknown and tells nothing.

use super::catalogue;
use super::claims::covers;
use super::facts::PropertyUse;
use super::item::Item;
use super::source::{CounterpartyKind, Line, PartyRole, Source};
use crate::rules::{ReliefRule, ReliefShape};
use crate::tax::{Check, Context, Opportunity, ReliefClaim, SixTaxesSubject, TaxpayerKind};

/// Whose relief it is: the facts of the taxpayer, the document and one line.
struct Facts<'a> {
    ctx: &'a Context<'a>,
    source: &'a Source,
    line: &'a Line,
}

/// A relief with the facts that suggest it and those that speak against it.
struct Scent {
    /// The ids of the relief over time; the one in force on the signing day counts.
    reliefs: &'static [&'static str],
    /// Due but not claimed.
    due: &'static Check,
    suggests: fn(&Facts<'_>) -> bool,
    told_due: (&'static str, &'static str),
    /// The field of the fact that decides.
    field: &'static str,
    /// Claimed but not due.
    undue: Option<Undue>,
}

/// What speaks against a claim.
struct Undue {
    check: &'static Check,
    denies: fn(&Facts<'_>) -> bool,
    told: (&'static str, &'static str),
}

impl Facts<'_> {
    fn individual(&self) -> bool {
        self.ctx.profile.kind == TaxpayerKind::Individual
            || self.source.has_party(CounterpartyKind::Individual)
    }

    /// Neither the taxpayer nor any counterparty, all of whom are known, is an individual.
    fn no_individual(&self) -> bool {
        !self.individual() && self.source.knows_its_parties()
    }

    fn property(&self, used_as: PropertyUse) -> bool {
        let property = self.source.real_property.as_ref();
        property.is_some_and(|property| property.used_as == used_as)
    }

    fn not_housing(&self) -> bool {
        self.property(PropertyUse::Building) || self.property(PropertyUse::Land)
    }

    fn organisation(&self) -> bool {
        self.ctx.profile.kind == TaxpayerKind::Organisation
    }

    /// The taxpayer's standing as a small enterprise on the signing day.
    fn small(&self) -> bool {
        let month = crate::types::Month::of(self.source.signed_on);
        self.ctx.profile.six_taxes.iter().any(|window| {
            window.subject == SixTaxesSubject::SmallLowProfit
                && window.first <= month
                && window.last.is_none_or(|last| month <= last)
        })
    }
}

const SCENTS: &[Scent] = &[
    Scent {
        reliefs: &["ST_CAPITAL_BOOK_HALF"],
        due: catalogue::ST_RADAR_CAPITAL_BOOK_HALF,
        suggests: |facts| facts.line.item == Item::Books,
        told_due: (
            "资金账簿减半征收，本行未申报该减免",
            "capital books are halved, and the line does not claim it",
        ),
        field: "item",
        undue: None,
    },
    Scent {
        reliefs: &["ST_OTHER_BOOKS_EXEMPT"],
        due: catalogue::ST_RADAR_OTHER_BOOKS_EXEMPT,
        suggests: |facts| facts.line.item == Item::OtherBooks,
        told_due: (
            "其他营业账簿免税，本行未申报该减免",
            "other books are exempt, and the line does not claim it",
        ),
        field: "item",
        undue: None,
    },
    Scent {
        reliefs: &["ST_HOUSING_LEASE"],
        due: catalogue::ST_RADAR_HOUSING_LEASE,
        suggests: |facts| facts.individual() && facts.property(PropertyUse::Housing),
        told_due: (
            "个人出租、承租住房签订的租赁合同免税，本行未申报该减免",
            "a housing lease with an individual is exempt, and the line does not claim it",
        ),
        field: "real_property.used_as",
        undue: Some(Undue {
            check: catalogue::ST_RADAR_HOUSING_UNDUE,
            denies: |facts| facts.not_housing() || facts.no_individual(),
            told: (
                "租赁的不是住房，或没有个人参与，不符合住房租赁免税条件",
                "not housing, or no individual in it: the housing exemption is not due",
            ),
        }),
    },
    Scent {
        reliefs: &["ST_HOUSING_SALE"],
        due: catalogue::ST_RADAR_HOUSING_SALE,
        // For the other party bureaus differ, so only the individual is told.
        suggests: |facts| {
            facts.ctx.profile.kind == TaxpayerKind::Individual
                && facts.property(PropertyUse::Housing)
        },
        told_due: (
            "个人销售或购买住房免税，本行未申报该减免",
            "an individual who buys or sells housing is exempt, and the line does not claim it",
        ),
        field: "real_property.used_as",
        undue: Some(Undue {
            check: catalogue::ST_RADAR_HOUSING_UNDUE,
            denies: |facts| facts.not_housing() || facts.no_individual(),
            told: (
                "转让的不是住房，或没有个人参与，不符合住房买卖免税条件",
                "not housing, or no individual in it: the housing exemption is not due",
            ),
        }),
    },
    Scent {
        reliefs: &["ST_SMALL_MICRO_LOAN_2018", "ST_SMALL_MICRO_LOAN"],
        due: catalogue::ST_RADAR_SMALL_MICRO_LOAN,
        suggests: |facts| {
            let source = facts.source;
            let lends = source.role == Some(PartyRole::Provider)
                && source.has_party(CounterpartyKind::SmallMicroEnterprise);
            let borrows = source.role == Some(PartyRole::Recipient)
                && source.has_party(CounterpartyKind::FinancialInstitution)
                && facts.small();
            lends || borrows
        },
        told_due: (
            "金融机构与小型、微型企业（按工信部联企业〔2011〕300号）签订的借款合同免税，本行未申报该减免",
            "a financial institution's loan to a small or micro enterprise (by the 2011 standard) \
             is exempt, and the line does not claim it",
        ),
        field: "counterparties",
        undue: Some(Undue {
            check: catalogue::ST_RADAR_SMALL_MICRO_LOAN_UNDUE,
            denies: |facts| {
                let source = facts.source;
                let wanted = match source.role {
                    Some(PartyRole::Recipient) => CounterpartyKind::FinancialInstitution,
                    Some(PartyRole::Provider) => CounterpartyKind::SmallMicroEnterprise,
                    _ => return false,
                };
                source.knows_its_parties() && !source.has_party(wanted)
            },
            told: (
                "对方不是金融机构（借款）或小型、微型企业（放款），不符合小微企业借款免税条件",
                "the other party is no financial institution or no small or micro enterprise: the \
                 exemption is not due",
            ),
        }),
    },
    Scent {
        reliefs: &["ST_ART12_LOAN", "ST_1988_SUBSIDISED_LOAN"],
        due: catalogue::ST_RADAR_SOFT_LOAN,
        suggests: |facts| facts.line.interest_free,
        told_due: (
            "无息、贴息借款合同免税，本行未申报该减免",
            "an interest-free or subsidised loan is exempt, and the line does not claim it",
        ),
        field: "interest_free",
        undue: None,
    },
    Scent {
        reliefs: &[
            "ST_ART12_GIFT",
            "ST_1988_GIFT_GOVERNMENT",
            "ST_1988_GIFT_SCHOOL",
        ],
        due: catalogue::ST_RADAR_GIFT,
        suggests: |facts| {
            let source = facts.source;
            source.gift
                && match source.role {
                    Some(PartyRole::Provider) => source.has_party(CounterpartyKind::PublicBody),
                    Some(PartyRole::Recipient) => facts.organisation(),
                    _ => false,
                }
        },
        told_due: (
            "赠与政府、学校、社会福利机构、慈善组织书立的书据免税，本行未申报该减免",
            "a gift to government, a school, a welfare body or a charity is exempt, and the line \
             does not claim it",
        ),
        field: "gift",
        undue: Some(Undue {
            check: catalogue::ST_RADAR_GIFT_UNDUE,
            denies: |facts| {
                let source = facts.source;
                source.role == Some(PartyRole::Provider)
                    && source.knows_its_parties()
                    && !source.has_party(CounterpartyKind::PublicBody)
            },
            told: (
                "受赠人不是政府、学校、社会福利机构或慈善组织，不符合赠与免税条件",
                "the gift is not to a public body: the exemption is not due",
            ),
        }),
    },
    Scent {
        reliefs: &["ST_ART12_FARM", "ST_1988_FARM_PURCHASE"],
        due: catalogue::ST_RADAR_FARM,
        suggests: |facts| facts.source.has_party(CounterpartyKind::Farmer),
        told_due: (
            "与农民、家庭农场、合作社等签订的农业生产资料、农产品买卖或农业保险合同免税，本行未申报该减免",
            "a contract with farmers or their bodies of inputs, produce or agricultural insurance \
             is exempt, and the line does not claim it",
        ),
        field: "counterparties",
        undue: None,
    },
    Scent {
        reliefs: &["ST_ART12_HOSPITAL"],
        due: catalogue::ST_RADAR_HOSPITAL,
        suggests: |facts| {
            facts.source.role == Some(PartyRole::Provider)
                && facts.source.has_party(CounterpartyKind::NonProfitHospital)
        },
        told_due: (
            "非营利性医疗卫生机构采购药品或者卫生材料的买卖合同免税，本行未申报该减免",
            "a non-profit hospital's purchase of drugs or supplies is exempt, and the line does \
             not claim it",
        ),
        field: "counterparties",
        undue: Some(Undue {
            check: catalogue::ST_RADAR_HOSPITAL_UNDUE,
            denies: |facts| {
                facts.source.role == Some(PartyRole::Provider)
                    && facts.source.knows_its_parties()
                    && !facts.source.has_party(CounterpartyKind::NonProfitHospital)
            },
            told: (
                "采购方不是非营利性医疗卫生机构，不符合该免税条件",
                "the purchaser is no non-profit hospital: the exemption is not due",
            ),
        }),
    },
    Scent {
        reliefs: &["ST_RESTRUCTURING_2024"],
        due: catalogue::ST_RADAR_RESTRUCTURING,
        suggests: |facts| {
            facts.source.restructuring.as_ref().is_some_and(|stated| {
                let id = stated.body.share_parameter();
                let least = facts.ctx.number(id, facts.source.signed_on);
                least.is_ok_and(|least| stated.continuing_share > least.value)
            })
        },
        told_due: (
            "原投资主体所占比例超过规定标准的改制重组凭证免税，本行未申报该减免",
            "the former investors keep more than the share asked: the document is exempt, and the \
             line does not claim it",
        ),
        field: "restructuring.continuing_share",
        undue: Some(Undue {
            check: catalogue::ST_RADAR_RESTRUCTURING_UNDUE,
            denies: |facts| facts.source.restructuring.is_none(),
            told: (
                "未填写改制重组情况，无法证明符合免税条件",
                "nothing is said of the restructuring, so its condition is not shown",
            ),
        }),
    },
];

impl Source {
    /// What its own facts say about reliefs (应享未享, 错误享受).
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        if self.out_of_scope.is_some() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (place, line) in self.lines.iter().enumerate() {
            let facts = Facts {
                ctx,
                source: self,
                line,
            };
            for scent in SCENTS {
                found.extend(undue(&facts, place, scent));
                found.extend(due(&facts, place, scent));
            }
        }
        found
    }
}

/// The relief of a scent that is for the line, on its signing day.
fn in_force<'a>(facts: &Facts<'a>, scent: &Scent) -> Option<&'a ReliefRule> {
    let rules = scent
        .reliefs
        .iter()
        .filter_map(|id| facts.ctx.rules.relief(id));
    rules
        .into_iter()
        .find(|rule| rule.in_force(facts.source.signed_on) && covers(rule, facts.line.item))
}

fn due(facts: &Facts<'_>, place: usize, scent: &Scent) -> Option<Opportunity<Source>> {
    let rule = in_force(facts, scent)?;
    let freed = facts.line.reliefs.iter().any(|claim| {
        let full = facts
            .ctx
            .rules
            .relief(&claim.relief_id)
            .is_some_and(|rule| matches!(rule.shape, ReliefShape::Full));
        full || scent.reliefs.contains(&claim.relief_id.as_str())
    });
    if freed || !(scent.suggests)(facts) {
        return None;
    }
    let mut instead = facts.source.clone();
    let line = instead.lines.get_mut(place)?;
    line.reliefs.push(ReliefClaim::of(&rule.id));
    let (zh, en) = scent.told_due;
    Some(Opportunity {
        finding: scent
            .due
            .at(path(place, scent.field), zh, en)
            .under(rule.source.cite.clone()),
        relief_id: rule.id.clone(),
        instead: Some(instead),
    })
}

fn undue(facts: &Facts<'_>, place: usize, scent: &Scent) -> Option<Opportunity<Source>> {
    let undue = scent.undue.as_ref()?;
    let claims = facts.line.reliefs.iter().enumerate();
    let (at, claim) = claims
        .into_iter()
        .find(|(_, claim)| scent.reliefs.contains(&claim.relief_id.as_str()))?;
    if !(undue.denies)(facts) {
        return None;
    }
    let rule = facts.ctx.rules.relief(&claim.relief_id)?;
    let mut instead = facts.source.clone();
    instead.lines.get_mut(place)?.reliefs.remove(at);
    let (zh, en) = undue.told;
    Some(Opportunity {
        finding: undue
            .check
            .at(format!("lines[{place}].reliefs[{at}].relief_id"), zh, en)
            .under(rule.source.cite.clone()),
        relief_id: rule.id.clone(),
        instead: Some(instead),
    })
}

/// The path of a fact: of the line or of the document.
fn path(place: usize, field: &str) -> String {
    match field {
        "item" | "interest_free" => format!("lines[{place}].{field}"),
        _ => field.to_owned(),
    }
}
