//! The taxpayer and its tax sources as kept (纳税人, 税源).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::tax::{Profile, TaxSource};
use crate::types::{Region, SourceId, TaxAuthority, TaxpayerId, TaxpayerKey, Treasury};

/// A registered taxpayer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxpayer {
    /// The service's id.
    pub key: TaxpayerKey,
    /// 纳税人识别号.
    pub tax_number: TaxpayerId,
    /// 纳税人名称.
    pub name: String,
    /// Dated attributes.
    pub profile: Profile,
    /// Version, from 1.
    pub version: i64,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// The life of a source (税源状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SourceState {
    /// Collected, not declared.
    Collected,
    /// On at least one submitted declaration.
    Declared,
    /// Being corrected.
    Correcting,
    /// Ended.
    Closed,
}

impl SourceState {
    /// All states.
    pub const ALL: [Self; 4] = [
        Self::Collected,
        Self::Declared,
        Self::Correcting,
        Self::Closed,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collected => "COLLECTED",
            Self::Declared => "DECLARED",
            Self::Correcting => "CORRECTING",
            Self::Closed => "CLOSED",
        }
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A tax source with what all taxes' sources share.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRecord {
    /// The service's id.
    pub id: SourceId,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// Name for people.
    pub name: String,
    /// The place whose law applies.
    pub region: Region,
    /// 主管税务机关.
    pub authority: TaxAuthority,
    /// 国库.
    pub treasury: Treasury,
    /// Where its life stands.
    pub state: SourceState,
    /// Version of the statement, from 1.
    pub version: i64,
    /// What is taxable.
    pub detail: TaxSource,
    /// When this version was recorded.
    pub recorded_at: Timestamp,
}

impl SourceRecord {
    /// True when both state the same, whatever became of either.
    pub fn states_the_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.region == other.region
            && self.authority == other.authority
            && self.treasury == other.treasury
            && self.detail == other.detail
    }

    /// A new version of the statement. The tax of a source cannot change.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] when it is closed or of another tax.
    pub fn restate(self, new: Self) -> Result<Self, Refusal> {
        self.open("COLLECTED, DECLARED or CORRECTING")?;
        if self.detail.kind() != new.detail.kind() {
            return Err(Refusal::WrongState {
                what: "tax_source",
                state: self.detail.kind().name(),
                needed: new.detail.kind().name(),
            });
        }
        let version = self.version.saturating_add(1);
        Ok(Self {
            id: self.id,
            state: self.state,
            version,
            ..new
        })
    }

    /// Ends the source.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] when it is closed already.
    pub fn close(self, at: Timestamp) -> Result<Self, Refusal> {
        self.open("COLLECTED, DECLARED or CORRECTING")?;
        let version = self.version.saturating_add(1);
        Ok(Self {
            state: SourceState::Closed,
            version,
            recorded_at: at,
            ..self
        })
    }

    fn open(&self, needed: &'static str) -> Result<(), Refusal> {
        match self.state {
            SourceState::Collected | SourceState::Declared | SourceState::Correcting => Ok(()),
            SourceState::Closed => Err(Refusal::WrongState {
                what: "tax_source",
                state: self.state.name(),
                needed,
            }),
        }
    }
}
