//! Which database: the embedded one in a directory, or PostgreSQL at a URL.

use std::path::PathBuf;
use std::str::FromStr;

/// A database, as a command names it.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded one, in a directory.
    Embedded(PathBuf),
    /// PostgreSQL; the URL may hold a password.
    Postgres(String),
}

impl std::fmt::Debug for Database {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded(dir) => f.debug_tuple("Embedded").field(dir).finish(),
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

impl FromStr for Database {
    type Err = UnknownDatabase;

    fn from_str(url: &str) -> Result<Self, UnknownDatabase> {
        match url.split_once("://") {
            Some(("sqlite", dir)) if !dir.is_empty() => Ok(Self::Embedded(PathBuf::from(dir))),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self::Postgres(url.to_owned()))
            }
            _ => Err(UnknownDatabase),
        }
    }
}

/// A URL that names no database.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database URL is not understood: write sqlite://DIRECTORY for the embedded database or \
     postgres://USER:PASSWORD@HOST:PORT/DATABASE"
)]
pub struct UnknownDatabase;

#[cfg(test)]
mod tests {
    use super::{Database, UnknownDatabase};

    #[test]
    fn a_url_names_one_of_two_databases() {
        let embedded = |dir: &str| Ok(Database::Embedded(dir.into()));
        assert_eq!(
            "sqlite:///var/lib/caixing".parse(),
            embedded("/var/lib/caixing")
        );
        assert_eq!("sqlite://caixing-data".parse(), embedded("caixing-data"));
        let url = "postgresql://tax:secret@db/caixing";
        assert_eq!(url.parse(), Ok(Database::Postgres(url.to_owned())));
        for bad in [
            "",
            "postgres",
            "postgres://",
            "mysql://db/caixing",
            "/var/lib",
            "sqlite://",
        ] {
            assert_eq!(bad.parse::<Database>(), Err(UnknownDatabase), "{bad}");
        }
        let shown = format!("{:?}", url.parse::<Database>());
        assert!(!shown.contains("secret"));
    }
}
