//! How a filed declaration leaves force: replaced by a correction (更正), or voided (作废).

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Closing, Declaration, DeclarationState, Refusal};

impl Declaration {
    /// Refuses unless it is in force and the digest named is its own: then it may be corrected,
    /// which leaves it as it is until the revision is submitted.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check_correctable(&self, named_digest: &str) -> Result<(), Refusal> {
        self.expect_state(&Self::IN_FORCE, "AWAITING_PAYMENT or COMPLETED")?;
        self.check_digest(named_digest)
    }

    /// Refuses to be replaced by a submitted revision unless it is in force.
    ///
    /// # Errors
    /// [`Refusal::CorrectionSuperseded`].
    pub fn check_replaceable(&self) -> Result<(), Refusal> {
        if self.is_in_force() {
            return Ok(());
        }
        Err(Refusal::CorrectionSuperseded {
            base: self.id.to_string(),
            state: self.state.name(),
        })
    }

    /// It is replaced by a submitted revision.
    ///
    /// # Errors
    /// As [`Declaration::check_replaceable`].
    pub fn replace(self, at: Timestamp, reason: String) -> Result<Self, Refusal> {
        self.check_replaceable()?;
        Ok(self.closed(DeclarationState::Corrected, at, reason))
    }

    /// Voids it (作废): while the filing window is open and nothing was paid. `paid` names a
    /// payment that is alive or was settled.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn void(
        self,
        named_digest: &str,
        paid: Option<String>,
        today: Date,
        at: Timestamp,
        reason: String,
    ) -> Result<Self, Refusal> {
        self.expect_state(&[DeclarationState::AwaitingPayment], "AWAITING_PAYMENT")?;
        self.check_digest(named_digest)?;
        if self.revision() > 1 {
            return Err(Refusal::VoidRevision(self.revision()));
        }
        if let Some(payment) = paid {
            return Err(Refusal::VoidPaid(payment));
        }
        if let Some(due_on) = self.content.due_on().filter(|due_on| today > *due_on) {
            return Err(Refusal::VoidWindow { due_on, today });
        }
        Ok(self.closed(DeclarationState::Voided, at, reason))
    }

    /// True while it is filed and neither voided nor replaced.
    pub fn is_in_force(&self) -> bool {
        Self::IN_FORCE.contains(&self.state)
    }

    const IN_FORCE: [DeclarationState; 2] = [
        DeclarationState::AwaitingPayment,
        DeclarationState::Completed,
    ];

    fn closed(self, state: DeclarationState, at: Timestamp, reason: String) -> Self {
        Self {
            state,
            closing: Some(Closing { at, reason }),
            version: self.version.saturating_add(1),
            ..self
        }
    }
}
