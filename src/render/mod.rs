//! Documents people can look at (票样): voucher, form and relief schedule as PDF and PNG.
//!
//! A document is first laid out on abstract pages of texts, lines and areas in tenths of a point,
//! whole numbers only; two small backends draw the same pages. The same document is the same bytes
//! for ever: nothing here reads a clock, a locale or the system's fonts.

mod font;
mod form;
mod page;
mod pdf;
mod png;
mod schedule;
mod table;
mod voucher;

pub use font::{missing_letters, use_full_font};
pub use form::form;
pub use page::{Document, Sheet};
pub use schedule::schedule;
pub use voucher::voucher;

/// Pages a document may have.
pub const PAGES_MAX: usize = 200;
/// No page of any document holds more rows than this.
const PAGE_ROWS_MAX: usize = 40;

/// Refuses what is certainly too long before anything is laid out.
fn check_length(rows: usize) -> Result<(), RenderError> {
    if rows > PAGES_MAX * PAGE_ROWS_MAX {
        return Err(RenderError::TooLong);
    }
    Ok(())
}

/// Why a document cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Letters that neither the built-in font nor the configured one has; never drawn as boxes.
    #[error("no font has the letters {0}")]
    GlyphMissing(String),
    /// More pages than a document may have.
    #[error("the document has more than {PAGES_MAX} pages")]
    TooLong,
    /// There is no such page.
    #[error("the document has {0} pages")]
    NoSuchPage(usize),
    /// The amounts are beyond exact arithmetic.
    #[error("the amounts are beyond exact computation")]
    Overflow,
    /// The drawing library refuses.
    #[error("drawing: {0}")]
    Drawing(String),
}

impl From<crate::types::Overflow> for RenderError {
    fn from(_: crate::types::Overflow) -> Self {
        Self::Overflow
    }
}

/// Draws all pages of a document as a PDF.
///
/// # Errors
/// [`RenderError`].
pub fn pdf(document: &Document) -> Result<Vec<u8>, RenderError> {
    pdf::draw(document)
}

/// Draws one page, from 1, as a PNG of 150 dots per inch.
///
/// # Errors
/// [`RenderError`].
pub fn png(document: &Document, page: usize) -> Result<Vec<u8>, RenderError> {
    let count = document.pages.len();
    let found = page.checked_sub(1).and_then(|at| document.pages.get(at));
    png::draw(found.ok_or(RenderError::NoSuchPage(count))?)
}
