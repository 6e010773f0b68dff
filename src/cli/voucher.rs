//! `caixing voucher verify FILE` and `render FILE`: whether a voucher is as it was signed, and how
//! it looks, without any server.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::voucher_check::check_voucher;
use crate::render;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Voucher {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify a voucher saved as the JSON of `Voucher` or of `GetVoucherResponse`.
    Verify {
        /// The file.
        file: PathBuf,
        /// The service's published key, hex; without it only the voucher's own key is used.
        #[arg(long, env = "CAIXING_PUBLIC_KEY")]
        public_key: Option<String>,
    },
    /// Draw a voucher saved as JSON: a PDF, or a PNG of one page where the name ends in `.png`.
    Render {
        /// The file; it is verified first.
        file: PathBuf,
        /// Where the document goes.
        #[arg(long, short, env = "CAIXING_OUTPUT")]
        output: PathBuf,
        /// The page of a PNG, from 1.
        #[arg(long, env = "CAIXING_PAGE", default_value_t = 1)]
        page: usize,
        /// A full Chinese font for letters outside GB 2312.
        #[arg(long, env = "CAIXING_FONT")]
        font: Option<PathBuf>,
    },
}

/// Names the font for letters outside GB 2312, where one is configured.
///
/// # Errors
/// When it cannot be read or is no font.
pub fn use_font(file: Option<&Path>) -> Result<(), Box<dyn std::error::Error>> {
    let Some(file) = file else { return Ok(()) };
    let bytes = std::fs::read(file)?;
    let used = render::use_full_font(bytes);
    used.map_err(|problem| format!("{}: {problem}", file.display()).into())
}

/// Runs the command.
pub fn run(command: &Voucher) -> Result<(), Box<dyn std::error::Error>> {
    match &command.command {
        Command::Verify { file, public_key } => {
            let text = std::fs::read_to_string(file)?;
            let voucher = check_voucher(&text, public_key.as_deref())?;
            let body = &voucher.body;
            println!(
                "{} {} 元 {}：签名有效",
                body.voucher_number, body.total, body.total_in_words
            );
            let key = match public_key {
                Some(_) => "所给公钥",
                None => "凭证自带公钥，请与公布的公钥核对",
            };
            println!(
                "公钥 {}（{key}）；文件所载状态 {}，现状以在线查验为准",
                voucher.key_id(),
                voucher.state.name()
            );
        }
        Command::Render {
            file,
            output,
            page,
            font,
        } => {
            use_font(font.as_deref())?;
            let voucher = check_voucher(&std::fs::read_to_string(file)?, None)?;
            let document = render::voucher(&voucher)?;
            let png = output.extension().is_some_and(|end| end == "png");
            let drawn = if png {
                render::png(&document, *page)?
            } else {
                render::pdf(&document)?
            };
            std::fs::write(output, drawn)?;
            println!("{} → {}", voucher.body.voucher_number, output.display());
        }
    }
    Ok(())
}
