//! Findings (校验结果): what is wrong or doubtful, all at once, with what would mend it.

use serde::{Deserialize, Serialize};

/// What a finding does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Stops the filing.
    Error,
    /// Needs to be acknowledged.
    Warning,
    /// Good to know.
    Hint,
}

/// One rule of checking: the entry of the catalogue that every [`Finding`] is made from, so that
/// no finding exists that the catalogue (`docs/findings.md`) does not list.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable id, such as `RE_V5`.
    pub id: &'static str,
    /// What its findings do.
    pub severity: Severity,
    /// What is checked, in Chinese.
    pub zh: &'static str,
    /// What is checked, in English.
    pub en: &'static str,
    /// Document and article; empty for rules of form.
    pub legal_basis: &'static str,
}

impl Check {
    /// A finding of this rule about a field, with what to tell the user in both languages.
    pub fn at(
        &self,
        field: impl Into<String>,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Finding {
        Finding::new(self.severity, self.id, field, zh, en, self.legal_basis)
    }
}

/// Lists rules of checking: a constant for each, and `ALL` with all of them.
///
/// ```text
/// checks! {
///     RE_V5: Error, "原值应为正数", "the original value is positive", "房产税暂行条例 第三条";
/// }
/// ```
macro_rules! checks {
    ($($id:ident: $severity:ident, $zh:expr, $en:expr, $basis:expr;)*) => {
        $(
            #[doc = $en]
            pub const $id: &$crate::tax::Check = &$crate::tax::Check {
                id: stringify!($id),
                severity: $crate::tax::Severity::$severity,
                zh: $zh,
                en: $en,
                legal_basis: $basis,
            };
        )*
        /// Every rule of this list, in order.
        pub const ALL: &[&$crate::tax::Check] = &[$($id),*];
    };
}
pub(crate) use checks;

/// A change a machine can make to mend a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The field to set.
    pub field: String,
    /// The value to set it to.
    pub value: String,
}

/// One result of checking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable id, such as `RE_V5`.
    pub rule_id: String,
    /// What it does.
    pub severity: Severity,
    /// The field it is about, in proto form; relative until a caller prefixes it.
    pub field: String,
    /// For the user, in Chinese.
    pub message_zh: String,
    /// For the user, in English.
    pub message_en: String,
    /// Document and article; may be empty for rules of form.
    pub legal_basis: String,
    /// The number that was expected, where two disagree.
    pub expected: Option<String>,
    /// The number that was found, where two disagree.
    pub actual: Option<String>,
    /// A change that mends it, where one is certain.
    pub fix: Option<Fix>,
}

impl Finding {
    fn new(
        severity: Severity,
        rule_id: &str,
        field: impl Into<String>,
        zh: impl Into<String>,
        en: impl Into<String>,
        legal_basis: impl Into<String>,
    ) -> Self {
        Self {
            rule_id: rule_id.to_owned(),
            severity,
            field: field.into(),
            message_zh: zh.into(),
            message_en: en.into(),
            legal_basis: legal_basis.into(),
            expected: None,
            actual: None,
            fix: None,
        }
    }

    /// Resting on another document than its rule's, where that depends on the facts (a regime, a
    /// local document).
    #[must_use]
    pub fn under(mut self, legal_basis: impl Into<String>) -> Self {
        self.legal_basis = legal_basis.into();
        self
    }

    /// With the two numbers that disagree.
    #[must_use]
    pub fn numbers(mut self, expected: impl ToString, actual: impl ToString) -> Self {
        self.expected = Some(expected.to_string());
        self.actual = Some(actual.to_string());
        self
    }

    /// With the change that mends it.
    #[must_use]
    pub fn fix(mut self, field: impl Into<String>, value: impl ToString) -> Self {
        self.fix = Some(Fix {
            field: field.into(),
            value: value.to_string(),
        });
        self
    }

    /// With its path put below another.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        let join = |field: &str| match field {
            "" => prefix.to_owned(),
            _ => format!("{prefix}.{field}"),
        };
        self.field = join(&self.field);
        if let Some(fix) = &mut self.fix {
            fix.field = join(&fix.field);
        }
        self
    }
}
