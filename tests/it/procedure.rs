//! The worked examples of the filing procedure (`tests/cases/procedure/examples.json`): due days,
//! surcharge, refunds, identifiers, 六税两费, totals. Every example is played.

use caixing::filing::{Line, Payment, PaymentState, quote};
use caixing::rules::{DueRule, RuleBook};
use caixing::tax::{
    Context, Profile, ReliefLine, SixTaxesSubject, SixTaxesWindow, TaxpayerKind, six_taxes,
};
use caixing::types::{Month, Period, Region, TaxKind, TaxpayerId};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::sample::{content, day, line, payment, period, plain, read, yuan};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub id: String,
    #[serde(rename = "title")]
    _title: String,
    inputs: Value,
    expected: Value,
    #[serde(rename = "working")]
    _working: String,
    #[serde(rename = "source")]
    _source: String,
}

impl Example {
    pub fn input(&self, name: &str) -> &str {
        text(&self.inputs, name)
    }

    pub fn expected(&self, name: &str) -> &str {
        text(&self.expected, name)
    }

    pub fn number(&self, name: &str) -> i64 {
        self.inputs[name].as_i64().unwrap()
    }
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

fn examples() -> Vec<Example> {
    serde_json::from_str(&read("tests/cases/procedure/examples.json")).unwrap()
}

/// Plays every example whose id begins so, and there must be as many as said.
pub fn play(prefix: &str, count: usize, check: impl Fn(&Example)) {
    let chosen: Vec<Example> = examples()
        .into_iter()
        .filter(|example| example.id.starts_with(prefix))
        .collect();
    assert_eq!(chosen.len(), count, "{prefix}");
    for example in &chosen {
        println!("{}", example.id);
        check(example);
    }
}

#[test]
fn every_example_is_played() {
    const PLAYED: [(&str, usize); 9] = [
        ("ddl-", 10),
        ("late-", 7),
        ("uscc-", 7),
        ("idcard-", 5),
        ("org-", 1),
        ("six-", 8),
        ("form-", 3),
        ("pay-", 1),
        ("corr-", 2),
    ];
    let played: usize = PLAYED.iter().map(|(_, count)| count).sum();
    assert_eq!(examples().len(), played);
}

#[test]
fn due_days_are_the_published_ones() {
    let book = RuleBook::embedded().unwrap();
    play("ddl-", 10, |example| {
        assert_eq!(example.number("base_day"), 15);
        let (year, month) = (example.number("year"), example.number("month"));
        let before = Month::parse(&format!("{year}-{month:02}"))
            .unwrap()
            .previous();
        let month = Period::months_between(before, before);
        let window = book.calendar().due(DueRule::AfterPeriod(15), month);
        let expected = (
            example.expected("deadline").to_owned(),
            example.expected("consecutive_rest_days_counted").to_owned(),
        );
        let found = (window.due_on.to_string(), window.rest_days.to_string());
        assert_eq!(found, expected, "{}", example.id);
        assert!(window.calendar_known, "{}", example.id);
    });
}

#[test]
fn surcharges_are_the_worked_ones() {
    let book = RuleBook::embedded().unwrap();
    play("late-", 7, |example| {
        let unpaid = plain(
            1,
            example.input("unpaid_tax_yuan"),
            example.input("deadline"),
        );
        let paid_on = day(example.input("paid_on"));
        let quote = quote(&content("pack", vec![unpaid]), paid_on, &book).unwrap();
        let row = &quote.rows[0];
        assert_eq!(
            row.days_late.to_string(),
            example.expected("days"),
            "{}",
            example.id
        );
        let surcharge = yuan(example.expected("surcharge_yuan"));
        assert_eq!(row.surcharge, surcharge, "{}", example.id);
        assert_eq!(quote.surcharge, surcharge, "{}", example.id);
    });
}

#[test]
fn credit_codes_are_judged_as_the_standard_says() {
    play("uscc-", 7, |example| {
        let parsed = TaxpayerId::parse(example.input("code"));
        assert_eq!(
            parsed.is_ok().to_string(),
            example.expected("valid"),
            "{}",
            example.id
        );
        if let Err(invalid) = parsed {
            let reason = example.expected("reason").to_uppercase();
            assert_eq!(
                invalid.reason,
                format!("TAXPAYER_ID_{reason}"),
                "{}",
                example.id
            );
        }
    });
}

#[test]
fn identity_numbers_are_judged_as_the_standard_says() {
    play("idcard-", 5, |example| {
        if example.id == "idcard-006" {
            let made = TaxpayerId::of_old_identity_number(example.input("number15")).unwrap();
            assert_eq!(made.as_str(), example.expected("number18"));
            for wrong in ["11010549123100", "11010549123100X", "110105491331002"] {
                assert!(
                    TaxpayerId::of_old_identity_number(wrong).is_err(),
                    "{wrong}"
                );
            }
            return;
        }
        let parsed = TaxpayerId::parse(example.input("number"));
        assert_eq!(
            parsed.is_ok().to_string(),
            example.expected("valid"),
            "{}",
            example.id
        );
        let reason = parsed.err().map(|invalid| invalid.reason);
        let expected = match (example.expected("date_ok"), example.expected("check_ok")) {
            ("false", _) => Some("TAXPAYER_ID_BIRTH_DATE"),
            (_, "false") => Some("TAXPAYER_ID_CHECK"),
            _ => None,
        };
        assert_eq!(reason, expected, "{}", example.id);
    });
}

/// A credit code around the organisation code, with its own last character made right.
#[test]
fn organisation_codes_are_judged_as_the_standard_says() {
    play("org-", 1, |example| {
        for check in "0123456789X".chars() {
            let body = format!("91440300{}{check}", example.input("body"));
            let code = "0123456789ABCDEFGHJKLMNPQRTUWXY"
                .chars()
                .find_map(|last| TaxpayerId::parse(&format!("{body}{last}")).ok())
                .unwrap();
            let right = check.to_string() == example.expected("check");
            assert_eq!(code.organisation_check_ok(), right, "{code:?}");
        }
    });
}

fn profile(subject: &str, first: &str, last: Option<&str>) -> Profile {
    let subject = match subject {
        "small_scale" => SixTaxesSubject::SmallScaleVat,
        "individual_business" => SixTaxesSubject::IndividualBusiness,
        "small_low_profit" => SixTaxesSubject::SmallLowProfit,
        other => panic!("{other}"),
    };
    let window = SixTaxesWindow {
        subject,
        first: Month::parse(first).unwrap(),
        last: last.map(|month| Month::parse(month).unwrap()),
    };
    Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: vec![window],
        six_taxes_facts: None,
    }
}

fn at<'a>(rules: &'a RuleBook, profile: &'a Profile, period: Period) -> Context<'a> {
    Context {
        rules,
        region: Region::parse("340100").unwrap(),
        period,
        profile,
        explain: false,
    }
}

fn tax(name: &str) -> Option<TaxKind> {
    TaxKind::ALL.into_iter().find(|tax| tax.zh() == name)
}

#[test]
fn six_taxes_reliefs_are_the_worked_ones() {
    let book = RuleBook::embedded().unwrap();
    play("six-", 8, |example| match example.id.as_str() {
        "six-001" => {
            let profile = profile(example.input("taxpayer"), "2019-01", None);
            let ctx = at(&book, &profile, period("2024-01-01", "2024-03-31"));
            let left = yuan(example.input("tax_due_yuan"));
            let relief = six_taxes::on_day(&ctx, TaxKind::StampTax, left, day("2024-02-01"));
            let amount = relief.unwrap().unwrap().amount;
            assert_eq!(amount, yuan(example.expected("relief_yuan")));
        }
        "six-002" | "six-003" => {
            let quarter = period("2024-01-01", "2024-03-31");
            let profile = profile(example.input("taxpayer"), "2023-01", None);
            let other = example.inputs["other_relief_yuan"].as_str();
            let others: Vec<ReliefLine> = other
                .map(|amount| {
                    line(
                        1,
                        TaxKind::StampTax,
                        ["0.00", amount, "0.00"],
                        "0.00",
                        "2024-04-18",
                    )
                })
                .into_iter()
                .flat_map(|line| line.charge.reliefs)
                .map(|relief| ReliefLine {
                    period: quarter,
                    ..relief
                })
                .collect();
            let ctx = at(&book, &profile, quarter);
            let due = yuan(example.input("tax_due_yuan"));
            let tax = tax(example.input("tax")).unwrap();
            let relief = six_taxes::on_months(&ctx, tax, due, quarter, &others);
            let name = if other.is_some() {
                "six_tax_relief_yuan"
            } else {
                "relief_yuan"
            };
            assert_eq!(
                relief.unwrap().unwrap().amount,
                yuan(example.expected(name))
            );
        }
        "six-005" => {
            let listed = example.inputs["taxes"].as_array().unwrap();
            let eligible: Vec<String> = listed
                .iter()
                .map(|name| {
                    tax(name.as_str().unwrap())
                        .is_some_and(six_taxes::covers)
                        .to_string()
                })
                .collect();
            assert_eq!(eligible.join(","), example.expected("eligible"));
            // Charged to a small taxpayer, neither tax of the consolidated form is halved.
            let profile = profile("small_scale", "2019-01", None);
            for (name, first, last) in [
                ("vehicle_vessel_tax", "2026-01-01", "2026-12-31"),
                ("land_appreciation_tax", "2026-09-29", "2026-09-29"),
            ] {
                let ctx = at(&book, &profile, period(first, last));
                let charges = crate::sample::detail(name).charge(&[], &ctx).unwrap();
                assert!(!charges.is_empty(), "{name}");
                let reliefs = charges.iter().flat_map(|charge| &charge.reliefs);
                assert_eq!(reliefs.count(), 0, "{name}");
            }
        }
        "six-008" => crate::procedure_six::barred(&book, &example.inputs, &example.expected),
        "six-012" => crate::procedure_six::income(&book, &example.inputs, &example.expected),
        "six-009" => {
            let quarter = period("2025-04-01", "2025-06-30");
            let profile = profile("small_scale", "2019-01", Some("2025-04"));
            let ctx = at(&book, &profile, quarter);
            let due = yuan(example.input("quarter_tax_yuan"));
            let tax = tax(example.input("tax")).unwrap();
            let relief = six_taxes::on_months(&ctx, tax, due, quarter, &[]);
            let expected = yuan(example.expected("relief_yuan"));
            assert_eq!(relief.unwrap().unwrap().amount, expected);
        }
        "six-010" => {
            let profile = profile(example.input("taxpayer"), "2019-01", None);
            let months = example.inputs["periods"].as_array().unwrap();
            let bases = example.expected("basis").split(',');
            assert_eq!(months.len(), bases.clone().count());
            for (month, basis) in months.iter().zip(bases) {
                let month = Month::parse(month.as_str().unwrap()).unwrap();
                let ctx = at(&book, &profile, Period::months_between(month, month));
                let eligible = six_taxes::eligibility(&ctx, month).is_some();
                assert_eq!(eligible, basis != "none known", "{month}");
                let id = "six_taxes.ratio.small_scale_vat";
                if let Ok((_, row)) = book.find(id, ctx.region, month.first_day()) {
                    let document = basis.split(' ').next().unwrap();
                    assert!(row.source.cite.contains(document), "{month}: {basis}");
                }
            }
        }
        other => panic!("{other} is played by nothing"),
    });
}

fn form_lines(example: &Example, due_on: &str) -> Vec<Line> {
    let payables: Vec<&str> = example.expected("line_payable_yuan").split(',').collect();
    let lines = example.inputs["lines"].as_array().unwrap();
    assert_eq!(lines.len(), payables.len());
    (1..)
        .zip(lines.iter().zip(payables))
        .map(|(number, (one, payable))| {
            let amounts = ["tax_due", "relief", "paid"].map(|name| text(one, name));
            let tax = tax(text(one, "tax")).unwrap();
            let line = line(number, tax, amounts, payable, due_on);
            // The crate's own sum agrees with the payable of the example.
            assert_eq!(
                line.charge.payable().unwrap(),
                yuan(payable),
                "{}",
                example.id
            );
            line
        })
        .collect()
}

#[test]
fn totals_of_the_form_are_the_worked_ones() {
    let book = RuleBook::embedded().unwrap();
    play("form-", 3, |example| {
        let filed = content("pack", form_lines(example, "2025-04-18"));
        let totals = filed.totals().unwrap();
        let expected = |name| yuan(example.expected(name));
        assert_eq!(
            totals.tax_amount,
            expected("total_tax_due_yuan"),
            "{}",
            example.id
        );
        assert_eq!(
            totals.relief,
            expected("total_relief_yuan"),
            "{}",
            example.id
        );
        assert_eq!(
            totals.already_paid,
            expected("total_paid_yuan"),
            "{}",
            example.id
        );
        assert_eq!(totals.net, expected("total_payable_yuan"), "{}", example.id);
        if example.id == "form-004" {
            assert_eq!(totals.payable, expected("amount_to_pay_yuan"));
            assert_eq!(totals.refundable, expected("amount_refundable_yuan"));
            let quote = quote(&filed, day("2025-04-18"), &book).unwrap();
            assert_eq!(quote.total, expected("amount_to_pay_yuan"));
            return;
        }
        assert_eq!(totals.payable, totals.net, "{}", example.id);
        let quarter = if example.id == "form-001" {
            period("2025-01-01", "2025-03-31")
        } else {
            period("2024-07-01", "2024-09-30")
        };
        let due: Date = book
            .calendar()
            .due(DueRule::AfterPeriod(15), quarter)
            .due_on;
        assert_eq!(due, day(example.expected("deadline")), "{}", example.id);
    });
}

/// 994.74 × 20 days × 0.0005 = 9.9474, that is 9.95.
#[test]
fn one_payment_has_the_surcharge_on_a_row_of_its_own() {
    let book = RuleBook::embedded().unwrap();
    play("pay-", 1, |example| {
        let lines = example.inputs["lines"].as_array().unwrap();
        let late = example.inputs["surcharge"].as_object().unwrap();
        let lines = (1..).zip(lines).map(|(number, one)| {
            let name = text(one, "tax");
            let due = if late.contains_key(name) {
                "2025-03-29"
            } else {
                "2025-04-18"
            };
            let payable = text(one, "payable");
            line(
                number,
                tax(name).unwrap(),
                [payable, "0.00", "0.00"],
                payable,
                due,
            )
        });
        let filed = content("pack", lines.collect());
        let order = quote(&filed, day("2025-04-18"), &book).unwrap();
        assert_eq!(order.rows.len().to_string(), example.expected("tax_items"));
        assert_eq!(
            order.surcharge,
            yuan(text(&example.inputs["surcharge"], "环境保护税"))
        );
        assert_eq!(order.total, yuan(example.expected("total_yuan")));
        let sent = Payment {
            order,
            ..payment(1, 1, PaymentState::Sent)
        };
        let rows = sent.order_rows().unwrap();
        let amounts: Vec<String> = rows.iter().map(|row| row.amount.to_string()).collect();
        assert_eq!(amounts, ["1800.00", "1000.00", "157.75", "994.74", "9.95"]);
        assert_eq!(rows[4].name, "环境保护税滞纳金");
    });
}
