//! One process on a directory: a lock file that the system frees when the process ends, however it
//! ends. Commands that only read do not take it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::StoreError;

/// The file in the data directory. It stays when the lock is freed: taking it away could give the
/// directory to two processes.
const FILE: &str = "caixing.lock";
/// The word in it once the directory has held a database.
const MADE: &str = "database made";

/// What this process holds, by directory: it may open its own database more than once.
static HELD: Mutex<BTreeMap<PathBuf, Weak<DirectoryLock>>> = Mutex::new(BTreeMap::new());

/// The directory belongs to this process as long as one of these is there.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    file: Mutex<File>,
    /// The directory has held a database before.
    made: bool,
    /// How many stores of this process are open on it.
    open: AtomicUsize,
}

impl DirectoryLock {
    /// Takes the directory, which must be there.
    ///
    /// # Errors
    /// [`StoreError::Open`] that says who holds it, or why nothing can be written there.
    pub(super) fn take(dir: &Path) -> Result<Arc<Self>, StoreError> {
        let cannot = |error: std::io::Error| {
            StoreError::Open(format!(
                "the directory {} cannot be used: {error}; whoever runs caixing must be able to \
                 write there",
                dir.display()
            ))
        };
        let place = dir.canonicalize().map_err(cannot)?;
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = held.get(&place).and_then(Weak::upgrade) {
            lock.open.fetch_add(1, Ordering::SeqCst);
            return Ok(lock);
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(place.join(FILE))
            .map_err(cannot)?;
        let mut text = String::new();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // The holder writes its number right after it took the lock.
                let _ = file.read_to_string(&mut text);
                let holder = text.lines().next().unwrap_or("process unknown");
                return Err(StoreError::Open(format!(
                    "another caixing ({holder}) serves the directory {}: stop it first, or give \
                     this one a directory of its own",
                    dir.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        file.read_to_string(&mut text).map_err(cannot)?;
        let made = text.lines().any(|line| line == MADE);
        let lock = Arc::new(Self {
            file: Mutex::new(file),
            made,
            open: AtomicUsize::new(1),
        });
        // On a full disk the lock holds without words.
        if let Err(error) = lock.write(made) {
            tracing::warn!(%error, "the lock file does not say who holds it");
        }
        held.insert(place, Arc::downgrade(&lock));
        Ok(lock)
    }

    /// One store that was open on it is closed; the last one gives the directory back at once,
    /// whoever still holds a handle on the store.
    pub(super) fn close(&self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if self.open.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        held.retain(|_, lock| !std::ptr::eq(lock.as_ptr(), self));
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.unlock() {
            tracing::warn!(%error, "the directory is given back when the process ends");
        }
    }

    /// True when the directory has held a database before.
    pub(super) const fn made(&self) -> bool {
        self.made
    }

    /// The directory holds a database from now on.
    pub(super) fn now_made(&self) {
        if !self.made
            && let Err(error) = self.write(true)
        {
            tracing::warn!(%error, "the lock file does not say that a database was made");
        }
    }

    fn write(&self, made: bool) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = format!("process {}\n", std::process::id());
        if made {
            text.push_str(MADE);
            text.push('\n');
        }
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        file.set_len(u64::try_from(text.len()).unwrap_or_default())
    }
}
