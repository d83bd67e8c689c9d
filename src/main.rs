//! The command line's dispatch: the server's own commands, and the terminal thin client's.

use std::io::BufWriter;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use simpul::cli::client::{self, Ask, Session};
use simpul::cli::console::{self, complain, unless_unread};
use simpul::cli::export::ExportError;
use simpul::cli::{admin, backup, demo, export, mistyped, serve};
use simpul::config::{Config, ConfigError, Flags};

/// Simpul: buku kas KUBE dan LKM / double-entry ledgers for village microfinance
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    session: Session,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Jalankan server / serve the API
    Serve(Flags),
    /// Setahun contoh, lalu server / a year of invented life, then a server
    Demo(demo::Options),
    /// Siapkan basis data PostgreSQL / bring PostgreSQL to this version's schema
    Migrate(admin::Migrate),
    /// Periksa jurnal, semua atau --book / replay journals and compare what is derived from them
    Verify(Flags),
    /// Jurnal satu buku untuk hledger atau Beancount / one book's journal for other programs
    Export(export::Export),
    /// Buat kunci tanda tangan buku --book / make a book's signing key, and print the public one
    SigningKey(Flags),
    /// Buat pengelola akses server / make an administrator, and print a one-time code
    Administrator {
        /// Kode pengguna, bukan nama orang / the administrator's user id
        user: String,
        #[command(flatten)]
        flags: Flags,
    },
    /// Salin buku, tanpa kunci data pribadi / copy the books in use, without keys
    Backup(backup::To),
    /// Salin kunci data pribadi ke tempat lain / copy the wrapped keys, elsewhere
    BackupKeys(backup::To),
    /// Ganti kunci induk data pribadi / turn to a new master key
    RotateKey(backup::Rotate),
    /// Ganti kunci data anggota, kelompok atau LKM buku --book / give one of them a new key
    RotateKeyOf(backup::Turn),
    /// Pengaturan server / the server's settings
    #[command(subcommand)]
    Config(ConfigCommand),
    #[command(flatten)]
    Ask(Ask),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Tampilkan pengaturan yang berlaku / show the settings in force
    Check(Flags),
}

#[tokio::main]
async fn main() -> ExitCode {
    let read = client::with_examples(Cli::command()).try_get_matches();
    let read = read.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match read {
        Ok(read) => read,
        Err(error) => return not_understood(&error),
    };
    match cli.command {
        Command::Serve(flags) => match configured(&flags) {
            Ok(config) => outcome(serve::run(&config).await),
            Err(code) => code,
        },
        Command::Demo(options) => outcome(demo::run(&options).await),
        Command::Migrate(migrate) => outcome(admin::migrate(&migrate).await),
        Command::Verify(flags) => match configured(&flags) {
            Ok(config) => verify(&config, book_asked_for(&matches)).await,
            Err(code) => code,
        },
        Command::Export(options) => match configured(&options.flags) {
            Ok(config) => {
                let mut out = BufWriter::new(std::io::stdout().lock());
                let format = options.format.into();
                let book = &cli.session.book;
                let exported = export::export(&config, book, format, &mut out).await;
                outcome(exported.or_else(|error| match error {
                    ExportError::Write(error) => Ok(unless_unread(Err(error))?),
                    error => Err(error),
                }))
            }
            Err(code) => code,
        },
        Command::SigningKey(flags) => match configured(&flags) {
            Ok(config) => match admin::make_signing_key(&config, &cli.session.book) {
                Ok(key) => print(&key),
                Err(error) => failed(&error),
            },
            Err(code) => code,
        },
        Command::Administrator { user, flags } => match configured(&flags) {
            Ok(config) => match admin::make_administrator(&config, &user).await {
                Ok(code) => print(&code.as_str()),
                Err(error) => failed(&error),
            },
            Err(code) => code,
        },
        Command::Backup(backup::To { to, flags }) => match configured(&flags) {
            Ok(config) => outcome(backup::books(&config, &to).await),
            Err(code) => code,
        },
        Command::BackupKeys(backup::To { to, flags }) => match configured(&flags) {
            Ok(config) => outcome(backup::keys(&config, &to).await),
            Err(code) => code,
        },
        Command::RotateKey(backup::Rotate { prepare, flags }) => match configured(&flags) {
            Ok(config) => outcome(backup::rotate(&config, prepare).await),
            Err(code) => code,
        },
        Command::RotateKeyOf(asked) => match configured(&asked.flags) {
            Ok(config) => outcome(backup::turn(&config, &cli.session.book, &asked).await),
            Err(code) => code,
        },
        Command::Config(ConfigCommand::Check(flags)) => match Config::load(&flags) {
            Ok(config) => print(&config),
            Err(error) => failed(&error),
        },
        Command::Ask(ask) => match client::run(&cli.session, &ask).await {
            Ok(text) => print(&text),
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
    }
}

/// What was typed cannot be read: said in one sentence; the help and the version are clap's to show.
fn not_understood(error: &clap::Error) -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let set = std::env::var("SIMPUL_LANG").ok();
    let mut all = Cli::command();
    all.build();
    match mistyped::sentence(error, &all, &words, set.as_deref()) {
        Some(sentence) => {
            complain(&sentence);
            ExitCode::from(2)
        }
        None => error.exit(),
    }
}

/// The settings, with the log started.
fn configured(flags: &Flags) -> Result<Config, ExitCode> {
    let config = Config::load(flags).map_err(|error: ConfigError| failed(&error))?;
    serve::start_log(&config).map_err(|error| failed(&error))?;
    Ok(config)
}

/// The book that was named, rather than the thin client's default one.
fn book_asked_for(matches: &ArgMatches) -> Option<&String> {
    let (_, matches) = matches.subcommand()?;
    let named = matches.value_source("book") == Some(ValueSource::CommandLine);
    matches.get_one("book").filter(|_| named)
}

async fn verify(config: &Config, book: Option<&String>) -> ExitCode {
    match admin::verify_all(config, book.map(String::as_str)).await {
        Ok(sound) => ExitCode::from(u8::from(!sound)),
        Err(error) => failed(&error),
    }
}

fn outcome<E: std::error::Error>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn print(text: &impl std::fmt::Display) -> ExitCode {
    outcome(console::print(text))
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    complain(format_args!("simpul: {error}"));
    ExitCode::FAILURE
}
