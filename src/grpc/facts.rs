//! What is kept of a taxpayer that a form is drawn from.

use std::collections::HashMap;

use super::app::taxpayer as must_have;
use super::failure::Failure;
use crate::filing::{Content, Drawing, Known, Scope, SourceRecord, Taxpayer, draw};
use crate::rules::RuleBook;
use crate::store::Tx;
use crate::types::{DeclarationId, Period, SourceId, TaxAuthority, TaxKind, TaxpayerKey};

/// What is kept of a taxpayer that a form is drawn from.
#[derive(Debug)]
pub struct Facts {
    /// The taxpayer.
    pub taxpayer: Taxpayer,
    /// All its sources.
    pub sources: Vec<SourceRecord>,
    /// What stands on live declarations.
    pub declared: HashMap<(SourceId, Period), DeclarationId>,
}

/// Reads what is kept of a taxpayer.
///
/// # Errors
/// [`Failure`].
pub async fn facts(tx: &mut Tx, key: TaxpayerKey) -> Result<Facts, Failure> {
    let taxpayer = must_have(tx, key).await?;
    let sources = tx.all_sources(key).await?;
    let declared = tx.declared(key).await?;
    Ok(Facts {
        taxpayer,
        sources,
        declared,
    })
}

impl Facts {
    /// Draws the forms of a window.
    pub fn draw(
        &self,
        book: &RuleBook,
        window: Period,
        authority: Option<&TaxAuthority>,
        taxes: &[TaxKind],
    ) -> Drawing {
        draw(&Scope {
            rules: book,
            taxpayer: self.taxpayer.key,
            profile: &self.taxpayer.profile,
            window,
            sources: &self.sources,
            declared: &self.declared,
            authority,
            taxes,
            explain: false,
        })
    }

    /// All that a correction is drawn from.
    pub fn known<'a>(&'a self, book: &'a RuleBook) -> Known<'a> {
        Known {
            rules: book,
            profile: &self.taxpayer.profile,
            sources: &self.sources,
            declared: &self.declared,
        }
    }

    /// A first filing's content drawn again from what is kept now.
    pub fn redraw(&self, book: &RuleBook, content: &Content) -> Option<Content> {
        let authority = Some(&content.authority);
        let drawing = self.draw(book, content.window, authority, &content.taxes);
        drawing
            .contents
            .into_iter()
            .find(|fresh| fresh.treasury == content.treasury)
    }
}
