//! Compiles the protos in pure Rust: no protoc on the machine.
//!
//! Each package becomes one file in OUT_DIR, e.g. `simpul.record.v1.rs`. A package that names
//! another one's messages does so by relative path, so that `simpul.v1`, which uses
//! `google.type` (in `google.r#type.rs`), is included in modules nested as the packages are:
//! `google::r#type` beside `simpul::v1`. `google.protobuf` comes from prost-types. The
//! descriptors of everything, with their comments, are in `descriptors.bin`.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
