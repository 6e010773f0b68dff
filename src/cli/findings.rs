//! `caixing rules findings`: every rule of checking as a document, written from the catalogue.

use std::fmt::Write as _;

use crate::filing;
use crate::tax::{self, Check, Severity};
use crate::types::TaxKind;

/// The lists of the catalogue with their headings, in the order of the document.
fn lists() -> [(String, &'static [&'static Check]); 9] {
    let of = |tax: TaxKind| tax.zh().to_owned();
    [
        ("整表 (the whole form)".to_owned(), filing::catalogue::ALL),
        ("各税共有 (all taxes)".to_owned(), tax::catalogue::ALL),
        (of(TaxKind::RealEstateTax), tax::real_estate::catalogue::ALL),
        (of(TaxKind::LandUseTax), tax::land_use::catalogue::ALL),
        (
            of(TaxKind::VehicleVesselTax),
            tax::vehicle_vessel::catalogue::ALL,
        ),
        (of(TaxKind::StampTax), tax::stamp::catalogue::ALL),
        (
            of(TaxKind::LandAppreciationTax),
            tax::land_appreciation::catalogue::ALL,
        ),
        (
            of(TaxKind::EnvironmentalProtectionTax),
            tax::environmental::catalogue::ALL,
        ),
        (
            "银行与国库 (bank and treasury, as cases for an officer)".to_owned(),
            filing::case::ALL,
        ),
    ]
}

/// The document `docs/findings.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Findings (校验结果)\n\n\
         Every finding is made from one rule of this list. ERROR stops the filing, WARNING\n\
         needs to be acknowledged, HINT is good to know. An id keeps its meaning and its\n\
         severity. Rules of pure form have no legal basis; where the basis depends on the\n\
         facts, the finding names it.\n\n\
         Written by `caixing rules findings > docs/findings.md`.\n",
    );
    for (heading, checks) in lists() {
        if checks.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n## {heading}\n\n\
             | id | severity | 校验内容 | what is checked | 依据 |\n\
             | --- | --- | --- | --- | --- |\n"
        );
        for check in checks {
            let severity = match check.severity {
                Severity::Error => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Hint => "HINT",
            };
            let escaped = |cell: &str| cell.replace('|', "\\|");
            let cells = [check.zh, check.en, check.legal_basis].map(escaped);
            let _ = writeln!(
                text,
                "| `{}` | {severity} | {} |",
                check.id,
                cells.join(" | ")
            );
        }
    }
    text
}
