//! Compiles the protos in pure Rust: no protoc on the machine.
//!
//! Each package becomes one file in OUT_DIR, e.g. `simpul.record.v1.rs`. A package that names
//! another one's messages does so by relative path, so that `simpul.v1`, which uses
//! `google.type` (in `google.r#type.rs`), is included in modules nested as the packages are:
//! `google::r#type` beside `simpul::v1`. `google.protobuf` comes from prost-types. The
//! descriptors of everything, with their comments and options, are in `descriptors.bin`.
//!
//! Who may call a method is declared beside it, in its option `access`. Those declarations become
//! `declared.rs`, one line for each method, without which no method can be served; a method that
//! declares nothing stops the build here.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use protox::prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    std::fs::write(out.join("declared.rs"), declared(&compiler.descriptor_pool())?)?;
    let services = tonic_prost_build::configure().codec_path("crate::api::codec::Codes");
    services.compile_fds(compiler.file_descriptor_set())?;
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

/// The declarations of all methods of `simpul.v1`, as one call of the macro `declared!`.
fn declared(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let mut lines = String::from("declared! {\n");
    for service in pool.services().filter(|one| one.package_name() == "simpul.v1") {
        for method in service.methods() {
            let line = declaration(pool, &method).ok_or_else(|| {
                format!(
                    "{} does not declare who may call it: give it the option `access` of \
                     authorization.proto, and a line in tests/api/roles.txt",
                    method.full_name()
                )
            })?;
            writeln!(lines, "    {line};")?;
        }
    }
    lines.push_str("}\n");
    Ok(lines)
}

/// `DepositRequest: SavingsService Deposit, [Manager, Teller], (member), Unspecified, false, false, (), ()`
fn declaration(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<String> {
    let option = pool.get_extension_by_name("simpul.v1.access")?;
    let options = method.options();
    if !options.has_extension(&option) {
        return None;
    }
    let access = options.get_extension(&option);
    let access = access.as_message()?;
    let roles = access.get_field_by_name("roles")?;
    let roles: Option<Vec<String>> =
        roles.as_list()?.iter().map(|role| variant(pool, "simpul.v1.Role", role)).collect();
    let audience = access.get_field_by_name("audience")?;
    let audience = variant(pool, "simpul.v1.Audience", &audience)?;
    let narrowed = access.get_field_by_name("narrowed")?.as_bool()?;
    let personal = access.get_field_by_name("personal")?.as_bool()?;
    let scope = field(access, method, "scope")?;
    let purpose = field(access, method, "purpose")?;
    let explanation = field(access, method, "explanation")?;
    let roles = roles?;
    if roles.is_empty() && audience == "Unspecified" {
        return None;
    }
    let (service, input) = (method.parent_service().name().to_owned(), method.input());
    let (name, input, roles) = (method.name(), input.name(), roles.join(", "));
    Some(format!(
        "{input}: {service} {name}, [{roles}], {scope}, {audience}, {narrowed}, {personal}, \
         {purpose}, {explanation}"
    ))
}

/// What is declared of a field of the request, as a list of that field, or of none.
fn field(access: &DynamicMessage, method: &MethodDescriptor, of: &str) -> Option<String> {
    let named = access.get_field_by_name(of)?;
    match named.as_str()? {
        "" => Some("()".to_owned()),
        field => method.input().get_field_by_name(field).map(|_| format!("({field})")),
    }
}

/// The Rust name of an enum's value.
fn variant(pool: &DescriptorPool, of: &str, value: &Value) -> Option<String> {
    let values = pool.get_enum_by_name(of)?;
    let value = values.get_value(value.as_enum_number()?)?;
    let words = value.name().split('_').skip(1).map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    });
    Some(words.collect())
}
