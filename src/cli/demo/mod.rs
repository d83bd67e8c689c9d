//! `simpul demo`: a book with a year of life in it, a short tour, and a server to play with.

pub mod year;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::api::server::Port;
use crate::cli::client::Client;
use crate::cli::console::say;
use crate::cli::node::{Node, NodeError};
use crate::cli::remote::{Failure, Remote};
use crate::cli::serve::{self, ServeError};
use crate::cli::table::Output;
use crate::config::{Config, ConfigError, Flags};
use crate::domain::refusal::Language;

use year::BOOK;

/// What an officer would type to see what the year came to.
const TOUR: [&str; 23] = [
    "buku-tabungan tunas-baru m01",
    "hibah silsilah tunas-baru blps",
    "hibah silsilah jati-diri blps",
    "iks laporan tunas-baru --dari 1-1-2025 --sampai 31-12-2025",
    "nilai daftar tunas-baru 27-12-2025",
    "sekretaris surat tunas-baru",
    "sekretaris tamu tunas-baru",
    "laporan buku-kelompok tunas-baru",
    "laporan inventaris tunas-baru",
    "laporan inventaris jati-diri",
    "kelompok sinar",
    "kelompok harapan",
    "kelompok senja",
    "buku-kas senja uep",
    "lampiran daftar demo-senja-beli-utang",
    "bank selisih lkm sp --dari 1-12-2025 --sampai 31-12-2025",
    "portofolio ringkas --menurut produk",
    "laporan neraca tunas-baru --dana uep",
    "laporan calk tunas-baru --dana uep --sampai 31-12-2025",
    "laporan posisi-kas lkm --per 30-12-2025 --banding 30-11-2025",
    "tahun daftar merpati",
    "cocokkan --selisih-saja",
    "neraca-saldo --ringkas",
];

/// Tells the year through the public API and shows what came of it.
///
/// Errors: one plain sentence.
pub async fn tell_and_tour(remote: &Remote) -> Result<String, Failure> {
    year::tell(remote).await?;
    let language = Language::Indonesian;
    let client =
        Client { remote: remote.clone(), book: BOOK.to_owned(), language, token_file: None };
    let mut parts = vec![
        "Simpul: sepuluh kelompok KUBE Kupang dan LKM mereka, tahun 2025.\n\
         Kelompoknya nyata (Iryani 2016, tabel 8); orang dan uangnya contoh."
            .to_owned(),
    ];
    parts.push(client.funds().await?.render(Output::Table, language));
    for line in TOUR {
        parts.push(format!("$ simpul {line}\n{}", client.typed(line).await?));
    }
    Ok(parts.join("\n\n"))
}

/// `simpul demo`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Folder of the demo's book
    #[arg(long, default_value = ".simpul-demo")]
    pub data_dir: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:50051")]
    pub listen: SocketAddr,
    /// Stop after the tour
    #[arg(long)]
    pub exit: bool,
}

/// Why the demo did not run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// What it told the server.
    #[error(transparent)]
    Told(#[from] Failure),
}

impl From<NodeError> for DemoError {
    fn from(error: NodeError) -> DemoError {
        DemoError::Serve(error.into())
    }
}

/// Starts a server, tells it the year, shows the tour, and leaves the server running.
///
/// Errors: every [`DemoError`].
pub async fn run(options: &Options) -> Result<(), DemoError> {
    let flags = Flags {
        data_dir: Some(options.data_dir.clone()),
        listen: Some(options.listen),
        sign_in: Some(false),
        log: Some("warn".to_owned()),
        ..Flags::default()
    };
    let config = Config::load(&flags)?;
    serve::start_log(&config)?;
    let port = Port::open(config.listen, &config.transport()).await.map_err(ServeError::from)?;
    let address = port.address();
    let node = Node::open(&config).await?;
    let signal = serve::stop_signal()?;
    let (done, told) = tokio::sync::oneshot::channel::<()>();
    let stop = async move {
        tokio::select! { () = signal => {}, Ok(()) = told => {} }
    };
    let serving = tokio::spawn(async move { serve::serve(&config, port, node, stop).await });
    let remote = Remote::new(&format!("http://{address}"), "demo", Language::Indonesian)?;
    say(tell_and_tour(&remote).await?);
    drop(remote);
    if options.exit {
        // An error means that the server has stopped already.
        let _stopped = done.send(());
    } else {
        say(next_steps(address));
    }
    match serving.await {
        Ok(result) => Ok(result?),
        Err(error) => Err(Failure(error.to_string()).into()),
    }
}

fn next_steps(address: SocketAddr) -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "simpul".into());
    let simpul = format!("{} --server http://{address}", program.display());
    format!(
        "\nServer berjalan di http://{address} (Ctrl-C untuk berhenti). Coba di terminal lain:\n  \
         {simpul} kelompok\n  \
         {simpul} setor tunas-baru m01 50.000\n  \
         {simpul} hibah lpj tunas-baru blps"
    )
}
