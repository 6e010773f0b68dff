//! One request of the journey, sent on a channel that may be cut at any moment.

use caixing::pb;
use pb::declaration_service_client::DeclarationServiceClient;
use pb::payment_service_client::PaymentServiceClient;
use pb::tax_source_service_client::TaxSourceServiceClient;
use pb::taxpayer_service_client::TaxpayerServiceClient;
use prost::Message;
use tonic::Status;
use tonic::transport::Channel;

use super::journey::{Step, TAX_NUMBER, TOTAL, TREASURY};

fn stamp(
    name: &str,
    item: pb::StampItem,
    signed_on: &str,
    yuan: &str,
    vat: &str,
) -> pb::TaxSourceInput {
    let line = pb::StampLine {
        item: item.into(),
        amount_yuan: yuan.to_owned(),
        vat_stated_apart_yuan: vat.to_owned(),
        ..Default::default()
    };
    let counterparty = pb::StampCounterparty {
        name: "某银行股份有限公司".to_owned(),
        kind: pb::StampCounterpartyKind::FinancialInstitution.into(),
        ..Default::default()
    };
    let document = pb::StampTaxSource {
        document_name: name.to_owned(),
        filing_mode: pb::StampFilingMode::Periodic.into(),
        count: 1,
        signed_on: signed_on.to_owned(),
        role: pb::StampPartyRole::Recipient.into(),
        lines: vec![line],
        counterparties: vec![counterparty],
        ..Default::default()
    };
    pb::TaxSourceInput {
        name: name.to_owned(),
        region_code: "340104".to_owned(),
        tax_authority_code: "13401040000".to_owned(),
        treasury_code: TREASURY.to_owned(),
        detail: Some(pb::tax_source_input::Detail::Stamp(document)),
    }
}

/// One request, with all it needs.
pub struct Sender {
    pub step: Step,
    pub channel: Channel,
    pub request_id: String,
    pub taxpayer_id: String,
    pub declaration_id: String,
    pub digest: String,
}

impl Sender {
    pub async fn send(self) -> Result<Vec<u8>, Status> {
        match self.step {
            Step::Register => self.register().await,
            Step::CollectSale => {
                let item = pb::StampItem::Sale;
                let source = stamp(
                    "产品销售合同",
                    item,
                    "2026-07-10",
                    "5650000.00",
                    "650000.00",
                );
                self.collect(source).await
            }
            Step::CollectLoan => {
                let item = pb::StampItem::Loan;
                let source = stamp("流动资金借款合同", item, "2026-08-20", "2000000.00", "");
                self.collect(source).await
            }
            Step::Draft => self.draft().await,
            Step::Submit => self.submit().await,
            Step::Pay => self.pay().await,
        }
    }

    async fn register(self) -> Result<Vec<u8>, Status> {
        let request = pb::RegisterTaxpayerRequest {
            request_id: self.request_id,
            tax_number: TAX_NUMBER.to_owned(),
            name: "合肥皖星精密机械制造有限公司".to_owned(),
            kind: pb::TaxpayerKind::Enterprise.into(),
            ..Default::default()
        };
        let mut client = TaxpayerServiceClient::new(self.channel);
        Ok(client
            .register_taxpayer(request)
            .await?
            .into_inner()
            .encode_to_vec())
    }

    async fn collect(self, source: pb::TaxSourceInput) -> Result<Vec<u8>, Status> {
        let request = pb::CreateTaxSourceRequest {
            request_id: self.request_id,
            taxpayer_id: self.taxpayer_id,
            source: Some(source),
            validate_only: false,
        };
        let mut client = TaxSourceServiceClient::new(self.channel);
        Ok(client
            .create_tax_source(request)
            .await?
            .into_inner()
            .encode_to_vec())
    }

    async fn draft(self) -> Result<Vec<u8>, Status> {
        let window = pb::Period {
            first_day: "2026-07-01".to_owned(),
            last_day: "2026-09-30".to_owned(),
        };
        let request = pb::DraftDeclarationRequest {
            request_id: self.request_id,
            taxpayer_id: self.taxpayer_id,
            window: Some(window),
            ..Default::default()
        };
        let mut client = DeclarationServiceClient::new(self.channel);
        Ok(client
            .draft_declaration(request)
            .await?
            .into_inner()
            .encode_to_vec())
    }

    async fn submit(self) -> Result<Vec<u8>, Status> {
        let request = pb::SubmitDeclarationRequest {
            request_id: self.request_id,
            taxpayer_id: self.taxpayer_id,
            declaration_id: self.declaration_id,
            content_digest: self.digest,
            acknowledged_warnings: vec!["FREQUENCY_UNCONFIRMED".to_owned()],
            ..Default::default()
        };
        let mut client = DeclarationServiceClient::new(self.channel);
        Ok(client
            .submit_declaration(request)
            .await?
            .into_inner()
            .encode_to_vec())
    }

    async fn pay(self) -> Result<Vec<u8>, Status> {
        let request = pb::CreatePaymentRequest {
            request_id: self.request_id,
            taxpayer_id: self.taxpayer_id,
            declaration_id: self.declaration_id,
            content_digest: self.digest,
            total_yuan: TOTAL.to_owned(),
            agreement_number: "SFXY-2026-000188".to_owned(),
            validate_only: false,
        };
        let mut client = PaymentServiceClient::new(self.channel);
        Ok(client
            .create_payment(request)
            .await?
            .into_inner()
            .encode_to_vec())
    }
}
