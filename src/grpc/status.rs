//! The only place where an error becomes a status.
//!
//! `google.rpc.Status` with exactly one `ErrorInfo` (domain `caixing`), a `LocalizedMessage`, a
//! `RequestInfo` always, and `BadRequest` or `PreconditionFailure` where they fit; at most 4 KiB.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::call::{Call, Language};
use super::convert::Violation;
use super::failure::Failure;
use crate::filing::Refusal;
use crate::store::StoreError;

const DOMAIN: &str = "caixing";
/// Field violations in one status; the rest is counted (`total`, `truncated`).
const VIOLATIONS_MAX: usize = 20;
/// Bytes of text that violations may take, so that a status stays within 4 KiB.
const VIOLATION_BYTES_MAX: usize = 1200;
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Somebody has to make room first.
const NO_ROOM_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What a failure says, before it is written as a status.
pub(super) struct Words {
    /// The gRPC code.
    pub(super) code: Code,
    /// The stable reason.
    pub(super) reason: &'static str,
    /// The sentence in Chinese.
    pub(super) zh: String,
    /// The sentence in English.
    pub(super) en: String,
    metadata: HashMap<String, String>,
}

impl Words {
    fn new(
        code: Code,
        reason: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
        metadata: &[(&str, &str)],
    ) -> Self {
        let metadata = metadata
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Self {
            code,
            reason,
            zh: zh.into(),
            en: en.into(),
            metadata,
        }
    }
}

/// Writes a failure as the status its caller reads.
pub fn status(failure: Failure, call: &Call) -> Status {
    let mut details = ErrorDetails::new();
    let words = words(failure, call, &mut details);
    details.set_error_info(words.reason, DOMAIN, words.metadata);
    let (locale, message) = match call.language {
        Language::Chinese => ("zh-CN", words.zh),
        Language::English => ("en", words.en.clone()),
    };
    details.set_localized_message(locale, message);
    details.set_request_info(&call.id, "");
    Status::with_error_details(words.code, words.en, details)
}

/// What a failure says, and into `details` what of it has a message of its own.
pub(super) fn words(failure: Failure, call: &Call, details: &mut ErrorDetails) -> Words {
    match failure {
        Failure::Fields(violations) => fields(&violations, call, details),
        Failure::Refused(refusal) => refused(&refusal, call, details),
        Failure::NotFound { what, id } => not_found(what, &id),
        Failure::AlreadyExists { what, id } => Words::new(
            Code::AlreadyExists,
            "ALREADY_EXISTS",
            format!("{what} 已存在：{id}"),
            format!("the {what} is there already: {id}"),
            &[("what", what), ("id", &id)],
        ),
        Failure::StaleEtag { what, current } => Words::new(
            Code::Aborted,
            "ETAG_STALE",
            format!("{what} 已被他人修改，请重新读取后再试"),
            format!("the {what} was changed by somebody else; read it again"),
            &[("what", what), ("current_etag", &current)],
        ),
        Failure::RequestIdReused { method } => Words::new(
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
            format!("该 request_id 已用于内容不同的 {method} 请求"),
            format!("the request_id was used for a {method} with other content"),
            &[("method", &method)],
        ),
        Failure::StillRunning => {
            details.set_retry_info(Some(RETRY_AFTER));
            Words::new(
                Code::Aborted,
                "REQUEST_STILL_RUNNING",
                "同一 request_id 的请求仍在处理，请稍后以同一 request_id 重试",
                "the same request is still being worked on; retry with the same request_id",
                &[],
            )
        }
        Failure::Stopping => {
            details.set_retry_info(Some(RETRY_AFTER));
            Words::new(
                Code::Unavailable,
                "SERVER_STOPPING",
                "服务正在停止，请稍后从最后收到的位置继续",
                "the service is stopping; go on after what was last received",
                &[],
            )
        }
        Failure::RowKeyReused { source } => Words::new(
            Code::InvalidArgument,
            "ROW_KEY_REUSED",
            format!("该行标识已用于内容不同的税源 {source}"),
            format!("the row_key was collected with other content, as source {source}"),
            &[("source_id", &source)],
        ),
        Failure::Store(error) => store(&error, call, details),
        Failure::Internal(text) => internal(&text, call),
    }
}

fn fields(violations: &[Violation], call: &Call, details: &mut ErrorDetails) -> Words {
    let mut bytes = 0;
    let mut shown = 0;
    for violation in violations.iter().take(VIOLATIONS_MAX) {
        let text = match call.language {
            Language::Chinese => &violation.invalid.zh,
            Language::English => &violation.invalid.en,
        };
        bytes += violation.field.len() + text.len();
        if shown > 0 && bytes > VIOLATION_BYTES_MAX {
            break;
        }
        let text = format!("{}: {text}", violation.invalid.reason);
        details.add_bad_request_violation(violation.field.clone(), text);
        shown += 1;
    }
    let total = violations.len().to_string();
    let truncated = (shown < violations.len()).to_string();
    Words::new(
        Code::InvalidArgument,
        "FIELDS_INVALID",
        format!("有 {total} 个字段不正确"),
        format!("{total} fields are wrong"),
        &[("total", &total), ("truncated", &truncated)],
    )
}

fn refused(refusal: &Refusal, call: &Call, details: &mut ErrorDetails) -> Words {
    let (zh, en) = refusal.messages();
    let description = match call.language {
        Language::Chinese => zh.clone(),
        Language::English => en.clone(),
    };
    details.add_precondition_failure_violation(refusal.reason(), "", description);
    let metadata = refusal.metadata();
    let metadata: Vec<(&str, &str)> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    Words::new(
        Code::FailedPrecondition,
        refusal.reason(),
        zh,
        en,
        &metadata,
    )
}

fn not_found(what: &'static str, id: &str) -> Words {
    let (reason, zh) = match what {
        "taxpayer" => ("TAXPAYER_NOT_FOUND", "纳税人不存在"),
        "tax_source" => ("TAX_SOURCE_NOT_FOUND", "税源不存在"),
        "declaration" => ("DECLARATION_NOT_FOUND", "申报表不存在"),
        "payment" => ("PAYMENT_NOT_FOUND", "缴款不存在"),
        "voucher" => ("VOUCHER_NOT_FOUND", "凭证不存在"),
        _ => ("NOT_FOUND", "不存在"),
    };
    let en = format!("there is no such {what}: {id}");
    Words::new(
        Code::NotFound,
        reason,
        format!("{zh}：{id}"),
        en,
        &[("id", id)],
    )
}

fn store(error: &StoreError, call: &Call, details: &mut ErrorDetails) -> Words {
    match error {
        StoreError::Unavailable(_) => {
            tracing::warn!(request = %call.id, %error, "the database is not available");
            details.set_retry_info(Some(RETRY_AFTER));
            Words::new(
                Code::Unavailable,
                "STORE_UNAVAILABLE",
                "数据库暂不可用，请以同一 request_id 重试",
                "the database is not available; retry with the same request_id",
                &[],
            )
        }
        StoreError::Overloaded => {
            details.set_retry_info(Some(RETRY_AFTER));
            Words::new(
                Code::ResourceExhausted,
                "STORE_OVERLOADED",
                "等待写入的请求过多，请稍后以同一 request_id 重试",
                "too many requests wait to be written; retry later with the same request_id",
                &[],
            )
        }
        StoreError::NoSpace | StoreError::CannotWrite(_) | StoreError::ReadOnly => {
            tracing::error!(request = %call.id, %error, "nothing can be written");
            details.set_retry_info(Some(NO_ROOM_RETRY_AFTER));
            Words::new(
                Code::Unavailable,
                "STORE_CANNOT_WRITE",
                "数据库无法写入（磁盘已满或只读），未作任何更改",
                "the database cannot be written (disk full or read-only); nothing was changed",
                &[],
            )
        }
        StoreError::Conflict(_) | StoreError::Stale(_) | StoreError::AlreadyExists(_) => {
            details.set_retry_info(Some(RETRY_AFTER));
            Words::new(
                Code::Aborted,
                "CONCURRENT_CHANGE",
                "数据同时被其他请求修改，请重新读取后再试",
                "another request changed the data at the same time; read again and retry",
                &[],
            )
        }
        StoreError::Inconsistent { .. } | StoreError::Damaged(_) => {
            tracing::error!(request = %call.id, %error, "stored data is inconsistent");
            Words::new(
                Code::DataLoss,
                "STORED_DATA_INCONSISTENT",
                "已存数据校验不符，已停止处理",
                "stored data failed a check; nothing was done",
                &[],
            )
        }
        StoreError::Driver(_) | StoreError::Open(_) => internal(&error.to_string(), call),
    }
}

fn internal(text: &str, call: &Call) -> Words {
    tracing::error!(request = %call.id, error = text, "internal error");
    Words::new(
        Code::Internal,
        "INTERNAL",
        "系统内部错误，请凭请求编号联系运维",
        "internal error; report the request id",
        &[],
    )
}
