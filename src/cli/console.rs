//! What the programme prints. Whoever reads it may go away at any time, as `simpul ... | head`
//! does: what is left is not printed, and nothing else changes.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints a line on standard output.
///
/// Errors: whatever keeps it from being written, but that nobody reads any more.
pub fn print(text: impl Display) -> io::Result<()> {
    unless_unread(line(&mut io::stdout().lock(), text))
}

/// Prints a line that nothing depends on, on standard output.
pub fn say(text: impl Display) {
    if let Err(error) = print(text) {
        tracing::warn!(%error, "cannot print");
    }
}

/// Prints a line on standard error; where that cannot be written, nobody can be told.
pub fn complain(text: impl Display) {
    let _untold = line(&mut io::stderr().lock(), text);
}

/// The same, with a reader that has gone being no error.
///
/// Errors: every other one.
pub fn unless_unread(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn line(to: &mut impl Write, text: impl Display) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}
