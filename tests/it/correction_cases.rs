//! Chains of corrections as data (`tests/cases/procedure/corrections.json`): a contract is stated,
//! filed, sometimes paid, stated anew and corrected; column 8, 10, 11 and the surcharge of each.

use jiff::civil::date;
use serde::Deserialize;

use crate::sample::{day, read, yuan};
use crate::support::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    title: String,
    source: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    on: String,
    amount_yuan: String,
    tax_yuan: String,
    already_paid_yuan: String,
    payable_yuan: String,
    /// The surcharge it was paid with; nothing where it was not paid.
    paid_surcharge_yuan: Option<String>,
    working: String,
}

/// The service's clock on a day, seconds since 1970.
fn clock(on: &str) -> i64 {
    let since = date(2026, 10, 12).duration_until(day(on)).as_hours() / 24;
    NOW + since * 86_400
}

async fn run(case: &Case) {
    let (server, _) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    let mut filed = None;
    for (place, step) in case.steps.iter().enumerate() {
        let told = format!(
            "{} ({}) step {place}: {}",
            case.id, case.title, step.working
        );
        server.set_clock(clock(&step.on)).await;
        let stated = contract_over("HT-1", &step.amount_yuan);
        let now = match &filed {
            None => {
                collect(&server, &taxpayer, stated).await;
                file(&server, &draft(&server, &taxpayer).await).await
            }
            Some(before) => {
                let source = source_list(&server, &taxpayer).await.remove(0);
                restate(&server, &source, stated).await;
                corrected(&server, before).await
            }
        };
        let expected = [&*step.tax_yuan, &step.already_paid_yuan, &step.payable_yuan];
        assert_eq!(columns(&now), [expected], "{told}");
        assert_eq!(now.lines[0].due_on, "2026-10-26", "{told}");
        assert_eq!(usize::try_from(now.revision).unwrap(), place + 1, "{told}");
        if let Some(surcharge) = &step.paid_surcharge_yuan {
            let total = yuan(&step.payable_yuan).plus(yuan(surcharge)).unwrap();
            let paid = pay_and_settle(&server, &now, &total.to_string()).await;
            assert_eq!(&paid.surcharge_yuan, surcharge, "{told}");
        }
        filed = Some(now);
    }
}

#[tokio::test]
async fn every_chain_of_corrections_comes_to_its_figures() {
    let cases: Vec<Case> =
        serde_json::from_str(&read("tests/cases/procedure/corrections.json")).unwrap();
    assert!(cases.len() > 4, "the cases were read");
    for case in &cases {
        assert!(!case.source.is_empty(), "{}", case.id);
        run(case).await;
    }
}
