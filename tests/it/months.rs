//! Two years of a taxpayer's life, against figures worked by hand from the law and the facts in
//! `examples/two-years.json`.
//!
//! 房产税, a quarter. 一号厂房 and 办公楼 are those of `docs/worked-journey.md`: 65,520.00 and
//! 15,015.00 on value, 24,770.64 on the rent of 206,422.02. 旧厂房 2,400,000 × 70% × 1.2% × 3 ÷ 12 =
//! 5,040.00. 北京办事处, a half-year: 6,000,000 × 70% × 1.2% × 6 ÷ 12 = 25,200.00.
//! 城镇土地使用税, a quarter: 20,000 × 5 × 3 ÷ 12 = 25,000.00 and 8,000 × 5 × 3 ÷ 12 = 10,000.00;
//! Beijing, a half-year: 300 × 24 × 6 ÷ 12 = 3,600.00.
//! 印花税: month i (from 0) has a sale of 1,000,000 + 50,000 i at 0.3‰, each odd one a transport of
//! 200,000 at 0.3‰ = 60.00, each i = 1, 7, 13, 19 a loan of 10,000,000 at 0.05‰ = 500.00.
//! 环境保护税: the nine lines of air of `docs/worked-journey.md` each quarter: 1,438.80 + 1,281.10 +
//! 1,431.14 = 4,151.04.
//! 六税两费 halves the first three to 2025-06 and again from 2026-04.
//!
//! 更正: the rent of the fourth quarter of 2024 was 216,422.02, of the third of 2025 186,422.02; the
//! sale of November 2025 came to 800,000. The tables say what the corrections leave.

use std::time::{Duration, Instant};

use caixing::cli::{Filed, Life, LifeOutcome, live};
use caixing::pb;
use serde_json::Value;

use crate::process::{Served, caixing};
use crate::support::*;

const HEFEI: &str = "13401040000";
const LIFE: &str = include_str!("../../examples/two-years.json");

/// Quarter; 房产税, 城镇土地使用税, 车船税, 印花税, 土地增值税, 环境保护税.
const QUARTERS: [(&str, [&str; 6]); 9] = [
    (
        "2024Q3",
        [
            // (65,520.00 + 15,015.00 + 5,040.00) ÷ 2 + 12,385.32
            "55172.82", // (25,000.00 + 10,000.00) ÷ 2
            "17500.00", "0.00", // (300 + 315 + 60 + 500 + 330) ÷ 2
            "752.50", "0.00", "4151.04",
        ],
    ),
    (
        "2024Q4",
        [
            // 55,172.82 + Beijing 25,200.00 ÷ 2 + 更正 10,000.00 × 12% ÷ 2
            "68372.82", // 17,500.00 + Beijing 3,600.00 ÷ 2
            "19300.00", // 360 + 12.35 × 60 + 6 × 60
            "1461.00",  // (345 + 60 + 360 + 375 + 60) ÷ 2
            "600.00", "0.00", "4151.04",
        ],
    ),
    (
        "2025Q1",
        [
            "55172.82", "17500.00", "0.00", // (390 + 405 + 60 + 500 + 420) ÷ 2
            "887.50", "0.00", "4151.04",
        ],
    ),
    (
        "2025Q2",
        [
            // 旧厂房 is sold on 16 May, and May is still taxed: 2,400,000 × 70% × 1.2% × 2 ÷ 12 =
            // 3,360.00. (65,520.00 + 15,015.00 + 3,360.00) ÷ 2 + 12,385.32 + Beijing 12,600.00
            "66932.82",
            // 二号地块 too: 8,000 × 5 × 2 ÷ 12 = 6,666.67, of which 3,333.33 after the half.
            // 12,500.00 + 3,333.33 + Beijing 1,800.00
            "17633.33",
            "0.00",
            // (435 + 60 + 450 + 465 + 60 + 5,000,000 × 0.5‰) ÷ 2
            "1985.00",
            // 2021-06-10 to 2025-05-16: 3 full years and 11 months, counted as 4.
            // Deductions 2,000,000 × (1 + 5% × 4) + 60,000 + 28,000 + 1,250 = 2,489,250;
            // gain 2,510,750, over 100%: × 50% − 2,489,250 × 15%
            "881987.50",
            "4151.04",
        ],
    ),
    (
        "2025Q3",
        [
            // No relief: 65,520.00 + 15,015.00 + 24,770.64 − 更正 20,000.00 × 12%
            "102905.64",
            "25000.00",
            "0.00",
            // 480 + 495 + 60 + 500 + 510
            "2045.00",
            "0.00",
            "4151.04",
        ],
    ),
    (
        "2025Q4",
        [
            // 105,305.64 + 25,200.00
            "130505.64",
            // 25,000.00 + 3,600.00
            "28600.00",
            // 360 + 741; scrapped in August, January to July: 360 × 7 ÷ 12 = 210; bought in March,
            // ten months: 8.333 × 60 × 10 ÷ 12 = 416.65
            "1727.65",
            // 525 + 60 + 540 + 555 + 60 − 更正 1,000,000 × 0.3‰
            "1440.00",
            "0.00",
            "4151.04",
        ],
    ),
    (
        "2026Q1",
        [
            "105305.64",
            "25000.00",
            "0.00",
            // 570 + 585 + 60 + 500 + 600
            "2315.00",
            "0.00",
            "4151.04",
        ],
    ),
    (
        "2026Q2",
        [
            // (65,520.00 + 15,015.00) ÷ 2 + 12,385.32; Beijing, three of six months halved:
            // 25,200.00 × 3 ÷ 4 = 18,900.00
            "71552.82", // 12,500.00 + 3,600.00 × 3 ÷ 4
            "15200.00", "0.00", // (615 + 60 + 630 + 645 + 60) ÷ 2
            "1005.00", "0.00", "4151.04",
        ],
    ),
    (
        // The year 2026 of the vehicles, filed in June: 360 + 741 + 8.333 × 60.
        "2026Q4",
        ["0.00", "0.00", "1600.98", "0.00", "0.00", "0.00"],
    ),
];

/// 27 days × 0.05% on each row of the third quarter of 2024, due on 2024-10-24 and paid on
/// 2024-11-20: value 42,787.50, rent 12,385.32, land 17,500.00, sales 472.50, transport 30.00, loan
/// 250.00, air 4,151.04: 577.63 + 167.20 + 236.25 + 6.38 + 0.41 + 3.38 + 56.04.
const LATE_2024: &str = "1047.29";
/// 21 days × 0.05% on each row of the second quarter of 2025, due on 2025-07-15, filed and paid on
/// 2025-08-05: value 41,947.50, rent 12,385.32, land 15,833.33, sales 675.00, transport 60.00,
/// transfer 1,250.00, air 4,151.04: 440.45 + 130.05 + 166.25 + 7.09 + 0.63 + 13.13 + 43.59.
const LATE_2025: &str = "801.19";
/// 600.00 more on the rent of the fourth quarter of 2024, due on 2025-01-15 and paid on 2025-04-14:
/// 89 days × 0.05%.
const LATE_CORRECTED: &str = "26.70";
/// 2,400.00 paid on 2025-10-12 and back on 2026-02-20: 131 days × 0.35% ÷ 360 = 3.0566…
const PAID_OUT: [&str; 4] = ["2400.00", "3.06", "0.00", "2403.06"];
/// 300.00 paid on 2026-01-12 and set off on 2026-04-13: 91 days × 0.35% ÷ 360 = 0.2654…
const SET_OFF: [&str; 4] = ["300.00", "0.27", "300.27", "0.00"];

/// The filing of a window with an authority, its first revision or a later one.
fn filed<'a>(
    outcome: &'a LifeOutcome,
    last_day: &str,
    authority: &str,
    revision: i32,
) -> &'a Filed {
    let found = outcome.filings.iter().find(|one| {
        let window = one.declaration.window.as_ref().unwrap();
        window.last_day == last_day
            && one.declaration.tax_authority_code == authority
            && one.declaration.revision == revision
    });
    found.unwrap()
}

/// Channel, tax and surcharge of what paid a filing.
fn payments(filed: &Filed) -> Vec<(pb::PaymentChannel, &str, &str)> {
    let paid = filed.paid.iter().map(|(one, _)| {
        let (principal, surcharge) = (one.principal_yuan.as_str(), one.surcharge_yuan.as_str());
        (one.channel(), principal, surcharge)
    });
    paid.collect()
}

#[tokio::test]
async fn two_years_come_to_the_figures_worked_by_hand_in_under_a_minute() {
    let server = Server::start().await;
    let life = Life::parse(LIFE).unwrap();
    let started = Instant::now();
    let mut lines = Vec::new();
    let say = |line: &str| lines.push(line.to_owned());
    let outcome = live(&server.address, &life, 24, say).await.unwrap();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
    let quarters = outcome.by_quarter().unwrap();
    let found: Vec<(String, Vec<String>)> = quarters
        .into_iter()
        .map(|(quarter, sums)| (quarter, sums.iter().map(ToString::to_string).collect()))
        .collect();
    let worked = QUARTERS.map(|(quarter, sums)| {
        let sums: Vec<String> = sums.map(str::to_owned).to_vec();
        (quarter.to_owned(), sums)
    });
    assert_eq!(found, worked);
    // Eight quarters and three years of vehicles in Hefei, four half-years in Beijing, a transfer;
    // three corrections, and the vehicles of 2025 once more after they were voided.
    assert_eq!(outcome.filings.len(), 8 + 3 + 4 + 1 + 3 + 1);
    assert_eq!((outcome.corrections(), outcome.voided()), (3, 1));
    // Each but the voided one and two corrections downward was paid, one of them in two; and one
    // refund was paid out.
    assert_eq!(outcome.vouchers(), 20 - 1 - 2 + 1 + 1);
    // The bank refused one order and took back another.
    assert_eq!((outcome.refused_payments(), outcome.skipped_faults), (2, 0));
    use pb::PaymentChannel::{Agreement, Offset};
    let surcharge = |last_day, revision| {
        let filed = filed(&outcome, last_day, HEFEI, revision);
        payments(filed)[0].2.to_owned()
    };
    assert_eq!(surcharge("2024-09-30", 1), LATE_2024);
    assert_eq!(surcharge("2025-06-30", 1), LATE_2025);
    let up = outcome
        .filings
        .iter()
        .find(|one| one.declaration.revision == 2 && !one.paid.is_empty());
    assert_eq!(
        payments(up.unwrap()),
        [(Agreement, "600.00", LATE_CORRECTED)]
    );
    // 105,305.64 + 25,000.00 + 2,315.00 + 4,151.04 = 136,771.68, of it 300.27 set off.
    let owing = filed(&outcome, "2026-03-31", HEFEI, 1);
    let halves = [(Offset, "300.27", "0.00"), (Agreement, "136471.41", "0.00")];
    assert_eq!(payments(owing), halves);
    let refunds = outcome.refunds.iter().map(|one| {
        let (refund, voucher) = (&one.refund, one.voucher.as_ref());
        // The sheet of a refund counts below zero.
        let paid_out = voucher.map_or("0.00", |one| one.total_yuan.trim_start_matches('-'));
        let [amount, interest, offset] = [
            &refund.amount_yuan,
            &refund.interest_yuan,
            &refund.offset_yuan,
        ]
        .map(String::as_str);
        [amount, interest, offset, paid_out]
    });
    assert_eq!(refunds.collect::<Vec<_>>(), [PAID_OUT, SET_OFF]);
    let sums = outcome.sums().unwrap();
    // 1,047.29 + 801.19 + 26.70
    assert_eq!(sums.surcharge.to_string(), "1875.18");
    assert_eq!(
        (sums.refunded.to_string(), sums.interest.to_string()),
        ("2700.00".into(), "3.33".into())
    );
    let overdue = outcome.filings.iter().filter(|one| one.declaration.overdue);
    assert_eq!(overdue.count(), 1, "paid late is not filed late");
    // The registration, 24 months and the July in which the last quarter is filed.
    assert_eq!(lines.len(), 1 + 24 + 1, "{lines:#?}");
    server.stop().await;
}

fn play(server: &Served, arguments: &[&str]) -> std::process::Output {
    let address = format!("http://{}", server.address);
    caixing()
        .args(["demo", "--server", &address])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_command_plays_months_on_a_running_sandbox_as_often_as_one_likes() {
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(dir.path());
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let output = play(&server, &["--months", "3", "--json"]);
        assert!(output.status.success(), "{output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["verified"], true);
        assert_eq!(told["principalYuan"], "77576.36");
        assert_eq!(told["surchargeYuan"], LATE_2024);
        // 77,576.36 + 1,047.29
        assert_eq!(told["totalYuan"], "78623.65");
        assert_eq!(told["quarters"][0]["taxes"]["STAMP_TAX"], "752.50");
        numbers.push(told["taxNumber"].as_str().unwrap().to_owned());
    }
    assert_ne!(numbers[0], numbers[1], "another taxpayer each time");
    let output = play(&server, &["--months", "1"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("2024-07  采集 12"), "{text}");
    for months in ["0", "25"] {
        let output = play(&server, &["--months", months]);
        assert!(!output.status.success());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("the script has 1 to 24 months"), "{told}");
    }
}
