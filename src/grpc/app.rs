//! What every service shares.

use std::future::Future;
use std::sync::Arc;

use uuid::Uuid;

use super::dial::ErrorDial;
use super::failure::Failure;
use crate::clock::Clock;
use crate::filing::Taxpayer;
use crate::gateway::{BankClient, BankFaults};
use crate::rules::RuleBook;
use crate::signing::Signer;
use crate::store::{self, Store, Tx};
use crate::types::{Invalid, TaxpayerKey};

/// The service's parts, made once at start.
#[derive(Debug)]
pub struct Parts {
    /// Where it is kept.
    pub store: Store,
    /// The law.
    pub book: RuleBook,
    /// The time.
    pub clock: Clock,
    /// The voucher key.
    pub signer: Box<dyn Signer>,
    /// The bank's side.
    pub bank: BankClient,
    /// The fault dial of the sandbox's own bank; nothing where the bank is somebody else.
    pub bank_faults: Option<Arc<BankFaults>>,
    /// The dial of failures on demand; nothing where the server is no sandbox.
    pub dial: Option<ErrorDial>,
}

/// A shared handle on the parts.
pub type App = Arc<Parts>;

/// Runs a mutation, again where its transaction clashed with another's and nothing of it stands.
///
/// # Errors
/// The mutation's own.
pub async fn repeating<T, F>(
    app: &Parts,
    name: &'static str,
    mutation: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    store::repeat(app.store.repeats(), name, Failure::of_store, mutation).await
}

/// A new id, in order of time.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The page size a list uses: 0 means 50, more than 200 means 200.
pub const PAGE_SIZE_DEFAULT: i64 = 50;
/// The largest page.
pub const PAGE_SIZE_MAX: i64 = 200;

/// What was read, which must be there.
///
/// # Errors
/// [`Failure::NotFound`].
pub fn found<T>(read: Option<T>, what: &'static str, id: &impl ToString) -> Result<T, Failure> {
    read.ok_or_else(|| Failure::NotFound {
        what,
        id: id.to_string(),
    })
}

/// Reads a taxpayer that must be there.
///
/// # Errors
/// [`Failure::NotFound`].
pub async fn taxpayer(tx: &mut Tx, key: TaxpayerKey) -> Result<Taxpayer, Failure> {
    found(tx.taxpayer(key).await?, "taxpayer", &key)
}

/// Refuses unless the etag named is that of the version read.
///
/// # Errors
/// [`Failure::StaleEtag`].
pub fn check_etag(what: &'static str, named: &str, version: i64) -> Result<(), Failure> {
    let current = etag(version);
    if named == current {
        Ok(())
    } else {
        Err(Failure::StaleEtag { what, current })
    }
}

/// The etag of a version.
pub fn etag(version: i64) -> String {
    format!("v{version}")
}

/// Cuts a list read one too long to its page; true when there is more.
pub fn cut<T>(rows: &mut Vec<T>, size: i64) -> bool {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    more
}

/// Reads a page token that is a number.
///
/// # Errors
/// `PAGE_TOKEN`.
pub fn sequence(text: &str) -> Result<i64, Invalid> {
    text.parse().map_err(|_| bad_page_token())
}

/// Reads a page token that is an id.
///
/// # Errors
/// `PAGE_TOKEN`.
pub fn page_id<T: ToString>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<String, Invalid> {
    let id = parse(text).map_err(|_| bad_page_token())?;
    Ok(id.to_string())
}

/// Reads a page token that is the place of a row: its instant in microseconds, and its id.
///
/// # Errors
/// `PAGE_TOKEN`.
pub fn page_place<T: ToString>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<(i64, String), Invalid> {
    let (micros, id) = text.split_once('.').ok_or_else(bad_page_token)?;
    Ok((sequence(micros)?, page_id(id, parse)?))
}

/// `PAGE_TOKEN`: a token that this service did not give.
pub fn bad_page_token() -> Invalid {
    Invalid::new(
        "PAGE_TOKEN",
        "不是本服务给出的翻页标记",
        "is not a page token of this service",
    )
}
