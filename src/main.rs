//! The `caixing` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    caixing::cli::run()
}
