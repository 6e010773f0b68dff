//! Which database a command works on.

use std::path::PathBuf;

use crate::signing;
use crate::store::Database;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// Where keys lie, and the embedded database where no other is named.
    #[arg(long, env = "CAIXING_DATA_DIR", default_value = "./caixing-data")]
    pub data_dir: PathBuf,
    /// The database: `postgres://USER:PASSWORD@HOST/DATABASE`, or `sqlite://DIRECTORY`.
    #[arg(long, env = "CAIXING_DATABASE_URL", hide_env_values = true)]
    database_url: Option<Database>,
}

impl Place {
    /// The database.
    pub fn database(&self) -> Database {
        let embedded = || Database::Embedded(self.data_dir.clone());
        self.database_url.clone().unwrap_or_else(embedded)
    }

    /// The file of the key that signs vouchers.
    pub fn voucher_key(&self) -> PathBuf {
        signing::key_file(&self.data_dir)
    }
}
