//! Compiles the protos without a system `protoc` and embeds the rule pack.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    embed_rules(&root.join("rules"), &out)?;
    compile_protos(&root.join("proto"), &out)?;
    println!("cargo::rerun-if-changed=migrations");
    Ok(())
}

/// Writes a constant with the path and text of every file below `rules/national|region`.
fn embed_rules(rules: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut code = String::from("const EMBEDDED_RULES: &[(&str, &str)] = &[\n");
    for folder in ["national", "region"] {
        for path in files_below(&rules.join(folder))? {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.ends_with(".toml") || name.ends_with(".csv") {
                writeln!(
                    code,
                    "    ({:?}, include_str!({path:?})),",
                    format!("{folder}/{name}")
                )?;
            }
        }
    }
    code.push_str("];\n");
    fs::write(out.join("embedded_rules.rs"), code)?;
    Ok(())
}

/// Compiles every proto of the package. The descriptor set is kept as bytes, because decoding it
/// into Rust structs would drop the options that reflection should show.
fn compile_protos(proto: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", proto.display());
    let mut compiler = protox::Compiler::new([proto])?;
    compiler.include_imports(true).include_source_info(true);
    for path in files_below(&proto.join("caixing/v1"))? {
        compiler.open_file(path)?;
    }
    let details = proto.join("google/rpc/error_details.proto");
    if details.exists() {
        println!("cargo::rerun-if-changed={}", details.display());
        compiler.open_file(details)?;
    }
    fs::write(
        out.join("descriptors.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    tonic_prost_build::configure()
        .include_file("mod.rs")
        .extern_path(".google.rpc", "::tonic_types")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}
