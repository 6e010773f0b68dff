//! What is asked of the service: one message of one mutating method, and what came back.

use std::fmt;

use caixing::grpc::{self, App};
use caixing::pb;
use caixing::pb::declaration_service_server::DeclarationService as _;
use caixing::pb::officer_service_server::OfficerService as _;
use caixing::pb::payment_service_server::PaymentService as _;
use caixing::pb::tax_source_service_server::TaxSourceService as _;
use caixing::pb::taxpayer_service_server::TaxpayerService as _;
use caixing::pb::treasury_callback_service_server::TreasuryCallbackService as _;
use caixing::pb::voucher_service_server::VoucherService as _;
use prost::Message;

use super::streaming::{Batch, DayFile, Import, collected, streaming};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

/// What came of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer; `replayed` when it says that it was given before.
    Answered { bytes: Vec<u8>, replayed: bool },
    Refused {
        code: Code,
        reason: String,
        message: String,
    },
    /// A stream of answers, and the status it ended with instead of a last one.
    Streamed {
        parts: Vec<Vec<u8>>,
        ended: Option<String>,
    },
    /// The answer was lost; `GetOutcome` has it.
    Found { bytes: Vec<u8> },
    /// The answer was lost; `GetOutcome` says that the bank is still to be heard.
    Waiting { payment_id: String },
    /// The answer was lost; `GetOutcome` knows of nothing.
    Absent,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { replayed, .. } => write!(out, "answered (replayed: {replayed})"),
            Self::Refused {
                code,
                reason,
                message,
            } => write!(out, "refused with {code:?} {reason}: {message}"),
            Self::Streamed { parts, ended } => {
                write!(out, "{} parts, ended with {ended:?}", parts.len())
            }
            Self::Found { .. } => out.write_str("lost, then found"),
            Self::Waiting { payment_id } => write!(out, "lost, waiting for {payment_id}"),
            Self::Absent => out.write_str("lost, absent"),
        }
    }
}

impl Outcome {
    pub fn of<T: Message>(result: Result<Response<T>, Status>) -> Self {
        match result {
            Ok(response) => Self::Answered {
                replayed: crate::support::is_replay(&response),
                bytes: response.into_inner().encode_to_vec(),
            },
            Err(status) => Self::Refused {
                code: status.code(),
                reason: crate::support::reason(&status),
                message: status.message().to_owned(),
            },
        }
    }
}

/// Each mutating method: its name, request, service and function. A new one is one line here, an
/// act in `operation.rs` with its request in `asking.rs`, and a judgement in `book.rs`.
macro_rules! methods {
    (
        calls { $($name:ident($request:ident) = $service:ident.$method:ident,)+ }
        streams { $($stream:ident($messages:ident) = $home:ident.$open:ident,)+ }
    ) => {
        #[derive(Debug, Clone, PartialEq)]
        pub enum Asked {
            $($name(pb::$request),)+
            $($stream($messages),)+
        }

        impl Asked {
            /// The method's name.
            pub const fn method(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                    $(Self::$stream(_) => stringify!($stream),)+
                }
            }

            /// The client's mark.
            pub fn request_id(&self) -> &str {
                match self {
                    $(Self::$name(message) => &message.request_id,)+
                    $(Self::$stream(messages) => messages.request_id(),)+
                }
            }

            /// It is a stream of messages, judged part by part.
            pub const fn is_stream(&self) -> bool {
                match self {
                    $(Self::$name(_) => false,)+
                    $(Self::$stream(_) => true,)+
                }
            }

            /// Calls the service as the server would.
            pub async fn ask(self, app: App) -> Outcome {
                match self {
                    $(Self::$name(message) => Outcome::of(
                        grpc::$service(app).$method(Request::new(message)).await,
                    ),)+
                    $(Self::$stream(messages) => collected(
                        grpc::$home(app).$open(streaming(messages.messages())).await,
                    ).await,)+
                }
            }
        }
    };
}

methods! {
    calls {
        RegisterTaxpayer(RegisterTaxpayerRequest) = Taxpayers.register_taxpayer,
        UpdateTaxpayer(UpdateTaxpayerRequest) = Taxpayers.update_taxpayer,
        CreateTaxSource(CreateTaxSourceRequest) = TaxSources.create_tax_source,
        UpdateTaxSource(UpdateTaxSourceRequest) = TaxSources.update_tax_source,
        CloseTaxSource(CloseTaxSourceRequest) = TaxSources.close_tax_source,
        DraftDeclaration(DraftDeclarationRequest) = Declarations.draft_declaration,
        SubmitDeclaration(SubmitDeclarationRequest) = Declarations.submit_declaration,
        CreatePayment(CreatePaymentRequest) = Payments.create_payment,
        ResolvePayment(ResolvePaymentRequest) = Payments.resolve_payment,
        ReportSettlement(ReportSettlementRequest) = TreasuryCallbacks.report_settlement,
        ReversePayment(ReversePaymentRequest) = Officers.reverse_payment,
        VoidDeclaration(VoidDeclarationRequest) = Declarations.void_declaration,
        ReprintVoucher(ReprintVoucherRequest) = Vouchers.reprint_voucher,
        ReplaceVoucher(ReplaceVoucherRequest) = Vouchers.replace_voucher,
        VoidVoucher(VoidVoucherRequest) = Vouchers.void_voucher,
        CorrectDeclaration(CorrectDeclarationRequest) = Declarations.correct_declaration,
        RequestRefund(RequestRefundRequest) = Payments.request_refund,
        DecideRefund(DecideRefundRequest) = Officers.decide_refund,
        OffsetRefund(OffsetRefundRequest) = Payments.offset_refund,
        ReportRefund(ReportRefundRequest) = TreasuryCallbacks.report_refund,
        ExtendPayment(ExtendPaymentRequest) = Officers.extend_payment,
        OpenInspection(OpenInspectionRequest) = Officers.open_inspection,
        CloseInspection(CloseInspectionRequest) = Officers.close_inspection,
        ResolveCase(ResolveCaseRequest) = Officers.resolve_case,
    }
    streams {
        ImportTaxSources(Import) = TaxSources.import_tax_sources,
        BatchSubmit(Batch) = Declarations.batch_submit,
        ReconcileDay(DayFile) = TreasuryCallbacks.reconcile_day,
    }
}

/// The id a tax number gets.
pub fn key_of(number: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, number.as_bytes()).to_string()
}

impl Asked {
    /// Whose it is.
    pub fn taxpayer(&self) -> String {
        match self {
            Self::RegisterTaxpayer(message) => key_of(&message.tax_number),
            Self::UpdateTaxpayer(message) => message.taxpayer_id.clone(),
            Self::CreateTaxSource(message) => message.taxpayer_id.clone(),
            Self::UpdateTaxSource(message) => message.taxpayer_id.clone(),
            Self::CloseTaxSource(message) => message.taxpayer_id.clone(),
            Self::DraftDeclaration(message) => message.taxpayer_id.clone(),
            Self::SubmitDeclaration(message) => message.taxpayer_id.clone(),
            Self::CreatePayment(message) => message.taxpayer_id.clone(),
            Self::ResolvePayment(message) => message.taxpayer_id.clone(),
            Self::ReportSettlement(message) => message.taxpayer_id.clone(),
            Self::ReversePayment(message) => message.taxpayer_id.clone(),
            Self::VoidDeclaration(message) => message.taxpayer_id.clone(),
            Self::ReprintVoucher(message) => message.taxpayer_id.clone(),
            Self::ReplaceVoucher(message) => message.taxpayer_id.clone(),
            Self::VoidVoucher(message) => message.taxpayer_id.clone(),
            Self::CorrectDeclaration(message) => message.taxpayer_id.clone(),
            Self::RequestRefund(message) => message.taxpayer_id.clone(),
            Self::DecideRefund(message) => message.taxpayer_id.clone(),
            Self::OffsetRefund(message) => message.taxpayer_id.clone(),
            Self::ReportRefund(message) => message.taxpayer_id.clone(),
            Self::ExtendPayment(message) => message.taxpayer_id.clone(),
            Self::OpenInspection(message) => message.taxpayer_id.clone(),
            Self::CloseInspection(message) => message.taxpayer_id.clone(),
            Self::ResolveCase(message) => message.taxpayer_id.clone(),
            Self::ImportTaxSources(import) => import.head.taxpayer_id.clone(),
            Self::BatchSubmit(batch) => batch.owner(),
            Self::ReconcileDay(file) => file.owner.clone(),
        }
    }

    /// It only checks, so that nothing is kept of it.
    pub const fn only_checks(&self) -> bool {
        match self {
            Self::RegisterTaxpayer(message) => message.validate_only,
            Self::UpdateTaxpayer(message) => message.validate_only,
            Self::CreateTaxSource(message) => message.validate_only,
            Self::UpdateTaxSource(message) => message.validate_only,
            Self::CloseTaxSource(message) => message.validate_only,
            Self::SubmitDeclaration(message) => message.validate_only,
            Self::CreatePayment(message) => message.validate_only,
            Self::VoidDeclaration(message) => message.validate_only,
            Self::CorrectDeclaration(message) => message.validate_only,
            Self::RequestRefund(message) => message.validate_only,
            Self::OffsetRefund(message) => message.validate_only,
            Self::ExtendPayment(message) => message.validate_only,
            Self::ImportTaxSources(import) => import.head.validate_only,
            _ => false,
        }
    }

    /// The same, only checking, where the method has that.
    pub fn checking(mut self) -> Self {
        match &mut self {
            Self::RegisterTaxpayer(message) => message.validate_only = true,
            Self::UpdateTaxpayer(message) => message.validate_only = true,
            Self::CreateTaxSource(message) => message.validate_only = true,
            Self::UpdateTaxSource(message) => message.validate_only = true,
            Self::CloseTaxSource(message) => message.validate_only = true,
            Self::SubmitDeclaration(message) => message.validate_only = true,
            Self::CreatePayment(message) => message.validate_only = true,
            Self::VoidDeclaration(message) => message.validate_only = true,
            Self::CorrectDeclaration(message) => message.validate_only = true,
            Self::RequestRefund(message) => message.validate_only = true,
            Self::OffsetRefund(message) => message.validate_only = true,
            Self::ExtendPayment(message) => message.validate_only = true,
            Self::ImportTaxSources(import) => import.head.validate_only = true,
            _ => {}
        }
        self
    }

    /// The same mark on other content.
    pub fn altered(&self) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::RegisterTaxpayer(message) => message.name.push('甲'),
            Self::UpdateTaxpayer(message) => message.name.push('甲'),
            Self::CreateTaxSource(message) => {
                if let Some(source) = &mut message.source {
                    source.name.push('甲');
                }
            }
            Self::UpdateTaxSource(message) => message.etag.push('9'),
            Self::CloseTaxSource(message) => message.etag.push('9'),
            Self::DraftDeclaration(message) => {
                message.tax_authority_code = "13401230000".to_owned();
            }
            Self::SubmitDeclaration(message) => message.content_digest = "0".repeat(64),
            Self::CreatePayment(message) => message.content_digest = "0".repeat(64),
            Self::ResolvePayment(message) => {
                message.payment_id = crate::support::NOBODY.to_owned();
            }
            Self::ReportSettlement(message) => message.bank_reference.push('9'),
            Self::VoidDeclaration(message) => message.content_digest = "0".repeat(64),
            Self::ReversePayment(message) => message.reason.push('甲'),
            Self::ReprintVoucher(message) => message.reason.push('甲'),
            Self::ReplaceVoucher(message) => message.reason.push('甲'),
            Self::VoidVoucher(message) => message.reason.push('甲'),
            Self::CorrectDeclaration(message) => message.reason.push('甲'),
            Self::RequestRefund(message) => message.content_digest = "0".repeat(64),
            Self::DecideRefund(message) => message.decision.push('甲'),
            Self::OffsetRefund(message) => message.content_digest = "0".repeat(64),
            Self::ReportRefund(message) => message.treasury_reference.push('9'),
            Self::ExtendPayment(message) => message.document.push('甲'),
            Self::OpenInspection(message) => message.document.push('甲'),
            Self::CloseInspection(message) => {
                message.inspection_id = crate::support::NOBODY.to_owned();
            }
            Self::ResolveCase(message) => message.resolution.push('甲'),
            // Of a stream only its rows differ: each is judged by itself.
            Self::ImportTaxSources(import) => {
                let first = import.rows.first_mut().and_then(|row| row.source.as_mut());
                if let Some(source) = first {
                    source.name.push('甲');
                }
            }
            Self::BatchSubmit(_) => {}
            Self::ReconcileDay(file) => file.head.row_count += 1,
        }
        other
    }
}
