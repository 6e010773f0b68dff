//! The life of a voucher sheet: reprinted (补打), replaced (换开), voided (作废).

use jiff::Timestamp;
use prost::Message;

use super::app::{App, found, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::issuing::issue;
use super::payment::payment;
use super::refund::refund;
use crate::filing::{Grounds, Payment, Refunded, Refusal, Voucher, VoucherKind};
use crate::pb;
use crate::store::Tx;
use crate::types::{RequestId, TaxpayerKey, VoucherNumber};

const REASON_MAX: usize = 200;

/// What the three requests ask with.
struct Asked {
    request: RequestId,
    key: TaxpayerKey,
    number: VoucherNumber,
    reason: String,
}

/// Reads request id, taxpayer, number and reason.
fn asked(request: &str, taxpayer: &str, number: &str, reason: &str) -> Result<Asked, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, request);
    let key = convert::taxpayer_key(&mut fields, taxpayer);
    let number = fields.required("voucher_number", number, VoucherNumber::parse);
    let reason = fields.required_text("reason", reason, REASON_MAX);
    let (Some(request), Some(key), Some(number), Some(reason)) = (request, key, number, reason)
    else {
        return Err(violations.into());
    };
    Ok(Asked {
        request,
        key,
        number,
        reason,
    })
}

/// Reads a voucher that must be there.
///
/// # Errors
/// [`Failure::NotFound`].
pub async fn voucher(
    tx: &mut Tx,
    key: TaxpayerKey,
    number: &VoucherNumber,
) -> Result<Voucher, Failure> {
    found(tx.voucher(key, number).await?, "voucher", number)
}

/// Records the answer and commits, after the invariants were recounted.
async fn finish<T: Message>(
    app: &App,
    mut tx: Tx,
    mutation: Mutation,
    sheet: &Voucher,
    message: T,
) -> Result<Answer<T>, Failure> {
    let now = app.clock.now();
    let subject = sheet.body.voucher_number.as_str();
    mutation
        .record(&mut tx, sheet.taxpayer, subject, Some(&message), now)
        .await?;
    tx.check_invariants(sheet.taxpayer, sheet.body.declaration_id)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// One act on a sheet: takes the step and keeps it.
async fn act<T: Message + Default>(
    app: &App,
    ask: Asked,
    mutation: Mutation,
    (name, event): (&'static str, &'static str),
    step: impl FnOnce(Voucher, String) -> Result<Voucher, Refusal>,
    answer: impl FnOnce(pb::Voucher) -> T,
) -> Result<Answer<T>, Failure> {
    let mut tx = app
        .store
        .begin(mutation.method, Some(ask.key), Some(ask.request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, ask.key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, ask.key).await?;
    let now = app.clock.now();
    let sheet = voucher(&mut tx, ask.key, &ask.number).await?;
    let sheet = step(sheet, ask.reason.clone())?;
    tx.update_voucher(&sheet).await?;
    tx.insert_voucher_act(&sheet, name, &ask.reason, now)
        .await?;
    tx.append_event(ask.key, event, ask.number.as_str(), now)
        .await?;
    let message = answer(convert::voucher(&sheet));
    finish(app, tx, mutation, &sheet, message).await
}

/// Counts another print (补打).
pub async fn reprint(
    app: &App,
    _: &Call,
    wire: pb::ReprintVoucherRequest,
) -> Result<Answer<pb::ReprintVoucherResponse>, Failure> {
    let ask = asked(
        &wire.request_id,
        &wire.taxpayer_id,
        &wire.voucher_number,
        &wire.reason,
    )?;
    let mutation = Mutation::new("ReprintVoucher", ask.request, &wire);
    let names = ("REPRINT", "voucher.reprinted");
    let step = |sheet: Voucher, _| sheet.reprint();
    act(app, ask, mutation, names, step, |voucher| {
        pb::ReprintVoucherResponse {
            voucher: Some(voucher),
        }
    })
    .await
}

/// Voids a wrong sheet (作废).
pub async fn void(
    app: &App,
    _: &Call,
    wire: pb::VoidVoucherRequest,
) -> Result<Answer<pb::VoidVoucherResponse>, Failure> {
    let ask = asked(
        &wire.request_id,
        &wire.taxpayer_id,
        &wire.voucher_number,
        &wire.reason,
    )?;
    let mutation = Mutation::new("VoidVoucher", ask.request, &wire);
    let names = ("VOID", "voucher.voided");
    act(app, ask, mutation, names, Voucher::void, |voucher| {
        pb::VoidVoucherResponse {
            voucher: Some(voucher),
        }
    })
    .await
}

/// Replaces a sheet (换开): the same money, the taxpayer's number and name as they are today.
pub async fn replace(
    app: &App,
    _: &Call,
    wire: pb::ReplaceVoucherRequest,
) -> Result<Answer<pb::ReplaceVoucherResponse>, Failure> {
    let ask = asked(
        &wire.request_id,
        &wire.taxpayer_id,
        &wire.voucher_number,
        &wire.reason,
    )?;
    let mutation = Mutation::new("ReplaceVoucher", ask.request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(ask.key), Some(ask.request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, ask.key).await? {
        return Ok(answer);
    }
    let taxpayer = must_have(&mut tx, ask.key).await?;
    let now = app.clock.now();
    let old = voucher(&mut tx, ask.key, &ask.number).await?;
    old.check_replaceable()?;
    let paid = payment(&mut tx, ask.key, old.body.payment_id).await?;
    let filed = declaration(&mut tx, ask.key, old.body.declaration_id).await?;
    let grounds = Grounds {
        taxpayer: &taxpayer,
        declaration: &filed,
        payment: &paid,
        treasury_date: old.body.treasury_date,
        refund: old.refund.map(|id| Refunded {
            id,
            rows: old.body.rows.clone(),
            principal: old.body.principal,
        }),
        replaces: Some(ask.number.clone()),
    };
    let new = issue(app, &mut tx, &grounds, now).await?;
    let number = new.body.voucher_number.clone();
    let old = old.replace(number.clone(), ask.reason.clone())?;
    tx.update_voucher(&old).await?;
    tx.insert_voucher_act(&old, "REPLACE", &ask.reason, now)
        .await?;
    tx.insert_voucher(&new).await?;
    certify(&mut tx, &new, paid, now).await?;
    tx.append_event(ask.key, "voucher.replaced", ask.number.as_str(), now)
        .await?;
    tx.append_event(ask.key, "voucher.issued", number.as_str(), now)
        .await?;
    let message = pb::ReplaceVoucherResponse {
        voucher: Some(convert::voucher(&new)),
    };
    finish(app, tx, mutation, &new, message).await
}

/// Points what a new sheet proves, a payment or a refund, at the sheet that is in force now. Both
/// rows are sealed, so each has its event.
async fn certify(tx: &mut Tx, new: &Voucher, paid: Payment, now: Timestamp) -> Result<(), Failure> {
    let number = new.body.voucher_number.clone();
    let (event, subject) = match (new.kind, new.refund) {
        (VoucherKind::Payment, _) => {
            let subject = paid.id.to_string();
            tx.update_payment(&paid.certified_by(number)).await?;
            ("payment.certified_anew", subject)
        }
        (VoucherKind::Refund, Some(id)) => {
            let used = refund(tx, new.taxpayer, id).await?;
            tx.update_refund(&used.certified_by(number)).await?;
            ("refund.certified_anew", id.to_string())
        }
        (VoucherKind::Refund, None) => {
            let what = format!("voucher {number} is of a refund and names none");
            return Err(Failure::Internal(what));
        }
    };
    tx.append_event(new.taxpayer, event, &subject, now).await?;
    Ok(())
}
