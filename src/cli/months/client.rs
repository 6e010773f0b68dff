//! One taxpayer's calls, as any client would make them: a mutation whose answer did not come is
//! sent again under the same request id.

use std::time::Duration;

use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::super::journey::{Failed, request_id, told};
use crate::pb;
use crate::pb::declaration_service_client::DeclarationServiceClient;
use crate::pb::payment_service_client::PaymentServiceClient;
use crate::pb::tax_source_service_client::TaxSourceServiceClient;
use crate::pb::taxpayer_service_client::TaxpayerServiceClient;

/// Tries of one call whose answer does not come.
const TRIES: u32 = 20;
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Longest wait for a payment's end.
const OUTCOME_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Looks at a debited payment after which the bank is asked about it.
const ASK_AT: u32 = 50;

/// The calls of one taxpayer.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    taxpayer_id: String,
    agreement_number: String,
}

/// Only the connection failed, or the service asks to come again: nothing is known of the outcome,
/// so the same request is sent again and answered once.
fn unanswered(status: &Status) -> bool {
    let broken = status.details().is_empty()
        && matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled
        );
    broken || status.get_details_retry_info().is_some()
}

/// Sends a request until it is answered.
macro_rules! answered {
    ($self:ident, $client:ident, $method:ident, $request:expr) => {{
        let request = $request;
        let mut tries = 1;
        loop {
            let mut client = $client::new($self.channel.clone());
            match client.$method(request.clone()).await {
                Ok(answer) => break answer.into_inner(),
                Err(status) if unanswered(&status) && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                Err(status) => return Err(told(stringify!($method), &status)),
            }
        }
    }};
}

mod aftermath;

impl Client {
    /// The calls of a taxpayer.
    pub const fn new(channel: Channel, taxpayer_id: String, agreement_number: String) -> Self {
        Self {
            channel,
            taxpayer_id,
            agreement_number,
        }
    }

    /// Collects a source.
    pub async fn collect(&self, input: pb::TaxSourceInput) -> Result<pb::TaxSource, Failed> {
        let request = pb::CreateTaxSourceRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            source: Some(input),
            validate_only: false,
        };
        let answer = answered!(self, TaxSourceServiceClient, create_tax_source, request);
        answer.source.ok_or_else(|| "no source".into())
    }

    /// Restates a source.
    pub async fn restate(
        &self,
        kept: &pb::TaxSource,
        input: pb::TaxSourceInput,
    ) -> Result<pb::TaxSource, Failed> {
        let current = self.source(kept).await?;
        let request = pb::UpdateTaxSourceRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            source_id: current.source_id,
            etag: current.etag,
            source: Some(input),
            validate_only: false,
        };
        let answer = answered!(self, TaxSourceServiceClient, update_tax_source, request);
        answer.source.ok_or_else(|| "no source".into())
    }

    /// Closes a source.
    pub async fn close(&self, kept: &pb::TaxSource) -> Result<(), Failed> {
        let current = self.source(kept).await?;
        let request = pb::CloseTaxSourceRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            source_id: current.source_id,
            etag: current.etag,
            validate_only: false,
        };
        answered!(self, TaxSourceServiceClient, close_tax_source, request);
        Ok(())
    }

    async fn source(&self, kept: &pb::TaxSource) -> Result<pb::TaxSource, Failed> {
        let request = pb::GetTaxSourceRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            source_id: kept.source_id.clone(),
            known_at: None,
        };
        let answer = answered!(self, TaxSourceServiceClient, get_tax_source, request);
        answer.source.ok_or_else(|| "no source".into())
    }

    /// The taxpayer as it is.
    pub async fn taxpayer(&self) -> Result<pb::Taxpayer, Failed> {
        let request = pb::GetTaxpayerRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            ..Default::default()
        };
        let answer = answered!(self, TaxpayerServiceClient, get_taxpayer, request);
        answer.taxpayer.ok_or_else(|| "no taxpayer".into())
    }

    /// Changes the taxpayer's attributes.
    pub async fn update(&self, mut request: pb::UpdateTaxpayerRequest) -> Result<(), Failed> {
        request.request_id = request_id();
        request.taxpayer_id.clone_from(&self.taxpayer_id);
        answered!(self, TaxpayerServiceClient, update_taxpayer, request);
        Ok(())
    }

    /// Which of some taxes have something to be filed in a window.
    pub async fn due(
        &self,
        window: &pb::Period,
        taxes: &[pb::TaxKind],
        authority: &str,
    ) -> Result<Vec<pb::TaxKind>, Failed> {
        let request = pb::ListObligationsRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            window: Some(window.clone()),
        };
        let answer = answered!(self, DeclarationServiceClient, list_obligations, request);
        let mut due = Vec::new();
        for one in answer.obligations {
            let elsewhere = !authority.is_empty() && one.tax_authority_code != authority;
            if elsewhere || !taxes.contains(&one.tax()) {
                continue;
            }
            match one.reason() {
                pb::ObligationReason::Due | pb::ObligationReason::DueWithoutTax => {
                    due.push(one.tax());
                }
                pb::ObligationReason::CannotBeCharged => {
                    let why = one.finding.unwrap_or_default();
                    return Err(format!("{}: {}", one.source_name, why.message).into());
                }
                _ => {}
            }
        }
        due.sort_unstable();
        due.dedup();
        Ok(due)
    }

    /// Draws, validates and submits a window, one form for each authority. Every warning shown is
    /// acknowledged.
    pub async fn file(
        &self,
        window: &pb::Period,
        taxes: &[pb::TaxKind],
        authority: &str,
    ) -> Result<Vec<pb::Declaration>, Failed> {
        let request = pb::DraftDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            window: Some(window.clone()),
            tax_authority_code: authority.to_owned(),
            taxes: taxes.iter().map(|tax| (*tax).into()).collect(),
        };
        let drawn = answered!(self, DeclarationServiceClient, draft_declaration, request);
        let mut filed = Vec::new();
        for draft in drawn.declarations {
            filed.push(self.submit(&draft).await?);
        }
        Ok(filed)
    }

    pub(super) async fn submit(&self, draft: &pb::Declaration) -> Result<pb::Declaration, Failed> {
        let request = pb::ValidateDeclarationRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
        };
        let checked = answered!(
            self,
            DeclarationServiceClient,
            validate_declaration,
            request
        );
        if !checked.submittable {
            let stops = |one: &pb::Finding| one.severity() == pb::Severity::Error;
            let first = checked.findings.into_iter().find(stops).unwrap_or_default();
            return Err(format!("{}: {}", first.rule_id, first.message).into());
        }
        let warnings = checked.findings.iter();
        let warnings = warnings.filter(|one| one.severity() == pb::Severity::Warning);
        let mut acknowledged: Vec<String> = warnings.map(|one| one.rule_id.clone()).collect();
        acknowledged.sort();
        acknowledged.dedup();
        let request = pb::SubmitDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
            content_digest: checked.content_digest,
            acknowledged_warnings: acknowledged,
            validate_only: false,
        };
        let answer = answered!(self, DeclarationServiceClient, submit_declaration, request);
        answer.declaration.ok_or_else(|| "no declaration".into())
    }

    /// Reads a declaration.
    pub async fn declaration(&self, id: &str) -> Result<pb::Declaration, Failed> {
        let request = pb::GetDeclarationRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: id.to_owned(),
        };
        let answer = answered!(self, DeclarationServiceClient, get_declaration, request);
        answer.declaration.ok_or_else(|| "no declaration".into())
    }

    /// Quotes and pays a declaration and follows the payment to its end; nothing where nothing is
    /// collected.
    pub async fn pay(&self, filed: &pb::Declaration) -> Result<Option<pb::Payment>, Failed> {
        let request = pb::QuotePaymentRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            pay_on: Vec::new(),
        };
        let quoted = answered!(self, PaymentServiceClient, quote_payment, request);
        let quote = quoted.quotes.into_iter().next().ok_or("no quote")?;
        let request = pb::CreatePaymentRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            content_digest: quoted.content_digest,
            total_yuan: quote.total_yuan,
            agreement_number: self.agreement_number.clone(),
            validate_only: false,
        };
        let created = answered!(self, PaymentServiceClient, create_payment, request);
        match created.payment {
            Some(payment) => self.outcome(payment).await.map(Some),
            None => Ok(None),
        }
    }

    /// Another order for what is paid must be refused.
    pub async fn pays_once(
        &self,
        declaration: &pb::Declaration,
        payment: &pb::Payment,
    ) -> Result<(), Failed> {
        let request = pb::CreatePaymentRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: declaration.declaration_id.clone(),
            content_digest: declaration.content_digest.clone(),
            total_yuan: payment.total_yuan.clone(),
            agreement_number: self.agreement_number.clone(),
            validate_only: true,
        };
        let mut payments = PaymentServiceClient::new(self.channel.clone());
        match payments.create_payment(request).await {
            Err(status) if status.code() == Code::FailedPrecondition => Ok(()),
            Err(status) => Err(told("a second order", &status)),
            Ok(_) => Err("a declaration can be paid twice".into()),
        }
    }

    /// Follows a payment to its end.
    async fn outcome(&self, payment: pb::Payment) -> Result<pb::Payment, Failed> {
        let id = payment.payment_id.clone();
        tokio::time::timeout(OUTCOME_WAIT, self.followed(payment))
            .await
            .map_err(|_| format!("payment {id} has no outcome in time"))?
    }

    async fn followed(&self, mut payment: pb::Payment) -> Result<pb::Payment, Failed> {
        use pb::PaymentState as State;
        for look in 1_u32.. {
            // A debit that does not settle may have been taken back: only the bank knows.
            let asks = look.is_multiple_of(ASK_AT);
            payment = match payment.state() {
                State::InTreasury | State::Failed | State::Reversed | State::Refunded => {
                    return Ok(payment);
                }
                State::Confirming => self.resolve(&payment).await?,
                State::Debited if asks => self.resolve(&payment).await?,
                _ => self.payment(&payment).await?,
            };
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("the payment has no end".into())
    }

    /// Reads a payment.
    pub async fn payment(&self, payment: &pb::Payment) -> Result<pb::Payment, Failed> {
        let request = pb::GetPaymentRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            payment_id: payment.payment_id.clone(),
        };
        let answer = answered!(self, PaymentServiceClient, get_payment, request);
        answer.payment.ok_or_else(|| "no payment".into())
    }

    async fn resolve(&self, payment: &pb::Payment) -> Result<pb::Payment, Failed> {
        let request = pb::ResolvePaymentRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            payment_id: payment.payment_id.clone(),
        };
        let answer = answered!(self, PaymentServiceClient, resolve_payment, request);
        answer.payment.ok_or_else(|| "no payment".into())
    }
}

/// The connection and the taxpayer, for calls made elsewhere.
impl Client {
    /// The connection.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The taxpayer.
    pub fn taxpayer_id(&self) -> &str {
        &self.taxpayer_id
    }
}
