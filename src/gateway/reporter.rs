//! What the sandbox's treasury tells Caixing: settlements as they happen, and the day's file.

use std::time::Duration;

use jiff::civil::Date;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use uuid::Uuid;

use super::books::{Books, Debit};
use super::faults::BankFault;
use crate::pb;
use crate::pb::treasury_callback_service_client::TreasuryCallbackServiceClient;
use crate::types::{Money, Overflow};

const REPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// By how much a settlement of another amount is off.
const OFF_BY: Money = Money::from_fen(1);

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It was taken in.
    Taken,
    /// It was refused, and repeating would not change that.
    Refused,
    /// It was not taken; again soon.
    Again,
}

/// Why a day's file was not sent whole.
#[derive(Debug, thiserror::Error)]
pub enum DayFileError {
    /// The bank's journal.
    #[error("the journal cannot be read: {0}")]
    Journal(#[from] std::io::Error),
    /// The sums.
    #[error("the amounts of the day are beyond exact arithmetic")]
    TooLarge,
    /// The receiver.
    #[error("the file was not taken: {:?} {}", .0.code(), .0.message())]
    Refused(Box<Status>),
}

impl From<Overflow> for DayFileError {
    fn from(_: Overflow) -> Self {
        Self::TooLarge
    }
}

impl From<Status> for DayFileError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// A client of Caixing's callbacks.
#[derive(Debug, Clone)]
pub struct Reporter {
    channel: Channel,
}

impl Reporter {
    /// A reporter to an address such as `http://127.0.0.1:50051`.
    ///
    /// # Errors
    /// When the address is not a URI.
    pub fn new(callback: &str) -> Result<Self, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(callback.to_owned())?;
        Ok(Self {
            channel: endpoint.connect_lazy(),
        })
    }

    /// Reports the settlement of a debit, as its fault has it.
    pub async fn report(&self, order_id: &str, debit: &Debit) -> Reported {
        let Ok(parts) = debit.parts() else {
            return Reported::Refused;
        };
        for (part_reference, amount) in parts {
            let amount = match debit.fault {
                Some(BankFault::WrongAmount) => amount.plus(OFF_BY),
                _ => Ok(amount),
            };
            let Ok(amount) = amount else {
                return Reported::Refused;
            };
            let request = pb::ReportSettlementRequest {
                // The same part always reports under the same id, so that a repeat is answered.
                request_id: mark(order_id, &part_reference, ""),
                taxpayer_id: debit.taxpayer_id.clone(),
                payment_id: order_id.to_owned(),
                amount_yuan: amount.to_string(),
                treasury_code: debit.treasury_code.clone(),
                bank_reference: debit.bank_reference.clone(),
                part_reference: part_reference.clone(),
            };
            let mut reports = vec![request.clone()];
            if debit.fault == Some(BankFault::ReportTwice) {
                reports.push(pb::ReportSettlementRequest {
                    request_id: mark(order_id, &part_reference, "again"),
                    ..request
                });
            }
            for report in reports {
                match self.send(report).await {
                    Reported::Taken => {}
                    other => return other,
                }
            }
        }
        Reported::Taken
    }

    async fn send(&self, report: pb::ReportSettlementRequest) -> Reported {
        let mut client = TreasuryCallbackServiceClient::new(self.channel.clone());
        let mut request = tonic::Request::new(report);
        request.set_timeout(REPORT_TIMEOUT);
        match client.report_settlement(request).await {
            Ok(_) => Reported::Taken,
            Err(status) if is_final(&status) => {
                tracing::error!(code = ?status.code(), "settlement report refused");
                Reported::Refused
            }
            Err(status) => {
                tracing::info!(code = ?status.code(), "settlement report not taken; again soon");
                Reported::Again
            }
        }
    }

    /// Sends the reconciliation files of a day, one for each treasury, and gives back all that
    /// is answered.
    ///
    /// # Errors
    /// [`DayFileError`].
    pub async fn send_day(
        &self,
        books: &Books,
        day: Date,
    ) -> Result<Vec<pb::ReconcileDayResponse>, DayFileError> {
        let mut answers = Vec::new();
        for (head, rows) in books.day_files(day)? {
            let head = pb::reconcile_day_request::Part::Head(head);
            let rows = rows.into_iter().map(pb::reconcile_day_request::Part::Row);
            let parts = std::iter::once(head).chain(rows).map(Some);
            let messages: Vec<pb::ReconcileDayRequest> =
                parts.map(|part| pb::ReconcileDayRequest { part }).collect();
            let mut client = TreasuryCallbackServiceClient::new(self.channel.clone());
            let stream = tokio_stream::iter(messages);
            let mut answered = client.reconcile_day(stream).await?.into_inner();
            while let Some(answer) = answered.message().await? {
                answers.push(answer);
            }
        }
        Ok(answers)
    }
}

/// The request id of a report.
fn mark(order_id: &str, part: &str, again: &str) -> String {
    let name = format!("{order_id}{part}{again}");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// A refusal that repeating would not change.
fn is_final(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition | Code::PermissionDenied
    )
}
