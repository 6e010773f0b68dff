//! Asking the bank, with a deadline, and reading its answer. What cannot be read is unknown.

use std::time::Duration;

use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use crate::filing::{BankAnswer, Payment};
use crate::pb;
use crate::pb::payment_gateway_client::PaymentGatewayClient;
use crate::types::{Money, Overflow, TaxpayerId};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Characters of the bank's words that are passed on.
const WORDS_MAX: usize = 200;

/// A client of the bank's side. Connects when first used and again after a loss.
#[derive(Debug, Clone)]
pub struct BankClient {
    channel: Channel,
}

impl BankClient {
    /// A client for an address such as `http://127.0.0.1:50052`.
    ///
    /// # Errors
    /// When the address is not a URI.
    pub fn new(address: &str) -> Result<Self, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(address.to_owned())?
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT);
        Ok(Self {
            channel: endpoint.connect_lazy(),
        })
    }

    /// Asks the bank to debit an order once. Never called twice for one payment.
    ///
    /// # Errors
    /// [`Overflow`] when the order's rows do not sum to its total; then nothing was sent.
    pub async fn debit(
        &self,
        payment: &Payment,
        tax_number: &TaxpayerId,
    ) -> Result<BankAnswer, Overflow> {
        let rows = payment
            .order_rows()?
            .into_iter()
            .map(|row| pb::OrderRow {
                subject_code: row.code.to_owned(),
                subject_name: row.name,
                first_day: row.period.first().to_string(),
                last_day: row.period.last().to_string(),
                amount_yuan: row.amount.to_string(),
            })
            .collect();
        let request = pb::DebitRequest {
            order_id: payment.id.to_string(),
            taxpayer_id: payment.taxpayer.to_string(),
            tax_number: tax_number.to_string(),
            tax_authority_code: payment.authority.to_string(),
            treasury_code: payment.treasury.to_string(),
            agreement_number: payment.agreement.clone(),
            total_yuan: payment.order.total.to_string(),
            rows,
            order_date: payment.order.pay_on.to_string(),
        };
        let mut client = PaymentGatewayClient::new(self.channel.clone());
        Ok(match client.debit(request).await {
            Ok(response) => {
                let answer = response.into_inner();
                read(
                    payment,
                    answer.outcome(),
                    // A bank that names no amount means the order's.
                    Some(answer.amount_yuan).filter(|amount| !amount.is_empty()),
                    (answer.bank_reference, answer.refusal_reason),
                )
            }
            Err(status) => {
                // Even a refused connection may hide a debit behind a proxy: query, never assume.
                tracing::warn!(payment = %payment.id, code = ?status.code(), "debit not answered");
                BankAnswer::Unknown
            }
        })
    }

    /// Asks what became of an order. Never debits.
    pub async fn query(&self, payment: &Payment) -> BankAnswer {
        let request = pb::QueryRequest {
            order_id: payment.id.to_string(),
        };
        let mut client = PaymentGatewayClient::new(self.channel.clone());
        match client.query(request).await {
            Ok(response) => {
                let answer = response.into_inner();
                read(
                    payment,
                    answer.outcome(),
                    Some(answer.amount_yuan),
                    (answer.bank_reference, answer.refusal_reason),
                )
            }
            Err(status) => {
                tracing::warn!(payment = %payment.id, code = ?status.code(), "query not answered");
                BankAnswer::Unknown
            }
        }
    }

    /// Asks the bank to take a debit back. May be asked again: it is answered, not redone.
    pub async fn reverse(&self, payment: &Payment) -> Reversal {
        let request = pb::ReverseRequest {
            order_id: payment.id.to_string(),
        };
        let mut client = PaymentGatewayClient::new(self.channel.clone());
        match client.reverse(request).await {
            Ok(response) => match response.into_inner().outcome() {
                pb::DebitOutcome::Reversed => Reversal::Reversed,
                pb::DebitOutcome::Unspecified => Reversal::Unknown,
                outcome => Reversal::Refused(outcome.as_str_name().to_owned()),
            },
            Err(status) if status.code() == Code::FailedPrecondition => {
                Reversal::Refused(status.message().chars().take(WORDS_MAX).collect())
            }
            Err(status) => {
                tracing::warn!(payment = %payment.id, code = ?status.code(), "not reversed");
                Reversal::Unknown
            }
        }
    }
}

/// What the bank said when asked to take a debit back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reversal {
    /// It has taken it back.
    Reversed,
    /// It does not, in its own words.
    Refused(String),
    /// Nothing is known.
    Unknown,
}

fn read(
    payment: &Payment,
    outcome: pb::DebitOutcome,
    amount: Option<String>,
    (reference, reason): (String, String),
) -> BankAnswer {
    match outcome {
        pb::DebitOutcome::Debited if !reference.is_empty() => {
            let debited = amount.map(|text| Money::parse_yuan(&text)).transpose();
            match debited {
                Ok(Some(debited)) if debited != payment.order.total => {
                    tracing::error!(payment = %payment.id, %debited, "not the order's amount");
                    BankAnswer::OtherAmount(debited)
                }
                Ok(_) => BankAnswer::Debited(reference),
                Err(_) => BankAnswer::Unknown,
            }
        }
        pb::DebitOutcome::Refused => BankAnswer::Refused(reason),
        pb::DebitOutcome::Reversed => BankAnswer::Reversed,
        pb::DebitOutcome::UnknownOrder => BankAnswer::NeverSeen,
        pb::DebitOutcome::Debited | pb::DebitOutcome::Unspecified => BankAnswer::Unknown,
    }
}
