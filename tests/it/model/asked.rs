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
            Self::Found { .. } => out.write_str("lost, then found"),
            Self::Waiting { payment_id } => write!(out, "lost, waiting for {payment_id}"),
            Self::Absent => out.write_str("lost, absent"),
        }
    }
}

impl Outcome {
    fn of<T: Message>(result: Result<Response<T>, Status>) -> Self {
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
    ($($name:ident($request:ident) = $service:ident.$method:ident,)+) => {
        #[derive(Debug, Clone, PartialEq)]
        pub enum Asked {
            $($name(pb::$request)),+
        }

        impl Asked {
            /// The method's name.
            pub const fn method(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name)),+
                }
            }

            /// The client's mark.
            pub fn request_id(&self) -> &str {
                match self {
                    $(Self::$name(message) => &message.request_id),+
                }
            }

            /// Calls the service as the server would.
            pub async fn ask(self, app: App) -> Outcome {
                match self {
                    $(Self::$name(message) => Outcome::of(
                        grpc::$service(app).$method(Request::new(message)).await,
                    )),+
                }
            }
        }
    };
}

methods! {
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
        }
        other
    }
}
