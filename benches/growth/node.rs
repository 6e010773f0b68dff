//! A server in this process, and the small acts of a taxpayer on it.

use std::path::{Path, PathBuf};

use caixing::cli::read_json;
use caixing::gateway::{BankFault, FaultRule};
use caixing::pb;
use caixing::server::{self, Running, Settings};
use caixing::store::Database;
use serde_json::json;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// 2026-10-12 in China: the third quarter is filed.
const NOW: i64 = 1_791_770_400;
const AGREEMENT: &str = "SFXY-2026-000188";

/// A running server with a connection to it.
pub struct Node {
    running: Running,
    /// A connection; clients share it.
    pub channel: Channel,
}

macro_rules! clients {
    ($($name:ident: $module:ident :: $client:ident),+ $(,)?) => {
        impl Node {
            $(pub fn $name(&self) -> pb::$module::$client<Channel> {
                pb::$module::$client::new(self.channel.clone())
                    .max_decoding_message_size(64 * 1024 * 1024)
            })+
        }
    };
}

clients! {
    taxpayers: taxpayer_service_client::TaxpayerServiceClient,
    sources: tax_source_service_client::TaxSourceServiceClient,
    declarations: declaration_service_client::DeclarationServiceClient,
    payments: payment_service_client::PaymentServiceClient,
    treasury: treasury_callback_service_client::TreasuryCallbackServiceClient,
    events: event_service_client::EventServiceClient,
    sandbox: sandbox_service_client::SandboxServiceClient,
}

/// A quarter: its first and last day, and the year and month of the first.
#[derive(Clone, Copy)]
pub struct Quarter {
    pub year: i16,
    pub month: i8,
}

impl Quarter {
    /// The third of 2026, in which the sandbox's clock lets it be filed.
    pub const LAST: Self = Self {
        year: 2026,
        month: 7,
    };

    pub fn before(self) -> Self {
        match self.month {
            1 => Self {
                year: self.year - 1,
                month: 10,
            },
            month => Self {
                year: self.year,
                month: month - 3,
            },
        }
    }

    pub fn window(self) -> pb::Period {
        let first = jiff::civil::date(self.year, self.month, 1);
        let last = jiff::civil::date(self.year, self.month + 2, 1).last_of_month();
        pb::Period {
            first_day: first.to_string(),
            last_day: last.to_string(),
        }
    }
}

/// A fresh request id.
pub fn fresh() -> String {
    Uuid::new_v4().to_string()
}

/// A sales contract of 1,000,000.00: 300.00 are due. `place` is below 10,000.
pub fn contract(number: &str, quarter: Quarter, place: usize) -> pb::TaxSourceInput {
    let signed = jiff::civil::date(quarter.year, quarter.month, 10);
    let text = json!({
        "name": "产品销售合同",
        "regionCode": "340104",
        "taxAuthorityCode": format!("1340104{place:04}"),
        "treasuryCode": "1234010400",
        "stamp": {
            "documentNumber": number,
            "documentName": "产品销售合同",
            "filingMode": "STAMP_FILING_MODE_PERIODIC",
            "count": 1,
            "signedOn": signed.to_string(),
            "role": "STAMP_PARTY_ROLE_PROVIDER",
            "lines": [{"item": "STAMP_ITEM_SALE", "amountYuan": "1000000.00"}],
            "counterparties": [{
                "name": "芜湖某机械有限公司",
                "kind": "STAMP_COUNTERPARTY_KIND_ENTERPRISE",
            }],
        },
    });
    read_json("TaxSourceInput", &text.to_string()).unwrap()
}

/// A house and a plot, due each quarter.
pub fn estate() -> [pb::TaxSourceInput; 2] {
    let house = json!({
        "name": "一号厂房",
        "regionCode": "340104",
        "taxAuthorityCode": "13401040000",
        "treasuryCode": "1234010400",
        "realEstate": {
            "houseNo": "B1",
            "houseName": "一号厂房",
            "taxpayerRole": "REAL_ESTATE_TAXPAYER_ROLE_OWNER",
            "houseUse": "REAL_ESTATE_USE_INDUSTRIAL",
            "acquisitionKind": "REAL_ESTATE_ACQUISITION_KIND_SELF_BUILT",
            "acquiredOn": "2018-06-20",
            "versions": [{"buildingValueYuan": "20500000.00", "buildingAreaSqm": "12000.00"}],
        },
    });
    let plot = json!({
        "name": "一号地块",
        "regionCode": "340104",
        "taxAuthorityCode": "13401040000",
        "treasuryCode": "1234010400",
        "landUse": {
            "taxpayerKind": "LAND_USE_TAXPAYER_KIND_RIGHT_HOLDER",
            "nature": "LAND_USE_NATURE_STATE",
            "acquisitionMode": "LAND_USE_ACQUISITION_MODE_GRANTED",
            "purpose": "LAND_USE_PURPOSE_INDUSTRIAL",
            "acquisition": {
                "kind": "LAND_USE_ACQUISITION_KIND_CARRIED_OVER",
                "eventOn": "2020-01-01",
            },
            "versions": [{
                "areaSqm": "20000.00",
                "landClass": "LAND_USE_CLASS_CITY",
                "grade": 3,
                "unitTax": {"value": "5", "document": "演示值，非正式文号"},
            }],
            "landNo": "340104000001",
            "landName": "一号地块",
        },
    });
    [house, plot].map(|text| read_json("TaxSourceInput", &text.to_string()).unwrap())
}

impl Node {
    /// Starts a server, its clock at [`NOW`]; `dir` is where keys lie.
    pub async fn start(dir: &Path, database: &Database) -> Self {
        let settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: dir.to_owned(),
            database: Some(database.clone()),
            rules_dir: None,
            sandbox: true,
            gateway: None,
            metrics: None,
        };
        let running = server::start(&settings).await.unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{}", running.address)).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let node = Self { running, channel };
        node.set_clock(NOW).await;
        node
    }

    /// Sets the sandbox's clock, in seconds since 1970.
    pub async fn set_clock(&self, seconds: i64) {
        let now = Some(prost_types::Timestamp { seconds, nanos: 0 });
        let request = pb::SetClockRequest { now };
        self.sandbox().set_clock(request).await.unwrap();
    }

    /// The bank debits and does not report: the caller is the treasury.
    pub fn quiet_treasury(&self) {
        let rule = FaultRule {
            taxpayer_id: String::new(),
            fault: BankFault::SettleByFile,
            times: None,
        };
        self.running.bank_faults().unwrap().set(rule);
    }

    pub async fn stop(self) {
        drop(self.channel);
        self.running.stop().await.unwrap();
    }

    pub async fn register(&self, number: &str) -> String {
        let request = pb::RegisterTaxpayerRequest {
            request_id: fresh(),
            tax_number: number.to_owned(),
            name: "合肥皖星精密机械制造有限公司".to_owned(),
            kind: pb::TaxpayerKind::Enterprise.into(),
            six_taxes_windows: Vec::new(),
            validate_only: false,
            six_taxes_facts: None,
        };
        let answer = self.taxpayers().register_taxpayer(request).await;
        answer.unwrap().into_inner().taxpayer.unwrap().taxpayer_id
    }

    pub async fn collect(&self, taxpayer: &str, input: pb::TaxSourceInput) {
        let request = pb::CreateTaxSourceRequest {
            request_id: fresh(),
            taxpayer_id: taxpayer.to_owned(),
            source: Some(input),
            validate_only: false,
        };
        self.sources().create_tax_source(request).await.unwrap();
    }

    pub async fn draft(&self, taxpayer: &str, quarter: Quarter) -> Vec<pb::Declaration> {
        let request = pb::DraftDeclarationRequest {
            request_id: fresh(),
            taxpayer_id: taxpayer.to_owned(),
            window: Some(quarter.window()),
            tax_authority_code: String::new(),
            taxes: Vec::new(),
        };
        let answer = self.declarations().draft_declaration(request).await;
        answer.unwrap().into_inner().declarations
    }

    /// The warnings of a draft, which its filing must accept by name.
    pub async fn warnings(&self, draft: &pb::Declaration) -> Vec<String> {
        let request = pb::ValidateDeclarationRequest {
            taxpayer_id: draft.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
        };
        let answer = self.declarations().validate_declaration(request).await;
        let findings = answer.unwrap().into_inner().findings;
        let warns = |finding: &pb::Finding| finding.severity() == pb::Severity::Warning;
        let warnings = findings.into_iter().filter(warns);
        let mut warnings: Vec<String> = warnings.map(|finding| finding.rule_id).collect();
        warnings.sort();
        warnings.dedup();
        warnings
    }

    pub async fn submit(&self, draft: &pb::Declaration, warnings: &[String]) -> pb::Declaration {
        let request = pb::SubmitDeclarationRequest {
            request_id: fresh(),
            taxpayer_id: draft.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
            content_digest: draft.content_digest.clone(),
            acknowledged_warnings: warnings.to_vec(),
            validate_only: false,
        };
        let answer = self.declarations().submit_declaration(request).await;
        answer.unwrap().into_inner().declaration.unwrap()
    }

    /// What is to be paid of a declaration today.
    pub async fn quote(&self, filed: &pb::Declaration) -> String {
        let request = pb::QuotePaymentRequest {
            taxpayer_id: filed.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            pay_on: Vec::new(),
        };
        let answer = self.payments().quote_payment(request).await;
        answer.unwrap().into_inner().quotes[0].total_yuan.clone()
    }

    pub async fn pay(&self, filed: &pb::Declaration, total_yuan: &str) -> pb::Payment {
        let request = pb::CreatePaymentRequest {
            request_id: fresh(),
            taxpayer_id: filed.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            content_digest: filed.content_digest.clone(),
            total_yuan: total_yuan.to_owned(),
            agreement_number: AGREEMENT.to_owned(),
            validate_only: false,
        };
        let answer = self.payments().create_payment(request).await;
        answer.unwrap().into_inner().payment.unwrap()
    }

    /// The treasury reports a payment.
    pub async fn settle(&self, payment: &pb::Payment) {
        let request = pb::ReportSettlementRequest {
            request_id: fresh(),
            taxpayer_id: payment.taxpayer_id.clone(),
            payment_id: payment.payment_id.clone(),
            amount_yuan: payment.total_yuan.clone(),
            treasury_code: payment.treasury_code.clone(),
            bank_reference: payment.bank_reference.clone(),
            part_reference: String::new(),
        };
        self.treasury().report_settlement(request).await.unwrap();
    }

    pub async fn get(&self, taxpayer: &str, declaration: &str) -> pb::Declaration {
        let request = pb::GetDeclarationRequest {
            taxpayer_id: taxpayer.to_owned(),
            declaration_id: declaration.to_owned(),
        };
        let answer = self.declarations().get_declaration(request).await;
        answer.unwrap().into_inner().declaration.unwrap()
    }

    pub async fn obligations(&self, taxpayer: &str, quarter: Quarter) -> usize {
        let request = pb::ListObligationsRequest {
            taxpayer_id: taxpayer.to_owned(),
            window: Some(quarter.window()),
        };
        let answer = self.declarations().list_obligations(request).await;
        answer.unwrap().into_inner().obligations.len()
    }

    pub async fn list(&self, taxpayer: &str, page_token: &str) -> pb::ListDeclarationsResponse {
        let request = pb::ListDeclarationsRequest {
            taxpayer_id: taxpayer.to_owned(),
            page_size: 20,
            page_token: page_token.to_owned(),
        };
        let answer = self.declarations().list_declarations(request).await;
        answer.unwrap().into_inner()
    }

    /// How many events stand after a cursor.
    pub async fn events_after(&self, cursor: &str) -> usize {
        let request = pb::StreamEventsRequest {
            cursor: cursor.to_owned(),
            until_now: true,
            ..pb::StreamEventsRequest::default()
        };
        let answer = self.events().stream_events(request).await;
        let mut answers = answer.unwrap().into_inner();
        let mut count = 0;
        while answers.message().await.unwrap().is_some() {
            count += 1;
        }
        count
    }
}

/// A directory that is gone when dropped, where `CAIXING_BENCH_DIR` says or the system does.
pub fn scratch() -> tempfile::TempDir {
    let place = std::env::var_os("CAIXING_BENCH_DIR").map(PathBuf::from);
    let place = place.unwrap_or_else(std::env::temp_dir);
    tempfile::TempDir::with_prefix_in("caixing-growth-", place).unwrap()
}
