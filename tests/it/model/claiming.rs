//! What is asked of refunds.

use caixing::pb;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::asked::Asked;
use super::asking::pick;
use super::book::{Book, Declaration, Filed};
use super::drawing::{OFFICES, yuan};
use super::operation::{Claiming, Paying, Settling};
use super::refunding::{CAUSES, RefundState};

impl Book {
    pub fn asking_claim(
        &mut self,
        (who, which, cause): (u8, u8, u8),
        way: Claiming,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        let shows = |one: &&Declaration| {
            let refundable = one.is_live() && one.form.refundable() > 0;
            way == Claiming::Any || refundable && person.live_refund(&one.id).is_none()
        };
        let filed = pick(person.declarations.iter().filter(shows), which)?.clone();
        let taxpayer_id = person.key.clone();
        let refundable = filed.form.refundable();
        Some(Asked::RequestRefund(pb::RequestRefundRequest {
            request_id: self.mark(),
            taxpayer_id,
            declaration_id: filed.id,
            content_digest: match way {
                Claiming::OtherDigest => "0".repeat(64),
                _ => filed.digest,
            },
            amount_yuan: match way {
                Claiming::OtherAmount => yuan(refundable + 1),
                _ => yuan(refundable),
            },
            cause: CAUSES[usize::from(cause) % CAUSES.len()].into(),
            validate_only: false,
        }))
    }

    pub fn asking_decision(
        &mut self,
        (who, refund, cause): (u8, u8, u8),
        approved: bool,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        let claimed = person.refund_in(Some(RefundState::Requested), refund);
        let refund_id = claimed
            .or_else(|| person.refund_in(None, refund))?
            .id
            .clone();
        let taxpayer_id = person.key.clone();
        // Mostly as the claimant said.
        let cause = CAUSES.get(usize::from(cause)).copied();
        Some(Asked::DecideRefund(pb::DecideRefundRequest {
            request_id: self.mark(),
            taxpayer_id,
            refund_id,
            approved,
            cause: cause.unwrap_or(pb::RefundCause::Unspecified).into(),
            decision: "同意".to_owned(),
        }))
    }

    pub fn asking_offset(
        &mut self,
        (who, refund, which): (u8, u8, u8),
        way: Paying,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        let state = Some(RefundState::Approved).filter(|_| way != Paying::Any);
        let refund = person.refund_in(state, refund)?;
        let office = person.filed(&refund.declaration)?.office;
        let owes = |one: &&Declaration| {
            let owes = one.state == Filed::AwaitingPayment && one.office == office;
            way == Paying::Any || owes && person.live_payment(&one.id).is_none()
        };
        let filed = pick(person.declarations.iter().filter(owes), which)?.clone();
        let (taxpayer_id, refund_id) = (person.key.clone(), refund.id.clone());
        Some(Asked::OffsetRefund(pb::OffsetRefundRequest {
            request_id: self.mark(),
            taxpayer_id,
            refund_id,
            declaration_id: filed.id,
            content_digest: match way {
                Paying::OtherDigest => "0".repeat(64),
                _ => filed.digest,
            },
            validate_only: false,
        }))
    }

    pub fn asking_pay_out(
        &mut self,
        (who, refund): (u8, u8),
        way: Settling,
        today: Date,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        let state = Some(RefundState::Approved).filter(|_| way != Settling::Any);
        let refund = person.refund_in(state, refund)?.clone();
        let office = person.filed(&refund.declaration)?.office;
        let taxpayer_id = person.key.clone();
        // Now and then the money went some days ago.
        let day = match way {
            Settling::Again => today.saturating_sub(3.days()),
            _ => today,
        };
        let amount = refund.at_hand(day);
        Some(Asked::ReportRefund(pb::ReportRefundRequest {
            request_id: self.mark(),
            taxpayer_id,
            refund_id: refund.id,
            amount_yuan: match way {
                Settling::OtherAmount => yuan(amount + 1),
                _ => yuan(amount),
            },
            treasury_code: match way {
                Settling::OtherTreasury => OFFICES[1 - office][2].to_owned(),
                _ => OFFICES[office][2].to_owned(),
            },
            treasury_reference: "TK-1".to_owned(),
        }))
    }
}
