//! Time is handed in: the only place that reads the system's clock.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// China Standard Time has been UTC+8 without daylight saving since 1991.
const CHINA: Offset = Offset::constant(8);

/// Where the service takes its time from.
#[derive(Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// The sandbox's: the system's clock moved by an offset that survives a restart.
    Sandbox(SandboxClock),
}

/// A clock that can be set (`SandboxService.SetClock`).
#[derive(Debug)]
pub struct SandboxClock {
    offset_micros: AtomicI64,
    file: PathBuf,
}

impl Clock {
    /// A sandbox clock whose offset is kept in a file of the data directory.
    pub fn sandbox(file: PathBuf) -> Self {
        let kept = std::fs::read_to_string(&file)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Self::Sandbox(SandboxClock {
            offset_micros: AtomicI64::new(kept.unwrap_or(0)),
            file,
        })
    }

    /// The instant, in whole microseconds: what is kept reads back as it was answered.
    pub fn now(&self) -> Timestamp {
        let system = system_now();
        match self {
            Self::System => system,
            Self::Sandbox(clock) => {
                let offset = clock.offset_micros.load(Ordering::SeqCst);
                system
                    .saturating_add(SignedDuration::from_micros(offset))
                    .unwrap_or(system)
            }
        }
    }

    /// The civil day in China.
    pub fn today(&self) -> Date {
        day_in_china(self.now())
    }

    /// Sets a sandbox clock; nothing means the system's time. False on a system clock, which
    /// cannot be set.
    ///
    /// # Errors
    /// When the offset cannot be kept.
    pub fn set(&self, instant: Option<Timestamp>) -> std::io::Result<bool> {
        let Self::Sandbox(clock) = self else {
            return Ok(false);
        };
        let offset = instant.map_or(0, |instant| {
            i64::try_from(instant.duration_since(system_now()).as_micros()).unwrap_or(0)
        });
        let draft = clock.file.with_extension("draft");
        std::fs::write(&draft, offset.to_string())?;
        std::fs::rename(&draft, &clock.file)?;
        clock.offset_micros.store(offset, Ordering::SeqCst);
        Ok(true)
    }
}

/// The civil day in China at an instant.
pub fn day_in_china(instant: Timestamp) -> Date {
    TimeZone::fixed(CHINA).to_datetime(instant).date()
}

/// The first instant of a civil day in China.
///
/// # Errors
/// When the day is out of range.
pub fn first_instant_in_china(day: Date) -> Result<Timestamp, jiff::Error> {
    Ok(TimeZone::fixed(CHINA)
        .to_zoned(day.at(0, 0, 0, 0))?
        .timestamp())
}

/// The system's time, whatever a sandbox's clock says: processes share it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that may read the system's clock"
)]
pub fn system_now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// How long something takes, for people who wait; no part of any filing.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts one.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Milliseconds since its start.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
