//! Files that hold one secret each.
//!
//! **Invariant**: a file gets its name only once it is whole and on disk, never over another one,
//! and is not read when every user of the machine may open it.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

/// Reads a secret, without the white space around it.
///
/// Errors: what the system says, and `Other` when every user may open the file.
pub fn read(path: &Path) -> Result<Zeroizing<String>> {
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(Error::other("every user may open it; run chmod 600 on it"));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path)?);
    Ok(Zeroizing::new(text.trim().to_owned()))
}

/// Writes a secret, with its folder if need be. A file that is there already stays as it is.
///
/// Errors: what the system says.
pub fn create(path: &Path, secret: &str) -> Result<()> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)?;
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix)?;
    let draft = folder.join(format!(".secret-{}", hex::encode(suffix)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = writeln!(file, "{secret}").and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(path),
    }
}

/// Makes sure that a change of names beside a file is on disk.
///
/// Errors: what the system says.
pub fn sync_folder(path: &Path) -> Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
