//! The file of a backup: gzip of lines, and a seal at its end.
//!
//! The seal is a gzip member of its own, always of the same length, whose text is SHA-256 over
//! every byte before it: so a changed byte is noticed wherever it stands, also where an unpacker
//! does not look, and any `gunzip` still reads the file.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use sha2::{Digest as _, Sha256};

/// No line of a backup is longer, in bytes.
const LINE_MAX: u64 = 256 * 1024 * 1024;
const BUFFER: usize = 256 * 1024;
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a file is no backup that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is something else.
    #[error("{0} is not a backup made by caixing")]
    Foreign(PathBuf),
    /// Of a format that is not known yet.
    #[error(
        "{file} has format {found} of backups, and this caixing knows {known}: use the newer \
         caixing that made it"
    )]
    NewerFormat {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u64,
        /// Ours.
        known: u64,
    },
    /// Of another schema.
    #[error(
        "{file} was made by caixing {caixing} with schema {found}, and this caixing has schema \
         {known}: {advice}"
    )]
    OtherSchema {
        /// The file.
        file: PathBuf,
        /// Who made it.
        caixing: String,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
        /// What to do.
        advice: &'static str,
    },
    /// It ends early.
    #[error("{file} is cut off {place}: it was not copied whole")]
    Cut {
        /// The file.
        file: PathBuf,
        /// Where.
        place: String,
    },
    /// Its bytes are not those that were written.
    #[error("{file} is damaged {place}: {what}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// There is a file already.
    #[error("{0} is there already; --force writes over it")]
    Exists(PathBuf),
    /// The disk.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// Bytes on their way to or from the file, with their digest.
#[derive(Debug)]
struct Digested<T> {
    inner: T,
    digest: Sha256,
}

impl<T: Write> Write for Digested<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Digested<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.digest.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// The last bytes of a file whose other bytes have a digest.
fn seal(digest: &str) -> Vec<u8> {
    let text = format!("{{\"seal\":\"{digest}\"}}\n");
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    // A gzip header without time or name, one stored block, checksum and length.
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(crc.sum().to_le_bytes());
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

fn seal_length() -> u64 {
    seal(&"0".repeat(64)).len().try_into().unwrap_or(0)
}

/// A backup that is written: under another name until it is whole.
#[derive(Debug)]
pub struct BackupFile {
    path: PathBuf,
    partial: PathBuf,
    force: bool,
    /// Nothing once it is finished.
    out: Option<GzEncoder<Digested<io::BufWriter<File>>>>,
    /// Over all lines.
    lines: Sha256,
}

impl BackupFile {
    /// Begins a file.
    ///
    /// # Errors
    /// [`BackupError::Exists`], unless `force`; [`BackupError::Io`].
    pub fn create(path: &Path, force: bool) -> Result<Self, BackupError> {
        if path.exists() && !force {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial = path.with_file_name(format!("{name}.{}.partial", uuid::Uuid::now_v7()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        // Filings of taxpayers, and perhaps a key: for its owner only.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&partial)
            .map_err(|error| BackupError::Io(partial.clone(), error))?;
        let digested = Digested {
            inner: io::BufWriter::with_capacity(BUFFER, file),
            digest: Sha256::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            partial,
            force,
            out: Some(GzEncoder::new(digested, Compression::fast())),
            lines: Sha256::new(),
        })
    }

    /// Writes a line.
    ///
    /// # Errors
    /// [`BackupError::Io`].
    pub fn line(&mut self, line: &str) -> Result<(), BackupError> {
        self.lines.update(line.as_bytes());
        self.lines.update(b"\n");
        let out = self.out.as_mut();
        let written = out.map_or(Ok(()), |out| {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")
        });
        written.map_err(|error| BackupError::Io(self.partial.clone(), error))
    }

    /// SHA-256 over all lines so far.
    pub fn digest(&self) -> String {
        hex::encode(self.lines.clone().finalize())
    }

    /// Seals the file, makes it durable and gives it its name; how many bytes it has.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn finish(mut self) -> Result<u64, BackupError> {
        let partial = self.partial.clone();
        let io = move |error| BackupError::Io(partial.clone(), error);
        let Some(out) = self.out.take() else {
            return Ok(0);
        };
        let mut digested = out.finish().map_err(&io)?;
        digested.flush().map_err(&io)?;
        let digest = hex::encode(digested.digest.finalize());
        let mut out = digested.inner;
        out.write_all(&seal(&digest)).map_err(&io)?;
        let file = out.into_inner().map_err(|error| io(error.into_error()))?;
        file.sync_all().map_err(&io)?;
        let bytes = file.metadata().map_err(&io)?.len();
        drop(file);
        if !self.force && self.path.exists() {
            return Err(BackupError::Exists(self.path.clone()));
        }
        std::fs::rename(&self.partial, &self.path).map_err(&io)?;
        let dir = match self.path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        let synced = File::open(dir).and_then(|dir| dir.sync_all());
        synced.map_err(&io)?;
        Ok(bytes)
    }
}

impl Drop for BackupFile {
    /// What is not whole is not left behind.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.partial);
    }
}

/// The lines of a backup.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    lines: BufReader<GzDecoder<BufReader<Digested<io::Take<File>>>>>,
    seal: Vec<u8>,
    digest: Sha256,
    /// The digest before the last line that was read.
    before: Sha256,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let io = |error| BackupError::Io(path.to_owned(), error);
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut begin = [0; 2];
        if file.read_exact(&mut begin).is_err() || begin != MAGIC {
            return Err(BackupError::Foreign(path.to_owned()));
        }
        let body = length.saturating_sub(seal_length());
        let seek = |file: &mut File, to| io::Seek::seek(file, io::SeekFrom::Start(to));
        seek(&mut file, body).map_err(io)?;
        let mut seal = Vec::new();
        file.read_to_end(&mut seal).map_err(io)?;
        seek(&mut file, 0).map_err(io)?;
        let digested = Digested {
            inner: file.take(body),
            digest: Sha256::new(),
        };
        let packed = BufReader::with_capacity(BUFFER, digested);
        Ok(Self {
            path: path.to_owned(),
            lines: BufReader::with_capacity(BUFFER, GzDecoder::new(packed)),
            seal,
            digest: Sha256::new(),
            before: Sha256::new(),
        })
    }

    /// SHA-256 over all lines before the last that was read.
    pub(super) fn digest_before(&self) -> String {
        hex::encode(self.before.clone().finalize())
    }

    /// The next line without its end; nothing at the end. `place` says where one is.
    pub(super) fn next<P: AsRef<str>>(
        &mut self,
        place: impl Fn() -> P,
    ) -> Result<Option<String>, BackupError> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.lines).take(LINE_MAX);
        let read = limited.read_until(b'\n', &mut bytes);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.cut(place().as_ref()),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                self.damaged(place().as_ref(), "it cannot be unpacked")
            }
            _ => BackupError::Io(self.path.clone(), error),
        })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(self.cut(place().as_ref()));
        }
        self.before = self.digest.clone();
        self.digest.update(&bytes);
        self.digest.update(b"\n");
        let text = String::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| self.damaged(place().as_ref(), "a line is not UTF-8"))
    }

    /// All lines are read: nothing more is there, and every byte is as it was sealed.
    pub(super) fn end(self) -> Result<(), BackupError> {
        let Self {
            path, lines, seal, ..
        } = self;
        let damaged = |what: &str| BackupError::Damaged {
            file: path.clone(),
            place: "at its end".to_owned(),
            what: what.to_owned(),
        };
        let mut packed = lines.into_inner().into_inner();
        let rest = packed
            .fill_buf()
            .map_err(|error| BackupError::Io(path.clone(), error))?;
        if !rest.is_empty() {
            return Err(damaged("bytes follow that do not belong to it"));
        }
        let digest = hex::encode(packed.into_inner().digest.finalize());
        if self::seal(&digest) != seal {
            return Err(damaged(
                "its bytes are not those that were sealed when it was made",
            ));
        }
        Ok(())
    }

    pub(super) fn cut(&self, place: &str) -> BackupError {
        BackupError::Cut {
            file: self.path.clone(),
            place: place.to_owned(),
        }
    }

    pub(super) fn damaged(&self, place: &str, what: &str) -> BackupError {
        BackupError::Damaged {
            file: self.path.clone(),
            place: place.to_owned(),
            what: what.to_owned(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{BackupError, BackupFile, Lines};

    fn written(lines: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backup");
        let mut file = BackupFile::create(&path, false).unwrap();
        for line in lines {
            file.line(line).unwrap();
        }
        file.finish().unwrap();
        (dir, path)
    }

    fn read(path: &std::path::Path) -> Result<Vec<String>, BackupError> {
        let mut lines = Lines::open(path)?;
        let mut all = Vec::new();
        while let Some(line) = lines.next(|| "here")? {
            all.push(line);
        }
        lines.end()?;
        Ok(all)
    }

    #[test]
    fn every_changed_bit_and_every_missing_byte_is_noticed() {
        let (_dir, path) = written(&["first", "", "第三"]);
        assert_eq!(read(&path).unwrap(), ["first", "", "第三"]);
        let good = std::fs::read(&path).unwrap();
        for place in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[place] ^= 1 << bit;
                std::fs::write(&path, bad).unwrap();
                assert!(read(&path).is_err(), "byte {place}, bit {bit}");
            }
            std::fs::write(&path, &good[..place]).unwrap();
            assert!(read(&path).is_err(), "cut at {place}");
        }
        std::fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        assert!(read(&path).is_err());
    }

    #[test]
    fn any_gunzip_reads_it_and_what_is_not_whole_is_not_left_behind() {
        let (dir, path) = written(&["first"]);
        let bytes = std::fs::read(&path).unwrap();
        let mut text = String::new();
        let mut unpacked = flate2::read::MultiGzDecoder::new(bytes.as_slice());
        unpacked.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("first\n{\"seal\":\""), "{text}");
        assert!(matches!(
            BackupFile::create(&path, false),
            Err(BackupError::Exists(_))
        ));
        let mut half = BackupFile::create(&path, true).unwrap();
        half.line("other").unwrap();
        drop(half);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}
