//! `VoucherService`: the one voucher, which anyone can verify.

use tonic::{Request, Response, Status};

use super::app::{App, cut, page_place, repeating, taxpayer as must_have};
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::pb;
use crate::pb::voucher_service_server::VoucherService;
use crate::types::{Money, TaxpayerId, VoucherNumber};

/// The service.
#[derive(Debug, Clone)]
pub struct Vouchers(pub App);

impl Vouchers {
    async fn get(
        &self,
        wire: pb::GetVoucherRequest,
    ) -> Result<Answer<pb::GetVoucherResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let number = fields.required("voucher_number", &wire.voucher_number, VoucherNumber::parse);
        let (Some(key), Some(number)) = (key, number) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let voucher = super::sheet::voucher(&mut tx, key, &number).await?;
        let voucher = Some(convert::voucher(&voucher));
        Ok(Answer::new(pb::GetVoucherResponse { voucher }))
    }

    async fn list(
        &self,
        wire: pb::ListVouchersRequest,
    ) -> Result<Answer<pb::ListVouchersResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let size = convert::page(&mut fields, wire.page_size);
        let before = fields.optional("page_token", &wire.page_token, |text| {
            page_place(text, VoucherNumber::parse)
        });
        let (Some(key), Some(size), Some(before)) = (key, size, before) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let (before, number) = before.unwrap_or((i64::MAX, String::new()));
        let mut rows = tx
            .vouchers_before(key, (before, &number), size.saturating_add(1))
            .await?;
        let more = cut(&mut rows, size);
        let next = rows.last().filter(|_| more).map(|last| {
            format!(
                "{}.{}",
                last.created_at.as_microsecond(),
                last.body.voucher_number
            )
        });
        Ok(Answer::new(pb::ListVouchersResponse {
            vouchers: rows.iter().map(convert::voucher).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn verify(
        &self,
        wire: pb::VerifyVoucherRequest,
    ) -> Result<Answer<pb::VerifyVoucherResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let number = fields.required("voucher_number", &wire.voucher_number, VoucherNumber::parse);
        let parse = TaxpayerId::parse_historic;
        let tax_number = fields.required("tax_number", &wire.tax_number, parse);
        // A refund's total is below zero.
        let total = fields.required("total_yuan", &wire.total_yuan, Money::parse_yuan);
        let (Some(number), Some(tax_number), Some(total)) = (number, tax_number, total) else {
            return Err(violations.into());
        };
        let found = self
            .0
            .store
            .read()
            .await?
            .voucher_by_number(&number)
            .await?;
        let code = wire.verification_code.trim();
        let matching = found.filter(|voucher| {
            voucher.body.tax_number == tax_number
                && voucher.body.total == total
                && (code.is_empty() || voucher.has_code(code))
                && voucher.signature_holds(&voucher.public_key)
        });
        let Some(voucher) = matching else {
            return Ok(Answer::new(pb::VerifyVoucherResponse::default()));
        };
        let answer = pb::VerifyVoucherResponse {
            valid: true,
            state: convert::voucher_state(voucher.state).into(),
            issued_on: voucher.body.issued_on.to_string(),
            ..pb::VerifyVoucherResponse::default()
        };
        if code.is_empty() {
            // Who knows number, taxpayer and amount need not know the rows.
            return Ok(Answer::new(answer));
        }
        Ok(Answer::new(pb::VerifyVoucherResponse {
            signed_text: voucher.signed_text,
            signature: voucher.signature,
            public_key: voucher.public_key,
            ..answer
        }))
    }
}

#[tonic::async_trait]
impl VoucherService for Vouchers {
    async fn get_voucher(
        &self,
        request: Request<pb::GetVoucherRequest>,
    ) -> Result<Response<pb::GetVoucherResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.get(request.into_inner()).await)
    }

    async fn list_vouchers(
        &self,
        request: Request<pb::ListVouchersRequest>,
    ) -> Result<Response<pb::ListVouchersResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.list(request.into_inner()).await)
    }

    async fn verify_voucher(
        &self,
        request: Request<pb::VerifyVoucherRequest>,
    ) -> Result<Response<pb::VerifyVoucherResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.verify(request.into_inner()).await)
    }

    async fn render_voucher(
        &self,
        request: Request<pb::RenderVoucherRequest>,
    ) -> Result<Response<pb::RenderVoucherResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::rendering::render(&self.0, &call, request.into_inner()).await)
    }

    async fn reprint_voucher(
        &self,
        request: Request<pb::ReprintVoucherRequest>,
    ) -> Result<Response<pb::ReprintVoucherResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ReprintVoucher", || {
            super::sheet::reprint(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn replace_voucher(
        &self,
        request: Request<pb::ReplaceVoucherRequest>,
    ) -> Result<Response<pb::ReplaceVoucherResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ReplaceVoucher", || {
            super::sheet::replace(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn void_voucher(
        &self,
        request: Request<pb::VoidVoucherRequest>,
    ) -> Result<Response<pb::VoidVoucherResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "VoidVoucher", || {
            super::sheet::void(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }
}
