//! Taxpayers on the wire.

use super::{Fields, eligible, facts, instant, six_taxes_facts};
use crate::filing::Taxpayer;
use crate::grpc::app::etag;
use crate::pb;
use crate::rules::RuleBook;
use crate::tax::{Profile, SixTaxesSubject, SixTaxesWindow, TaxpayerKind};
use crate::types::{Invalid, Month};

const NAME_MAX: usize = 200;
const WINDOWS_MAX: usize = 100;

/// What a client states about a taxpayer, besides its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxpayerInput {
    /// 纳税人名称.
    pub name: String,
    /// Dated attributes.
    pub profile: Profile,
}

/// Reads name and dated attributes.
pub fn taxpayer_input(
    fields: &mut Fields<'_>,
    name: &str,
    kind: i32,
    windows: &[pb::SixTaxesWindow],
    stated: Option<&pb::SixTaxesFacts>,
) -> Option<TaxpayerInput> {
    let name = fields.required_text("name", name, NAME_MAX);
    let kind = taxpayer_kind(fields, "kind", kind);
    let six_taxes = six_taxes_windows(fields, windows);
    let stated = six_taxes_facts(fields, stated);
    Some(TaxpayerInput {
        name: name?,
        profile: Profile {
            kind: kind?,
            six_taxes: six_taxes?,
            six_taxes_facts: stated?,
        },
    })
}

/// Reads what kind of taxpayer it is.
pub fn taxpayer_kind(fields: &mut Fields<'_>, name: &str, wire: i32) -> Option<TaxpayerKind> {
    fields.choice(name, wire, |kind| match kind {
        pb::TaxpayerKind::Unspecified => None,
        pb::TaxpayerKind::Enterprise => Some(TaxpayerKind::Enterprise),
        pb::TaxpayerKind::IndividualBusiness => Some(TaxpayerKind::IndividualBusiness),
        pb::TaxpayerKind::Individual => Some(TaxpayerKind::Individual),
        pb::TaxpayerKind::Organisation => Some(TaxpayerKind::Organisation),
    })
}

/// Reads the months of eligibility for the 六税两费.
pub fn six_taxes_windows(
    fields: &mut Fields<'_>,
    windows: &[pb::SixTaxesWindow],
) -> Option<Vec<SixTaxesWindow>> {
    if !fields.at_most("six_taxes_windows", windows.len(), WINDOWS_MAX) {
        return None;
    }
    let read: Vec<Option<SixTaxesWindow>> = windows
        .iter()
        .enumerate()
        .map(|(place, wire)| window(&mut fields.element("six_taxes_windows", place), wire))
        .collect();
    read.into_iter().collect()
}

fn window(fields: &mut Fields<'_>, wire: &pb::SixTaxesWindow) -> Option<SixTaxesWindow> {
    let subject = fields.choice("subject", wire.subject, |subject| match subject {
        pb::SixTaxesSubject::Unspecified => None,
        pb::SixTaxesSubject::SmallScaleVat => Some(SixTaxesSubject::SmallScaleVat),
        pb::SixTaxesSubject::IndividualBusiness => Some(SixTaxesSubject::IndividualBusiness),
        pb::SixTaxesSubject::SmallLowProfit => Some(SixTaxesSubject::SmallLowProfit),
    });
    let first = fields.required("first_month", &wire.first_month, Month::parse);
    let last = fields.optional_month("last_month", &wire.last_month);
    let (first, last) = (first?, last?);
    if last.is_some_and(|last| last < first) {
        fields.refuse(
            "last_month",
            Invalid::new("PERIOD_ORDER", "止月早于起月", "ends before it starts"),
        );
        return None;
    }
    Some(SixTaxesWindow {
        subject: subject?,
        first,
        last,
    })
}

/// Writes a taxpayer, with what a rule pack makes of its facts.
pub fn taxpayer(taxpayer: &Taxpayer, rules: &RuleBook) -> pb::Taxpayer {
    let kind = match taxpayer.profile.kind {
        TaxpayerKind::Enterprise => pb::TaxpayerKind::Enterprise,
        TaxpayerKind::IndividualBusiness => pb::TaxpayerKind::IndividualBusiness,
        TaxpayerKind::Individual => pb::TaxpayerKind::Individual,
        TaxpayerKind::Organisation => pb::TaxpayerKind::Organisation,
    };
    let window = |window: &SixTaxesWindow| {
        let subject = match window.subject {
            SixTaxesSubject::SmallScaleVat => pb::SixTaxesSubject::SmallScaleVat,
            SixTaxesSubject::IndividualBusiness => pb::SixTaxesSubject::IndividualBusiness,
            SixTaxesSubject::SmallLowProfit => pb::SixTaxesSubject::SmallLowProfit,
        };
        pb::SixTaxesWindow {
            subject: subject.into(),
            first_month: window.first.to_string(),
            last_month: window
                .last
                .map(|month| month.to_string())
                .unwrap_or_default(),
        }
    };
    pb::Taxpayer {
        taxpayer_id: taxpayer.key.to_string(),
        tax_number: taxpayer.tax_number.to_string(),
        name: taxpayer.name.clone(),
        kind: kind.into(),
        six_taxes_windows: taxpayer.profile.six_taxes.iter().map(window).collect(),
        etag: etag(taxpayer.version),
        create_time: Some(instant(taxpayer.created_at)),
        organisation_check_failed: !taxpayer.tax_number.organisation_check_ok(),
        six_taxes_facts: taxpayer.profile.six_taxes_facts.as_deref().map(facts),
        six_taxes_eligibility: eligible(&taxpayer.profile, rules),
    }
}
