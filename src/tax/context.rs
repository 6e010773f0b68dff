//! What a charge depends on besides its source: rules, place, period, and who the taxpayer is.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::catalogue;
use super::charge::{Applied, ChargeError, Provenance, StatedRate};
use super::six_taxes::Facts;
use crate::rules::RuleBook;
use crate::types::{Month, Period, Region};

/// What kind of taxpayer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxpayerKind {
    /// Enterprise (企业).
    Enterprise,
    /// Individual business (个体工商户).
    IndividualBusiness,
    /// Natural person (自然人).
    Individual,
    /// Public institution, association, other organisation (其他单位).
    Organisation,
}

/// Why a taxpayer may halve the 六税两费, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SixTaxesSubject {
    /// 增值税小规模纳税人.
    SmallScaleVat,
    /// 个体工商户.
    IndividualBusiness,
    /// 小型微利企业.
    SmallLowProfit,
}

/// Months in which a taxpayer is one of the subjects of the 六税两费 relief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SixTaxesWindow {
    /// Why.
    pub subject: SixTaxesSubject,
    /// First month.
    pub first: Month,
    /// Last month, when it has ended or its end is known.
    pub last: Option<Month>,
}

/// The dated attributes of a taxpayer that the law looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What kind of taxpayer it is.
    pub kind: TaxpayerKind,
    /// Months of eligibility for the 六税两费.
    #[serde(default)]
    pub six_taxes: Vec<SixTaxesWindow>,
    /// The facts behind the eligibility. Where no windows are stated they decide; beside stated
    /// windows they are only compared with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub six_taxes_facts: Option<Box<Facts>>,
}

/// Everything a tax module may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The rule pack.
    pub rules: &'a RuleBook,
    /// The place whose values apply: where the source lies or is registered.
    pub region: Region,
    /// The tax period to charge (or, for `periods_due`, the filing window).
    pub period: Period,
    /// The taxpayer's dated attributes.
    pub profile: &'a Profile,
    /// Whether to write the explanation.
    pub explain: bool,
}

impl Context<'_> {
    /// A number of law for the source's place on a day.
    ///
    /// # Errors
    /// [`ChargeError::Missing`].
    pub fn number(&self, id: &str, on: Date) -> Result<Applied, ChargeError> {
        let (value, (_, row)) = self.rules.number(id, self.region, on)?;
        Ok(Applied {
            parameter_id: id.to_owned(),
            value,
            provenance: Provenance::rule(row),
        })
    }

    /// A word of law for the source's place on a day.
    ///
    /// # Errors
    /// [`ChargeError::Missing`].
    pub fn text(&self, id: &str, on: Date) -> Result<&str, ChargeError> {
        Ok(self.rules.text(id, self.region, on)?)
    }

    /// A local rate: the rule pack's, or the one stated on the source when the pack has none for
    /// the place. A stated rate must lie in the national range. Where the pack has a confirmed or
    /// unconfirmed row and the source states another value, the stated one is refused.
    ///
    /// # Errors
    /// [`ChargeError::Missing`] when neither has one; a refusal (`RATE_OUT_OF_RANGE`,
    /// `RATE_CONFLICT`) when the stated one cannot be used.
    pub fn rate(
        &self,
        id: &str,
        on: Date,
        stated: Option<&StatedRate>,
        field: &str,
    ) -> Result<Applied, ChargeError> {
        let Some(stated) = stated else {
            return self.number(id, on);
        };
        if let Ok(known) = self.number(id, on)
            && known.value != stated.value
            && !matches!(
                &known.provenance,
                Provenance::Rule {
                    unconfirmed: true,
                    ..
                }
            )
        {
            return Err(catalogue::RATE_CONFLICT
                .at(
                    field,
                    format!(
                        "列明的税额标准 {} 与规则库的 {} 不符",
                        stated.value, known.value
                    ),
                    format!(
                        "the stated rate {} differs from the rule pack's {}",
                        stated.value, known.value
                    ),
                )
                .under(format!("{id}: {}", known.provenance.document()))
                .numbers(known.value, stated.value)
                .fix(field, known.value)
                .into());
        }
        if let Some((low, high)) = self.rules.national_range(id)
            && !(low <= stated.value && stated.value <= high)
        {
            return Err(catalogue::RATE_OUT_OF_RANGE
                .at(
                    field,
                    format!("列明的税额标准 {} 超出法定幅度 {low}–{high}", stated.value),
                    format!(
                        "the stated rate {} is outside the statutory range {low}–{high}",
                        stated.value
                    ),
                )
                .under(id)
                .numbers(format!("{low}–{high}"), stated.value)
                .into());
        }
        if stated.value < Decimal::ZERO {
            return Err(catalogue::RATE_OUT_OF_RANGE
                .at(field, "税额标准不能为负数", "a rate cannot be negative")
                .under(id)
                .into());
        }
        Ok(Applied {
            parameter_id: id.to_owned(),
            value: stated.value,
            provenance: Provenance::Stated {
                document: stated.document.clone(),
            },
        })
    }
}
