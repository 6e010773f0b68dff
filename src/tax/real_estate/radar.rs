//! Reliefs that seem due but are not claimed, and claims whose condition does not hold
//! (应享未享, 错误享受). Who and what a relief is for stands in the tables `ret.relief_*`.

use super::model::{HouseUse, Lease, LesseeKind, Source, Underground};
use super::{Context, catalogue};
use crate::rules::{ReliefRule, ReliefShape, Table};
use crate::tax::{Check, Opportunity, ReliefClaim, TaxpayerKind, six_taxes};
use crate::types::{Period, Region};

type Found = Vec<Opportunity<Source>>;

impl Source {
    /// What its own facts say about reliefs.
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        let mut found = Vec::new();
        self.unclaimed(ctx, &mut found);
        self.underground_by_name(&mut found);
        for (place, claim) in self.reliefs.iter().enumerate() {
            let list = List {
                source: self,
                claims: &self.reliefs,
                path: "reliefs".to_owned(),
                without: without_value_claim,
                lease: None,
            };
            list.claimed(ctx, place, claim, &mut found);
        }
        for (number, lease) in self.leases.iter().enumerate() {
            self.dwelling(ctx, number, lease, &mut found);
            for (place, claim) in lease.reliefs.iter().enumerate() {
                let list = List {
                    source: self,
                    claims: &lease.reliefs,
                    path: format!("leases[{number}].reliefs"),
                    without: without_lease_claim,
                    lease: Some(number),
                };
                list.claimed(ctx, place, claim, &mut found);
            }
        }
        self.six_taxes_months(ctx, &mut found);
        found
    }

    fn claims(&self, id: &str) -> bool {
        self.reliefs.iter().any(|claim| claim.relief_id == id)
    }

    /// The source with one more claim on its value.
    fn with(&self, id: &str) -> Self {
        let mut instead = self.clone();
        instead.reliefs.push(ReliefClaim::of(id));
        instead
    }

    /// True when its value is taxed in the period, so that a relief on value would do something.
    fn has_value(&self, ctx: &Context<'_>) -> bool {
        let taxed = self.taxed_months(ctx, ctx.period);
        !self.versions.is_empty() && taxed.is_ok_and(|months| months.is_some())
    }

    /// Reliefs on value that the facts suggest.
    fn unclaimed(&self, ctx: &Context<'_>, found: &mut Found) {
        if !self.has_value(ctx) {
            return;
        }
        let none = self.reliefs.is_empty();
        if none && is_personal(ctx.profile.kind) && self.house_use == HouseUse::Housing {
            found.push(self.suggest(
                catalogue::RE_RADAR_PERSONAL_HOME,
                "RE_PERSONAL_HOME",
                "个人所有的住房如非营业用，免征房产税；一经出租或营业即不适用",
                "an individual's dwelling is exempt unless it is let or used for business",
            ));
        }
        if none && ctx.profile.kind == TaxpayerKind::Organisation {
            found.push(self.suggest(
                catalogue::RE_RADAR_PUBLIC_BODY,
                "RE_BUDGET_UNIT",
                "如为国家机关、人民团体或由财政拨付事业经费的单位自用，免征房产税",
                "own use by a state organ, people's body or budget-funded unit is exempt",
            ));
        }
        let Some(words) = ctx.rules.table("ret.relief_words", ctx.period.last()) else {
            return;
        };
        for row in &words.rows {
            let (Some(word), Some(id)) = (words.cell(row, "word"), words.cell(row, "relief"))
            else {
                continue;
            };
            let already = self.claims(id) || found.iter().any(|one| one.relief_id == id);
            if already || !self.house_name.contains(word) || !self.may_have(ctx, id) {
                continue;
            }
            found.push(self.suggest(
                catalogue::RE_RADAR_NAME,
                id,
                &format!("房产名称含“{word}”，如符合条件可申报该项减免"),
                &format!("the name has “{word}”: the relief may be due"),
            ));
        }
    }

    fn suggest(&self, check: &Check, id: &str, zh: &str, en: &str) -> Opportunity<Self> {
        Opportunity {
            finding: check.at("reliefs", format!("{zh}（{id}）"), format!("{en} ({id})")),
            relief_id: id.to_owned(),
            instead: Some(self.with(id)),
        }
    }

    /// True when the relief is in force and what the source tells does not speak against it.
    fn may_have(&self, ctx: &Context<'_>, id: &str) -> bool {
        let Some(rule) = ctx.rules.relief(id) else {
            return false;
        };
        let on_value = rule.items.is_empty() || rule.items.iter().any(|item| item == "RET_VALUE");
        on_value
            && rule.shape != ReliefShape::ByInput
            && in_force(rule, ctx.period)
            && condition(ctx, id, "kinds", kind_word(ctx.profile.kind))
            && condition(ctx, id, "uses", use_word(self.house_use))
            && (id != HEATING || in_the_north(ctx))
    }

    /// A name that says underground, while nothing else does.
    fn underground_by_name(&self, found: &mut Found) {
        if self.underground != Underground::None || !self.house_name.contains("地下") {
            return;
        }
        let mut instead = self.clone();
        instead.underground = match self.house_use {
            HouseUse::Industrial => Underground::StandaloneIndustrial,
            _ => Underground::StandaloneOther,
        };
        found.push(Opportunity {
            finding: catalogue::RE_RADAR_UNDERGROUND.at(
                "underground",
                "房产名称含“地下”：独立地下建筑按省定比例折算应税原值，与地上相连的不折算",
                "the name says underground: a stand-alone one is taxed on a ratio of its value",
            ),
            relief_id: "RE_UNDERGROUND".to_owned(),
            instead: Some(instead),
        });
    }

    /// The dwelling rate of a lease: due but not taken, taken but not due.
    fn dwelling(&self, ctx: &Context<'_>, number: usize, lease: &Lease, found: &mut Found) {
        if !lease
            .rents
            .iter()
            .any(|rent| rent.period.overlap(ctx.period).is_some())
        {
            return;
        }
        let personal = is_personal(ctx.profile.kind);
        let (id, rate) = if personal {
            ("RE_HOUSING_LEASE_PERSON", "ret.rate.personal_housing")
        } else {
            ("RE_HOUSING_LEASE_ENTITY", "ret.rate.entity_housing")
        };
        let in_force = ctx.number(rate, ctx.period.last()).is_ok();
        let lessee = personal || lease.lessee_kind != LesseeKind::Other;
        let dwelling = self.house_use == HouseUse::Housing;
        if !in_force || !lessee || lease.housing == dwelling {
            return;
        }
        let mut instead = self.clone();
        if let Some(lease) = instead.leases.get_mut(number) {
            lease.housing = dwelling;
        }
        let field = format!("leases[{number}].housing");
        let finding = if dwelling {
            catalogue::RE_RADAR_HOUSING_LEASE.at(
                field,
                "房产用途为住房，承租方符合条件，可按住房租赁优惠税率缴税",
                "the house is a dwelling and the lessee qualifies: the dwelling rate is due",
            )
        } else {
            catalogue::RE_RADAR_HOUSING_CLAIM.at(
                field,
                "按住房优惠税率申报，但房产用途不是住房，应按一般税率",
                "the dwelling rate is taken, yet the house is not used as a dwelling",
            )
        };
        found.push(Opportunity {
            finding,
            relief_id: id.to_owned(),
            instead: Some(instead),
        });
    }

    /// Individuals count as small-scale taxpayers; the months stand on the taxpayer.
    fn six_taxes_months(&self, ctx: &Context<'_>, found: &mut Found) {
        let months = ctx.period.months();
        let eligible = |month| six_taxes::eligibility(ctx, month).is_some();
        let in_force = ctx
            .rules
            .number(
                "six_taxes.ratio.small_scale_vat",
                ctx.region,
                ctx.period.last(),
            )
            .is_ok();
        if is_personal(ctx.profile.kind) && in_force && !months.into_iter().any(eligible) {
            found.push(Opportunity {
                finding: catalogue::RE_RADAR_SIX_TAXES.at(
                    "",
                    "自然人视同小规模纳税人，个体工商户同样减半；请在纳税人信息中填写适用月份",
                    "individuals and individual businesses halve the tax: state their months",
                ),
                relief_id: six_taxes::RELIEF_ID.to_owned(),
                instead: None,
            });
        }
    }
}

const HEATING: &str = "RE_HEATING";
/// Reliefs of houses that stand empty.
const OUT_OF_USE: [&str; 2] = ["RE_DANGEROUS", REPAIR];
const REPAIR: &str = "RE_MAJOR_REPAIR";

/// A list of claims and what the source would be without one of them.
struct List<'a> {
    source: &'a Source,
    claims: &'a [ReliefClaim],
    path: String,
    without: fn(&mut Source, Option<usize>, usize),
    lease: Option<usize>,
}

fn without_value_claim(source: &mut Source, _: Option<usize>, place: usize) {
    source.reliefs.remove(place);
}

fn without_lease_claim(source: &mut Source, lease: Option<usize>, place: usize) {
    if let Some(lease) = lease.and_then(|number| source.leases.get_mut(number)) {
        lease.reliefs.remove(place);
    }
}

impl List<'_> {
    /// Claims whose condition does not hold by what the source tells.
    fn claimed(&self, ctx: &Context<'_>, place: usize, claim: &ReliefClaim, found: &mut Found) {
        let id = claim.relief_id.as_str();
        let Some(rule) = ctx
            .rules
            .relief(id)
            .filter(|rule| in_force(rule, ctx.period))
        else {
            return;
        };
        let mut doubt = |check: &Check, name: &str, zh: &str, en: &str| {
            let mut instead = self.source.clone();
            (self.without)(&mut instead, self.lease, place);
            let field = format!("{}[{place}].{name}", self.path);
            let zh = format!("{}：{zh}", rule.name_zh);
            let finding = check.at(field, zh, format!("{id}: {en}"));
            found.push(Opportunity {
                finding: finding.under(rule.source.cite.clone()),
                relief_id: id.to_owned(),
                instead: Some(instead),
            });
        };
        if !condition(ctx, id, "kinds", kind_word(ctx.profile.kind)) {
            doubt(
                catalogue::RE_RADAR_KIND,
                "relief_id",
                "纳税人类型不在该项减免的适用范围内",
                "it is not for this kind of taxpayer",
            );
        }
        if !condition(ctx, id, "uses", use_word(self.source.house_use)) {
            doubt(
                catalogue::RE_RADAR_USE,
                "relief_id",
                "房产用途不在该项减免的适用范围内",
                "it is not for a house of this use",
            );
        }
        if id == HEATING && !in_the_north(ctx) {
            doubt(
                catalogue::RE_RADAR_HEATING_REGION,
                "relief_id",
                "只适用于“三北”地区的供热企业",
                "it is for heating in the north only",
            );
        }
        if OUT_OF_USE.contains(&id) && self.let_meanwhile(claim, ctx) {
            doubt(
                catalogue::RE_RADAR_IN_USE,
                "period",
                "停用免税期间该房产仍在出租",
                "the house is let in the months it is said to be out of use",
            );
        }
        if id == REPAIR && claim.period.is_some_and(|period| !long_enough(ctx, period)) {
            doubt(
                catalogue::RE_RADAR_MAJOR_REPAIR,
                "period",
                "停用未超过半年，不能免税",
                "it is not closed for more than half a year",
            );
        }
        self.no_share(ctx, place, claim, found);
    }

    fn let_meanwhile(&self, claim: &ReliefClaim, ctx: &Context<'_>) -> bool {
        let days = claim.period.unwrap_or(ctx.period);
        let mut leases = self.source.leases.iter();
        leases.any(|lease| lease.term.overlap(days).is_some())
    }

    /// A relief by share that is claimed for all of the house.
    fn no_share(&self, ctx: &Context<'_>, place: usize, claim: &ReliefClaim, found: &mut Found) {
        let id = claim.relief_id.as_str();
        let Some(table) = ctx.rules.table("ret.relief_shares", ctx.period.last()) else {
            return;
        };
        let named = |row: &&Vec<String>| table.cell(row, "relief") == Some(id);
        let Some(row) = table.rows.iter().find(named) else {
            return;
        };
        if claim.base_share.is_none() && !self.claims.is_empty() {
            let share = |column: &str| table.cell(row, column).unwrap_or_default();
            let finding = catalogue::RE_RADAR_SHARE.at(
                format!("{}[{place}].base_share", self.path),
                format!("未填写{}，按全部房产减免", share("share_zh")),
                format!(
                    "{} is not stated; all of the house is relieved",
                    share("share_en")
                ),
            );
            found.push(Opportunity {
                finding: finding.under(table.source.cite.clone()),
                relief_id: id.to_owned(),
                instead: None,
            });
        }
    }
}

/// More months than the limit from the first to the last day.
fn long_enough(ctx: &Context<'_>, closed: Period) -> bool {
    let Ok(limit) = ctx.number("ret.major_repair.months", closed.first()) else {
        return true;
    };
    let months = i64::try_from(limit.value.trunc().mantissa());
    let after = months.ok().and_then(|months| {
        let span = jiff::Span::new().try_months(months).ok()?;
        closed.first().checked_add(span).ok()
    });
    after.is_none_or(|after| after <= closed.last())
}

fn in_force(rule: &ReliefRule, period: Period) -> bool {
    rule.from <= period.last() && rule.to.is_none_or(|last| period.first() <= last)
}

/// True when the table does not speak against the word.
fn condition(ctx: &Context<'_>, id: &str, column: &str, word: &str) -> bool {
    let table: Option<&Table> = ctx.rules.table("ret.relief_conditions", ctx.period.last());
    let allowed = table.and_then(|table| {
        let row = table
            .rows
            .iter()
            .find(|row| table.cell(row, "relief") == Some(id))?;
        table.cell(row, column)
    });
    allowed.is_none_or(|words| words == "*" || words.split(' ').any(|one| one == word))
}

fn in_the_north(ctx: &Context<'_>) -> bool {
    let Some(table) = ctx.rules.table("ret.heating_provinces", ctx.period.last()) else {
        return true;
    };
    let province = ctx.region.province();
    let mut regions = table
        .rows
        .iter()
        .filter_map(|row| table.cell(row, "region"));
    regions.any(|code| Region::parse(code) == Ok(province))
}

fn is_personal(kind: TaxpayerKind) -> bool {
    matches!(
        kind,
        TaxpayerKind::Individual | TaxpayerKind::IndividualBusiness
    )
}

const fn kind_word(kind: TaxpayerKind) -> &'static str {
    match kind {
        TaxpayerKind::Enterprise => "ENTERPRISE",
        TaxpayerKind::IndividualBusiness => "INDIVIDUAL_BUSINESS",
        TaxpayerKind::Individual => "INDIVIDUAL",
        TaxpayerKind::Organisation => "ORGANISATION",
    }
}

const fn use_word(house_use: HouseUse) -> &'static str {
    match house_use {
        HouseUse::Industrial => "INDUSTRIAL",
        HouseUse::CommercialOffice => "COMMERCIAL_OFFICE",
        HouseUse::Housing => "HOUSING",
        HouseUse::Other => "OTHER",
    }
}
