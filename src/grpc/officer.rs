//! `OfficerService`: what a tax officer decides.

use tonic::{Request, Response, Status};

use super::app::{App, repeating};
use super::call::Call;
use super::{arrears, case, inspection, refund};
use crate::pb;
use crate::pb::officer_service_server::OfficerService;

/// The service.
#[derive(Debug, Clone)]
pub struct Officers(pub App);

#[tonic::async_trait]
impl OfficerService for Officers {
    async fn extend_payment(
        &self,
        request: Request<pb::ExtendPaymentRequest>,
    ) -> Result<Response<pb::ExtendPaymentResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ExtendPayment", || {
            arrears::extend(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn open_inspection(
        &self,
        request: Request<pb::OpenInspectionRequest>,
    ) -> Result<Response<pb::OpenInspectionResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "OpenInspection", || {
            inspection::open(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn close_inspection(
        &self,
        request: Request<pb::CloseInspectionRequest>,
    ) -> Result<Response<pb::CloseInspectionResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "CloseInspection", || {
            inspection::close(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn decide_refund(
        &self,
        request: Request<pb::DecideRefundRequest>,
    ) -> Result<Response<pb::DecideRefundResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "DecideRefund", || {
            refund::decide(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn reverse_payment(
        &self,
        request: Request<pb::ReversePaymentRequest>,
    ) -> Result<Response<pb::ReversePaymentResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ReversePayment", || {
            case::reverse(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn list_cases(
        &self,
        request: Request<pb::ListCasesRequest>,
    ) -> Result<Response<pb::ListCasesResponse>, Status> {
        let call = Call::of(&request);
        call.answer(case::list(&self.0, &call, request.into_inner()).await)
    }

    async fn resolve_case(
        &self,
        request: Request<pb::ResolveCaseRequest>,
    ) -> Result<Response<pb::ResolveCaseResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ResolveCase", || {
            case::resolve(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }
}
