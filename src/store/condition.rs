//! What a database can do now, as its own errors tell.

use std::sync::Arc;

use tokio::sync::watch;

use super::StoreError;

/// What a database can do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It reads and writes.
    Well,
    /// Nothing can be written, such as on a full disk; reading goes on. It is tried again.
    CannotWrite,
    /// Its file is damaged: nothing is written any more until it is mended and opened again.
    Damaged,
}

/// Where the condition is noted.
#[derive(Debug, Clone)]
pub(super) struct Noted(Arc<watch::Sender<Condition>>);

impl Noted {
    pub(super) fn well() -> Self {
        Self(Arc::new(watch::Sender::new(Condition::Well)))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Condition> {
        self.0.subscribe()
    }

    pub(super) fn now(&self) -> Condition {
        *self.0.borrow()
    }

    /// Refuses where nothing may be written any more.
    pub(super) fn may_write(&self) -> Result<(), StoreError> {
        if self.now() == Condition::Damaged {
            return Err(StoreError::Damaged(
                "damage was found earlier; nothing is written any more".to_owned(),
            ));
        }
        Ok(())
    }

    /// Notes what the driver's error tells.
    pub(super) fn saw(&self, error: &sqlx::Error) {
        if let Some(error) = super::error::known(error) {
            self.saw_store(&error);
        }
    }

    /// Notes what an error tells.
    pub(super) fn saw_store(&self, error: &StoreError) {
        let found = match error {
            StoreError::Damaged(_) => Condition::Damaged,
            StoreError::NoSpace | StoreError::ReadOnly | StoreError::CannotWrite(_) => {
                Condition::CannotWrite
            }
            _ => return,
        };
        if self.turn(found) {
            tracing::error!(%error, condition = ?found, "the database fails");
        }
    }

    /// Something was written and is durable.
    pub(super) fn wrote(&self) {
        if self.turn(Condition::Well) {
            tracing::info!("the database can be written again");
        }
    }

    fn turn(&self, to: Condition) -> bool {
        self.0.send_if_modified(|now| {
            let turns = *now != to && *now != Condition::Damaged;
            if turns {
                *now = to;
            }
            turns
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Noted};
    use crate::store::StoreError;

    #[test]
    fn a_full_disk_is_got_over_and_damage_is_not() {
        let noted = Noted::well();
        noted.saw_store(&StoreError::Overloaded);
        assert_eq!(noted.now(), Condition::Well);
        noted.saw_store(&StoreError::NoSpace);
        assert_eq!(noted.now(), Condition::CannotWrite);
        assert!(noted.may_write().is_ok());
        noted.wrote();
        assert_eq!(noted.now(), Condition::Well);
        noted.saw_store(&StoreError::Damaged("page 7".to_owned()));
        noted.wrote();
        noted.saw_store(&StoreError::NoSpace);
        assert_eq!(noted.now(), Condition::Damaged);
        assert!(matches!(noted.may_write(), Err(StoreError::Damaged(_))));
    }
}
