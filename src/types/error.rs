//! The one error of the value room: what is wrong with a piece of outside data.

use std::fmt;

/// Why a value from outside was refused. The field path is added by the caller, who knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Stable reason in `UPPER_SNAKE_CASE`, for example `USCC_CHECK`.
    pub reason: &'static str,
    /// The sentence for the user, in Chinese.
    pub zh: String,
    /// The sentence for the user, in English.
    pub en: String,
}

impl Invalid {
    /// A refusal with its stable reason and both sentences.
    pub fn new(reason: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            reason,
            zh: zh.into(),
            en: en.into(),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.en)
    }
}

impl std::error::Error for Invalid {}
