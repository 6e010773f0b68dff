//! Small things every service reads and writes.

use jiff::Timestamp;

use super::Fields;
use crate::grpc::app::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::grpc::call::Language;
use crate::pb;
use crate::tax::{Finding, Severity};
use crate::types::{Invalid, Period, RequestId, SourceId, TaxKind, TaxpayerKey};

/// Writes a period.
pub fn period(period: Period) -> pb::Period {
    pb::Period {
        first_day: period.first().to_string(),
        last_day: period.last().to_string(),
    }
}

/// Writes an instant.
pub fn instant(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

/// Reads an optional instant.
pub fn read_instant(
    fields: &mut Fields<'_>,
    name: &str,
    wire: Option<&prost_types::Timestamp>,
) -> Option<Option<Timestamp>> {
    let Some(wire) = wire else { return Some(None) };
    let read = Timestamp::new(wire.seconds, wire.nanos).map_err(|_| {
        Invalid::new(
            "INSTANT_RANGE",
            "时间超出范围",
            "the instant is out of range",
        )
    });
    fields.keep(name, read).map(Some)
}

/// Writes a tax.
pub fn tax(kind: TaxKind) -> pb::TaxKind {
    match kind {
        TaxKind::RealEstateTax => pb::TaxKind::RealEstateTax,
        TaxKind::LandUseTax => pb::TaxKind::LandUseTax,
        TaxKind::VehicleVesselTax => pb::TaxKind::VehicleVesselTax,
        TaxKind::StampTax => pb::TaxKind::StampTax,
        TaxKind::LandAppreciationTax => pb::TaxKind::LandAppreciationTax,
        TaxKind::EnvironmentalProtectionTax => pb::TaxKind::EnvironmentalProtectionTax,
    }
}

/// Reads a tax; unspecified means none.
pub fn tax_filter(fields: &mut Fields<'_>, name: &str, wire: i32) -> Option<Option<TaxKind>> {
    if wire == 0 {
        return Some(None);
    }
    let convert = |value: pb::TaxKind| {
        let stable = value.as_str_name().strip_prefix("TAX_KIND_")?;
        TaxKind::from_name(stable)
    };
    fields.choice(name, wire, convert).map(Some)
}

/// Reads the taxpayer every request is about.
pub fn taxpayer_key(fields: &mut Fields<'_>, text: &str) -> Option<TaxpayerKey> {
    fields.required("taxpayer_id", text, TaxpayerKey::parse)
}

/// Reads the client's mark on a mutation.
pub fn request_id(fields: &mut Fields<'_>, text: &str) -> Option<RequestId> {
    fields.required("request_id", text, RequestId::parse)
}

/// Reads a source id.
pub fn source_id(fields: &mut Fields<'_>, text: &str) -> Option<SourceId> {
    fields.required("source_id", text, SourceId::parse)
}

/// Reads a page size: 0 means the default, too many means the most, negative is refused.
pub fn page(fields: &mut Fields<'_>, size: i32) -> Option<i64> {
    let wanted = i64::from(size);
    if wanted < 0 {
        fields.refuse(
            "page_size",
            Invalid::new("NEGATIVE", "不能为负数", "must not be negative"),
        );
        return None;
    }
    Some(if wanted == 0 {
        PAGE_SIZE_DEFAULT
    } else {
        wanted.min(PAGE_SIZE_MAX)
    })
}

/// Writes a finding in the caller's language.
pub fn finding(finding: &Finding, language: Language) -> pb::Finding {
    let severity = match finding.severity {
        Severity::Error => pb::Severity::Error,
        Severity::Warning => pb::Severity::Warning,
        Severity::Hint => pb::Severity::Hint,
    };
    let message = match language {
        Language::Chinese => &finding.message_zh,
        Language::English => &finding.message_en,
    };
    pb::Finding {
        rule_id: finding.rule_id.clone(),
        severity: severity.into(),
        field: finding.field.clone(),
        message: message.clone(),
        legal_basis: finding.legal_basis.clone(),
        expected: finding.expected.clone().unwrap_or_default(),
        actual: finding.actual.clone().unwrap_or_default(),
        fix: finding.fix.as_ref().map(|fix| pb::FindingFix {
            field: fix.field.clone(),
            value: fix.value.clone(),
        }),
    }
}
