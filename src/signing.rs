//! Signing vouchers: a provider behind a trait, so that SM2 can be added beside Ed25519.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use sha2::{Digest, Sha256};

/// The name of the algorithm signed with today; SM2 (GB/T 32918) would have a name of its own.
pub const ED25519: &str = "Ed25519";

/// Signs texts and says with which public key.
pub trait Signer: std::fmt::Debug + Send + Sync {
    /// The algorithm, by the name that [`verify_with`] knows it under.
    fn algorithm(&self) -> &'static str;
    /// The signature over a text, hex.
    fn sign(&self, text: &str) -> String;
    /// The public key, hex.
    fn public_key(&self) -> String;
    /// The id of the key, for whoever keeps several.
    fn key_id(&self) -> String {
        key_id(&self.public_key())
    }
}

/// The id of a public key: the first 16 hex digits of the SHA-256 over its hex text.
pub fn key_id(public_key: &str) -> String {
    let mut id = hex::encode(Sha256::digest(public_key));
    id.truncate(16);
    id
}

/// Where the key lies in a data directory.
pub fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("voucher-key.hex")
}

/// Keeps a key, hex, in a file that only its owner can read.
///
/// # Errors
/// When the file cannot be made.
pub fn keep_key(file: &Path, key: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Whole under another name first: a crash leaves the key file whole or not at all.
    let draft = file.with_extension("draft");
    let mut out = options.open(&draft)?;
    out.write_all(key.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&draft, file)?;
    if let Some(dir) = file.parent() {
        std::fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// Ed25519 with a key kept in the data directory.
#[derive(Debug)]
pub struct Ed25519Signer(SigningKey);

impl Ed25519Signer {
    /// Reads the key file, or makes one that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read or made, or does not hold a key.
    pub fn open(file: &Path) -> std::io::Result<Self> {
        let bad = |what: &str| std::io::Error::other(format!("{}: {what}", file.display()));
        if !file.exists() {
            let mut seed = [0_u8; 32];
            getrandom::fill(&mut seed).map_err(|error| bad(&error.to_string()))?;
            keep_key(file, &hex::encode(seed))?;
        }
        let text = std::fs::read_to_string(file)?;
        let bytes = hex::decode(text.trim()).map_err(|_| bad("is not hex"))?;
        let seed = <[u8; 32]>::try_from(bytes).map_err(|_| bad("is not a 32-byte key"))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }
}

impl Signer for Ed25519Signer {
    fn algorithm(&self) -> &'static str {
        ED25519
    }

    fn sign(&self, text: &str) -> String {
        hex::encode(self.0.sign(text.as_bytes()).to_bytes())
    }

    fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().to_bytes())
    }
}

/// True when the signature holds under an algorithm this version knows.
pub fn verify_with(algorithm: &str, text: &str, signature: &str, public_key: &str) -> bool {
    algorithm == ED25519 && verify(text, signature, public_key)
}

/// True when the hex signature over the text was made with the hex public key.
pub fn verify(text: &str, signature: &str, public_key: &str) -> bool {
    fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
        hex::decode(text).ok()?.try_into().ok()
    }
    let (Some(key), Some(signature)) = (bytes::<32>(public_key), bytes::<64>(signature)) else {
        return false;
    };
    VerifyingKey::from_bytes(&key).is_ok_and(|key| {
        key.verify(text.as_bytes(), &Signature::from_bytes(&signature))
            .is_ok()
    })
}
