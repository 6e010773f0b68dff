//! The eligibility radar (应享未享, 错误享受): what the facts of a source say about its reliefs.

use super::finding::Finding;

/// A relief that seems due but is not claimed (a HINT), or one that is claimed while its condition
/// does not hold (a WARNING). The caller computes the money effect by charging `instead`.
#[derive(Debug, Clone, PartialEq)]
pub struct Opportunity<S> {
    /// What to tell the user: the rule, the field, the fact that would flip it.
    pub finding: Finding,
    /// The relief it is about, such as `LU_WAREHOUSE`.
    pub relief_id: String,
    /// The source as it would stand if the user did what the finding says; nothing where more
    /// than the source would have to change.
    pub instead: Option<S>,
}

impl<S> Opportunity<S> {
    /// The same about another kind of source.
    pub fn map<T>(self, into: impl FnOnce(S) -> T) -> Opportunity<T> {
        Opportunity {
            finding: self.finding,
            relief_id: self.relief_id,
            instead: self.instead.map(into),
        }
    }
}
