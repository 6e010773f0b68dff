use proptest::prelude::*;

use super::*;
use crate::rules::RuleBook;
use crate::tax::{Profile, SixTaxesSubject, SixTaxesWindow, TaxpayerKind};
use crate::types::{Exact, Money, Region, parse_date};

fn day(text: &str) -> Date {
    parse_date(text).unwrap()
}

fn book() -> &'static RuleBook {
    static BOOK: std::sync::OnceLock<RuleBook> = std::sync::OnceLock::new();
    BOOK.get_or_init(|| RuleBook::embedded().unwrap())
}

fn with<T>(first: &str, last: &str, ask: impl FnOnce(&Context<'_>) -> T) -> T {
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: vec![SixTaxesWindow {
            subject: SixTaxesSubject::SmallScaleVat,
            first: Month::parse("2019-01").unwrap(),
            last: None,
        }],
        six_taxes_facts: None,
    };
    ask(&Context {
        rules: book(),
        region: Region::parse("340104").unwrap(),
        period: Period::new(day(first), day(last)).unwrap(),
        profile: &profile,
        explain: true,
    })
}

fn net(amount: Money) -> Vec<IncomePart> {
    vec![IncomePart {
        kind: IncomeKind::Monetary,
        amount,
        vat_method: VatMethod::Excluded,
        vat_offset: Money::ZERO,
        vat: None,
        sold_on: None,
    }]
}

fn settlement(kind: PropertyType, income: Money, deductions: Money, prepaid: Money) -> Source {
    Source {
        project_name: "项目".to_owned(),
        project_number: String::new(),
        basis: Basis::Settlement(Box::new(Settlement {
            event_on: day("2024-05-10"),
            types: vec![SettlementType {
                property_type: kind,
                income: net(income),
                deductions: Deductions {
                    land: Money::ZERO,
                    development_cost: DevelopmentCost::default(),
                    expense_mode: ExpenseMode::TenPercent,
                    expense_rate: None,
                    interest: Money::ZERO,
                    interest_disallowed: Money::ZERO,
                    interest_cap: None,
                    taxes: Taxes::default(),
                    collected_fees: deductions,
                    without_invoice: Money::ZERO,
                },
                areas: None,
                prepaid,
                reliefs: Vec::new(),
                ordinary_facts: None,
            }],
            ordinary_not_separate: false,
            shared_costs: None,
            recorded_prepaid: None,
            accepted_on: None,
            stated_total: None,
        })),
    }
}

fn prepay(months: &[&str]) -> Source {
    let row = |month: &&str| PrepayRow {
        month: Month::parse(month).unwrap(),
        class: PrepayClass::Other,
        sub_type: String::new(),
        monetary: Money::from_fen(100),
        in_kind: Money::ZERO,
        deemed: Money::ZERO,
        vat_method: SalesVat::General,
        ratio_band: None,
        stated_rate: None,
        already_paid: Money::ZERO,
        reliefs: Vec::new(),
    };
    Source {
        project_name: "项目".to_owned(),
        project_number: String::new(),
        basis: Basis::Prepay(Prepay {
            rows: months.iter().map(row).collect(),
            base_method: None,
            settlement_accepted_on: None,
            areas: None,
            presale_permit_on: None,
        }),
    }
}

#[test]
fn prepayments_are_due_in_the_months_with_receipts() {
    let source = prepay(&["2024-04", "2024-06", "2024-09"]);
    let due = with("2024-04-01", "2024-06-30", |ctx| source.periods_due(ctx)).unwrap();
    let due: Vec<String> = due.iter().map(ToString::to_string).collect();
    assert_eq!(due, ["2024-04-01..2024-04-30", "2024-06-01..2024-06-30"]);
    assert_eq!(source.due_parameter(), "lat.due.period");
}

#[test]
fn a_settlement_is_due_on_its_day() {
    let source = settlement(PropertyType::Other, Money::ZERO, Money::ZERO, Money::ZERO);
    let due = with("2024-05-01", "2024-05-31", |ctx| source.periods_due(ctx)).unwrap();
    assert_eq!(due, [Period::day(day("2024-05-10"))]);
    let none = with("2024-06-01", "2024-06-30", |ctx| source.periods_due(ctx)).unwrap();
    assert!(none.is_empty());
    assert_eq!(source.due_parameter(), "lat.due.settlement");
}

#[test]
fn every_due_parameter_is_in_the_pack() {
    with("2024-05-01", "2024-05-31", |ctx| {
        for id in ["lat.due.period", "lat.due.settlement", "lat.due.contract"] {
            assert!(ctx.text(id, day("2024-05-10")).is_ok(), "{id}");
        }
    });
}

#[test]
fn shares_sum_to_the_amount() {
    use crate::types::Exact;
    let weights = [Exact::int(1), Exact::int(7), Exact::int(7), Exact::int(3)];
    let parts = figures::split(Money::from_fen(1001), &weights).unwrap();
    assert_eq!(
        Money::sum(parts.iter().copied()).unwrap(),
        Money::from_fen(1001)
    );
    let fen: Vec<i64> = parts.iter().map(|part| part.fen()).collect();
    // 55.61, 389.28, 389.28, 166.83 rounded: no residue.
    assert_eq!(fen, [56, 389, 389, 167]);
    // Thirds of 1.00: one fen is left, and the first of the largest takes it.
    let thirds = figures::split(Money::from_fen(100), &[Exact::ONE; 3]).unwrap();
    let fen: Vec<i64> = thirds.iter().map(|part| part.fen()).collect();
    assert_eq!(fen, [34, 33, 33]);
}

/// The first line of a settlement of one type.
fn line(kind: PropertyType, income: Money, deductions: Money) -> Charge {
    let source = settlement(kind, income, deductions, Money::ZERO);
    let lines = with("2024-05-01", "2024-05-31", |ctx| source.charge(&[], ctx));
    lines.unwrap().remove(0)
}

fn points_at(line: &Charge, field: &str, parameter: &str) -> Vec<Money> {
    let points = line.turning_points.iter();
    points
        .filter(|it| it.field.ends_with(field) && it.parameter_id.as_deref() == Some(parameter))
        .map(|it| Money::parse_yuan(&it.turns_at).unwrap())
        .collect()
}

/// 条例 art. 7 read slice by slice: 30% up to half of the deductions, 40% up to all, 50% up to
/// twice, 60% beyond.
fn by_slices(value: Money, deductions: Money) -> Money {
    let (value, deductions) = (Exact::from(value), Exact::from(deductions));
    let mut tax = Exact::ZERO;
    let mut from = Exact::ZERO;
    for (twice, rate) in [(Some(1), 3), (Some(2), 4), (Some(4), 5), (None, 6)] {
        let to = match twice {
            Some(twice) => deductions.mul(Exact::fraction(twice, 2).unwrap()).unwrap(),
            None => value,
        };
        let slice = value.min(to).sub(from).unwrap().max(Exact::ZERO);
        tax = tax
            .add(slice.mul(Exact::fraction(rate, 10).unwrap()).unwrap())
            .unwrap();
        from = to;
    }
    tax.round_to_fen().unwrap()
}

#[test]
fn the_cliff_names_the_fen_on_both_sides() {
    let fen = Money::from_fen;
    let id = "lat.ordinary_exempt_ratio";
    // 1,300,000.00 over 1,000,000.00 is 30%: 1,200,000.00 of income is the last that is exempt;
    // 1,300,000.00 ÷ 1.2 = 1,083,333.333…, so 1,083,333.34 of deductions are the first.
    let over = line(PropertyType::Ordinary, fen(130_000_000), fen(100_000_000));
    assert_eq!(points_at(&over, ".income", id), [fen(120_000_000)]);
    assert_eq!(points_at(&over, ".deductions", id), [fen(108_333_334)]);
    // Exempt at 10%: 1,100,000.00 ÷ 1.2 = 916,666.67 of deductions are the last.
    let exempt = line(PropertyType::Ordinary, fen(110_000_000), fen(100_000_000));
    assert_eq!(points_at(&exempt, ".income", id), [fen(120_000_000)]);
    assert_eq!(points_at(&exempt, ".deductions", id), [fen(91_666_667)]);
    // Other types have no cliff, only brackets: at 130% the edges are 100% and 200%.
    let other = line(PropertyType::Other, fen(230_000_000), fen(100_000_000));
    assert_eq!(points_at(&other, ".income", id), []);
    assert_eq!(
        points_at(&other, ".income", "lat.brackets"),
        [fen(200_000_000), fen(300_000_000)]
    );
}

#[test]
fn the_next_year_of_the_uplift_and_the_end_of_a_window_are_told() {
    let source = |sale: &str| -> Source {
        let text = format!(
            r#"{{"project_name":"厂房","basis":{{"OLD_BUILDING":{{"transfer":{{
            "contract_on":"{sale}","property_use":"NON_HOUSING","restructuring":"MERGER",
            "income":[{{"kind":"MONETARY","amount":"10.00","vat_method":"EXCLUDED"}}]}},
            "method":{{"INVOICE":{{"kind":"BUSINESS_TAX","purchase_on":"2020-03-15",
            "amount":"1.00"}}}}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    for (sale, years) in [
        ("2021-03-14", "2021-03-15"),
        ("2021-03-15", "2021-09-16"),
        ("2021-09-15", "2021-09-16"),
        ("2021-09-16", "2022-09-16"),
        ("2022-03-15", "2022-09-16"),
    ] {
        let lines = with(sale, sale, |ctx| source(sale).charge(&[], ctx)).unwrap();
        let points = &lines.first().unwrap().turning_points;
        let told = |field: &str| -> Vec<&str> {
            let of = points.iter().filter(|it| it.field == field);
            of.map(|it| it.turns_at.as_str()).collect()
        };
        assert_eq!(told("old_building.invoice.sale_on"), [years], "{sale}");
        assert_eq!(told("old_building.transfer.contract_on"), ["2028-01-01"]);
    }
}

/// Any source at all, of every declaration type, also such as nobody would file.
fn any_source() -> impl Strategy<Value = Source> {
    const MOST: i64 = 999_999_999_999_999;
    let amount = prop_oneof![-MOST..=MOST, 0_i64..=10_000_000_000];
    let amounts = prop::collection::vec(amount.prop_map(Money::from_fen), 12);
    let days = prop::collection::vec(0_i32..=5_000, 3);
    let area = prop::collection::vec(0_i64..=100_000, 4);
    (0_usize..8, amounts, days, area, 0_u8..=255).prop_map(|(basis, amounts, days, area, bits)| {
        let yuan = |place: usize| amounts[place].to_string();
        let date = |place: usize| {
            let first = day("2014-06-01");
            first
                .saturating_add(jiff::ToSpan::days(days[place]))
                .to_string()
        };
        let one_of = |names: &[&str], shift: u8| {
            names[usize::from(bits.rotate_right(shift.into())) % names.len()].to_owned()
        };
        let kind = one_of(&["ORDINARY", "NON_ORDINARY", "OTHER"], 0);
        let method = one_of(&["EXCLUDED", "GENERAL", "SIMPLE", "STATED"], 1);
        let mode = one_of(&["INTEREST_PLUS_FIVE", "TEN_PERCENT"], 2);
        let used = one_of(&["HOUSING", "NON_HOUSING"], 3);
        let relief = one_of(
            &[
                "LAT_ORDINARY_20",
                "LAT_RESTRUCTURING",
                "LAT_AFFORDABLE_STOCK",
                "SIX_TAXES",
                "X",
            ],
            4,
        );
        let odd = bits % 2 == 1;
        let areas = format!(
            r#"{{"saleable_sqm":"{}","sold_sqm":"{}","self_used_sqm":"{}","remaining_sqm":"{}"}}"#,
            area[0] + if odd { area[3] } else { area[1] + area[2] },
            area[0],
            area[1],
            area[2]
        );
        let claims = match odd {
            true => format!(r#""reliefs":[{{"relief_id":"{relief}"}}]"#),
            false => r#""reliefs":[]"#.to_owned(),
        };
        let income = format!(
            r#""income":[{{"kind":"IN_KIND","amount":"{}","vat_method":"{method}",
            "vat_offset":"{}","sold_on":"{}"}}]"#,
            yuan(0),
            yuan(1),
            date(1)
        );
        let deductions = format!(
            r#""deductions":{{"land":"{}","development_cost":{{"construction":"{}"}},
            "expense_mode":"{mode}","interest":"{}","interest_cap":"{}",
            "taxes":{{"urban_construction":"{}","stamp":"{}"}},"collected_fees":"{}"}}"#,
            yuan(2),
            yuan(3),
            yuan(4),
            yuan(5),
            yuan(6),
            yuan(7),
            yuan(8)
        );
        let transfer = format!(
            r#""transfer":{{"contract_on":"{}","property_use":"{used}",{income},
            "assessed_price":"{}","restructuring":"MERGER","already_paid":"{}",
            "low_price_justified":{odd},{claims}}}"#,
            date(0),
            yuan(9),
            yuan(10)
        );
        let month = &date(0)[..7];
        let rate = r#""stated_rate":{"value":"0.05","document":"文号"}"#;
        let basis = match basis {
            0 => format!(
                r#"{{"PREPAY":{{"rows":[{{"month":"{month}","class":"{kind}","monetary":"{}",
                "vat_method":"GENERAL","already_paid":"{}",{claims}}}],"areas":{areas},
                "presale_permit_on":"{}"}}}}"#,
                yuan(0),
                yuan(1),
                date(2)
            ),
            1 => format!(
                r#"{{"SETTLEMENT":{{"event_on":"{}","types":[{{"property_type":"{kind}",{income},
                {deductions},"areas":{areas},"prepaid":"{}",{claims}}}],
                "shared_costs":{{"land":"{}"}},"recorded_prepaid":"{}"}}}}"#,
                date(0),
                yuan(9),
                yuan(10),
                yuan(11)
            ),
            2 => format!(
                r#"{{"ASSESSED_SETTLEMENT":{{"event_on":"{}","types":[{{
                "property_type":"{kind}",{income},{rate},"prepaid":"{}",{claims}}}]}}}}"#,
                date(0),
                yuan(9)
            ),
            3 => format!(
                r#"{{"WIP_TRANSFER":{{"contract_on":"{}",{income},{deductions},
                "prepaid":"{}",{claims}}}}}"#,
                date(0),
                yuan(9)
            ),
            4 => format!(
                r#"{{"TAIL":{{"rows":[{{"month":"{month}","property_type":"{kind}",{income},
                "area_sqm":"{}","settled":{{"income":"{}","deductions":"{}","taxes":"{}",
                "sold_area_sqm":"{}"}},{claims}}}]}}}}"#,
                area[0],
                yuan(2),
                yuan(3),
                yuan(4),
                area[1]
            ),
            5 => format!(
                r#"{{"OLD_BUILDING":{{{transfer},"method":{{"INVOICE":{{"kind":"ORDINARY_VAT",
                "purchase_on":"{}","amount":"{}","vat":"{}","deed_tax":"{}"}}}}}}}}"#,
                date(2),
                yuan(2),
                yuan(3),
                yuan(4)
            ),
            6 => format!(r#"{{"OLD_ASSESSED":{{{transfer},{rate}}}}}"#),
            _ => format!(
                r#"{{"LAND_TRANSFER":{{{transfer},"land_paid":"{}","development_cost":"{}"}}}}"#,
                yuan(2),
                yuan(3)
            ),
        };
        let text = format!(r#"{{"project_name":"项目","basis":{basis}}}"#);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    })
}

proptest! {
    #[test]
    fn no_source_panics_and_the_same_source_gives_the_same(source in any_source()) {
        with("2014-01-01", "2030-12-31", |ctx| {
            let wrapped = TaxSource::LandAppreciationTax(Box::new(source.clone()));
            let once = source.charge(&[&wrapped], ctx);
            prop_assert_eq!(&once, &source.charge(&[&wrapped], ctx));
            prop_assert_eq!(source.check(ctx), source.check(ctx));
            prop_assert_eq!(source.radar(ctx), source.radar(ctx));
            for line in once.unwrap_or_default() {
                let relief = line.relief().unwrap();
                prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_quick_deduction_is_the_sum_of_the_slices(
        income in 0_i64..=99_999_999_999,
        deductions in 1_i64..=99_999_999_999,
    ) {
        let (income, deductions) = (Money::from_fen(income), Money::from_fen(deductions));
        let value = income.minus(deductions).unwrap().or_zero();
        let line = line(PropertyType::Other, income, deductions);
        prop_assert_eq!(line.tax_amount, by_slices(value, deductions));
    }

    #[test]
    fn at_the_turning_point_the_exemption_turns(
        deductions in 1_000_i64..=9_999_999_999,
        percent in 1_i64..=300,
    ) {
        let id = "lat.ordinary_exempt_ratio";
        let of = |fen| Money::from_fen(fen);
        let income = deductions + deductions * percent / 100 + 1;
        let at = line(PropertyType::Ordinary, of(income), of(deductions));
        let most = points_at(&at, ".income", id)[0];
        let exempt = |income: Money, deductions: Money| {
            let line = line(PropertyType::Ordinary, income, deductions);
            line.relief().unwrap() == line.tax_amount
        };
        prop_assert!(exempt(most, of(deductions)));
        prop_assert!(!exempt(most.plus(of(1)).unwrap(), of(deductions)));
        let least = points_at(&at, ".deductions", id)[0];
        prop_assert!(exempt(of(income), least));
        prop_assert!(!exempt(of(income), least.minus(of(1)).unwrap()));
    }

    #[test]
    fn relief_and_payable_stay_in_bounds(
        income in 0_i64..=99_999_999_999_999,
        deductions in 0_i64..=99_999_999_999_999,
        prepaid in 0_i64..=9_999_999_999,
        kind in prop_oneof![
            Just(PropertyType::Ordinary),
            Just(PropertyType::NonOrdinary),
            Just(PropertyType::Other),
        ],
    ) {
        let fen = Money::from_fen;
        let source = settlement(kind, fen(income), fen(deductions), fen(prepaid));
        let lines = with("2024-05-01", "2024-05-31", |ctx| source.charge(&[], ctx)).unwrap();
        prop_assert_eq!(lines.len(), 1);
        for line in lines {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
            let left = line.tax_amount.minus(relief).unwrap();
            prop_assert_eq!(line.payable().unwrap(), left.minus(fen(prepaid)).unwrap());
            prop_assert!(!line.steps.is_empty() && !line.applied.is_empty());
        }
    }

    #[test]
    fn tax_is_monotone_but_for_the_exemption(
        income in 0_i64..=9_999_999_999,
        more in 0_i64..=1_000_000,
        deductions in 1_i64..=9_999_999_999,
    ) {
        let tax = |income| {
            let source = settlement(
                PropertyType::Other,
                Money::from_fen(income),
                Money::from_fen(deductions),
                Money::ZERO,
            );
            let lines = with("2024-05-01", "2024-05-31", |ctx| source.charge(&[], ctx));
            lines.unwrap().first().unwrap().tax_amount
        };
        prop_assert!(tax(income) <= tax(income + more));
    }

    #[test]
    fn nothing_panics_on_any_amount(income in any::<i64>(), deductions in any::<i64>()) {
        let fen = Money::from_fen;
        let source = settlement(PropertyType::Ordinary, fen(income), fen(deductions), fen(income));
        with("2024-05-01", "2024-05-31", |ctx| {
            let _ = source.check(ctx);
            let _ = source.charge(&[], ctx);
        });
    }
}
