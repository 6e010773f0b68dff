//! What follows a filing: corrected, voided, refunded.

use super::super::super::journey::{Failed, request_id, told};
use super::{AGAIN_AFTER, Client, TRIES, unanswered};
use crate::pb;
use crate::pb::declaration_service_client::DeclarationServiceClient;
use crate::pb::officer_service_client::OfficerServiceClient;
use crate::pb::payment_service_client::PaymentServiceClient;
use crate::pb::treasury_callback_service_client::TreasuryCallbackServiceClient;

impl Client {
    /// Corrects some taxes of a filed declaration and submits the revision.
    pub async fn correct(
        &self,
        filed: &pb::Declaration,
        taxes: &[pb::TaxKind],
        reason: &str,
    ) -> Result<pb::Declaration, Failed> {
        let request = pb::CorrectDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            content_digest: filed.content_digest.clone(),
            taxes: taxes.iter().map(|tax| (*tax).into()).collect(),
            excluded_source_ids: Vec::new(),
            reason: reason.to_owned(),
            validate_only: false,
        };
        let answer = answered!(self, DeclarationServiceClient, correct_declaration, request);
        self.submit(&answer.declaration.ok_or("no revision")?).await
    }

    /// Voids a filed declaration.
    pub async fn void(&self, filed: &pb::Declaration, reason: &str) -> Result<(), Failed> {
        let request = pb::VoidDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            content_digest: filed.content_digest.clone(),
            reason: reason.to_owned(),
            validate_only: false,
        };
        answered!(self, DeclarationServiceClient, void_declaration, request);
        Ok(())
    }

    /// Claims back what a declaration shows as refundable.
    pub async fn claim(
        &self,
        filed: &pb::Declaration,
        cause: pb::RefundCause,
    ) -> Result<pb::Refund, Failed> {
        let totals = filed.totals.clone().unwrap_or_default();
        let request = pb::RequestRefundRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            content_digest: filed.content_digest.clone(),
            amount_yuan: totals.refundable_yuan,
            cause: cause.into(),
            validate_only: false,
        };
        let answer = answered!(self, PaymentServiceClient, request_refund, request);
        answer.refund.ok_or_else(|| "no refund".into())
    }

    /// Approves a refund, as the officer.
    pub async fn approve(
        &self,
        claimed: &pb::Refund,
        decision: &str,
    ) -> Result<pb::Refund, Failed> {
        let request = pb::DecideRefundRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            refund_id: claimed.refund_id.clone(),
            approved: true,
            cause: pb::RefundCause::Unspecified.into(),
            decision: decision.to_owned(),
        };
        let answer = answered!(self, OfficerServiceClient, decide_refund, request);
        answer.refund.ok_or_else(|| "no refund".into())
    }

    /// Sets a refund against an unpaid declaration.
    pub async fn set_off(
        &self,
        refund: &pb::Refund,
        owing: &pb::Declaration,
    ) -> Result<pb::Payment, Failed> {
        let request = pb::OffsetRefundRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            refund_id: refund.refund_id.clone(),
            declaration_id: owing.declaration_id.clone(),
            content_digest: owing.content_digest.clone(),
            validate_only: false,
        };
        let answer = answered!(self, PaymentServiceClient, offset_refund, request);
        answer.payment.ok_or_else(|| "no payment".into())
    }

    /// Reads a refund.
    pub async fn refund(&self, refund: &pb::Refund) -> Result<pb::Refund, Failed> {
        let request = pb::GetRefundRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            refund_id: refund.refund_id.clone(),
        };
        let answer = answered!(self, PaymentServiceClient, get_refund, request);
        answer.refund.ok_or_else(|| "no refund".into())
    }

    /// Reports, as the treasury, that what is left of a refund was paid out today.
    pub async fn pay_out(&self, refund: &pb::Refund, treasury: &str) -> Result<(), Failed> {
        let now = self.refund(refund).await?;
        let request = pb::ReportRefundRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            refund_id: now.refund_id.clone(),
            amount_yuan: now.balance_yuan,
            treasury_code: treasury.to_owned(),
            treasury_reference: format!("TK{}", now.refund_id.replace('-', "")),
        };
        answered!(self, TreasuryCallbackServiceClient, report_refund, request);
        Ok(())
    }
}
