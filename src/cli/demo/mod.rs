//! `simpul demo`: a book with a year of life in it, a short tour, and a server to play with.

pub mod year;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use crate::api::server::Port;
use crate::cli::client::Client;
use crate::cli::console::say;
use crate::cli::node::{Node, NodeError};
use crate::cli::remote::{Failure, Remote};
use crate::cli::serve::{self, ServeError};
use crate::cli::table::Output;
use crate::config::{Config, ConfigError, Flags};
use crate::domain::refusal::Language;

use year::{BOOK, ROTE};

/// What an officer would type to see what the year came to, `--book` first where it is another one.
const TOUR: &[(&str, &[&str])] = &[
    (
        "Anggota dan kelompoknya",
        &[
            "buku-tabungan tunas-baru m01",
            "iks tagihan tunas-baru --pada 10-11-2025",
            "iks laporan tunas-baru --dari 1-1-2025 --sampai 31-12-2025",
            "nilai daftar tunas-baru 27-12-2025",
            "sekretaris daftar-surat tunas-baru",
            "sekretaris daftar-tamu tunas-baru",
            "laporan buku-kelompok tunas-baru",
            "laporan inventaris tunas-baru",
            "laporan inventaris jati-diri",
        ],
    ),
    (
        "Hibah: dari SK ke LPJ, lalu ke kelompok berikutnya",
        &[
            "hibah silsilah tunas-baru blps",
            "hibah daftar robadeo",
            "hibah silsilah jati-diri blps",
            "hibah silsilah pelita-kasih blps",
            "guliran daftar pelita-kasih",
            "hibah lpj tunas-baru blps",
        ],
    ),
    (
        "Kelompok yang tidur, datang, pindah dan bubar",
        &[
            "kelompok daftar sinar",
            "kelompok daftar harapan",
            "kelompok daftar senja",
            "kelompok daftar-pindah",
            "--book soe kelompok daftar cahaya",
            "buku-kas senja uep",
            "lampiran daftar demo-senja-beli-utang",
        ],
    ),
    (
        "Loket dan bank",
        &[
            "mutasi lkm.sp.1103.loket-2",
            "bank selisih lkm sp --dari 1-12-2025 --sampai 31-12-2025",
            "laporan posisi-kas lkm --per 30-12-2025 --banding 30-11-2025",
        ],
    ),
    (
        "Pinjaman dan akad syariah",
        &[
            "portofolio ringkas --menurut produk",
            "portofolio ringkas lkm --menurut petugas --per 31-12-2025",
            "portofolio rinci lkm --tunggakan --per 31-12-2025",
            "portofolio riwayat lkm ojek-4",
            "portofolio rasio lkm --per 31-12-2025",
            "portofolio suku-jasa lkm --per 31-12-2025",
            "pinjaman lihat lkm embun-kios --per 31-12-2025",
            "pinjaman lihat lkm kios-3 --per 31-12-2025",
            "pinjaman lihat embun embun-1 --per 31-12-2025",
            "pinjaman daftar-luar lkm --tanggal 31-12-2025",
            "syariah daftar",
            "buku-kas lkm kebajikan",
            "mutasi lkm.kebajikan.3203",
        ],
    ),
    (
        "Tutup tahun",
        &[
            "laporan neraca tunas-baru --dana uep",
            "laporan calk tunas-baru --dana uep --sampai 31-12-2025",
            "tahun daftar merpati",
        ],
    ),
    (
        "Koperasi Lontar, buku lain di server yang sama",
        &[
            "--book lontar produk-simpanan daftar lkm",
            "--book lontar buku-tabungan lkm m01",
            "--book lontar produk-simpanan wajib sasando --per 31-12-2025",
            "--book lontar produk-simpanan rekening lkm --tidur",
            "--book lontar produk-simpanan rincian-bagi-hasil lkm triwulan-3",
            "--book lontar deposito daftar-anggota lkm",
            "--book lontar tahun daftar lkm",
            "--book lontar laporan neraca lkm --dana sp",
            "--book lontar hari tutup",
        ],
    ),
    (
        "Yang perlu diperiksa, dan apakah semua buku cocok",
        &[
            "jurnal periksa --semua",
            "cocokkan jati-diri --per 20-12-2025",
            "cocokkan --selisih-saja",
            "neraca-saldo --ringkas",
        ],
    ),
];

/// Tells the year through the public API and shows what came of it.
///
/// Errors: one plain sentence.
pub async fn tell_and_tour(remote: &Remote, elsewhere: &Remote) -> Result<String, Failure> {
    year::tell(remote, elsewhere).await?;
    let language = Language::Indonesian;
    let client = Client {
        remote: remote.clone(),
        book: BOOK.to_owned(),
        language,
        token_file: None,
        asked_as: Arc::default(),
    };
    let mut parts = vec![
        "Simpul: sepuluh kelompok KUBE Kupang dan LKM mereka, tahun 2025.\n\
         Kelompoknya nyata (Iryani 2016, tabel 8); orang dan uangnya contoh."
            .to_owned(),
    ];
    parts.push(client.funds().await?.render(Output::Table, language));
    for (heading, lines) in TOUR {
        parts.push(format!("── {heading} ──"));
        for line in *lines {
            let book = line.strip_prefix("--book ").and_then(|line| line.split_once(' '));
            let (book, asked) = book.unwrap_or((BOOK, line));
            let client = Client { book: book.to_owned(), ..client.clone() };
            parts.push(format!("$ simpul {line}\n{}", client.typed(asked).await?));
        }
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

/// Another installation, with a folder and a port of its own; it is there while the year is told.
struct Elsewhere {
    remote: Remote,
    told: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Elsewhere {
    async fn start(data_dir: &Path) -> Result<Elsewhere, DemoError> {
        let config = settings(data_dir, SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let port =
            Port::open(config.listen, &config.transport()).await.map_err(ServeError::from)?;
        let address = port.address();
        let node = Node::open(&config).await?;
        let (told, ended) = oneshot::channel::<()>();
        // Whoever drops the sender wants it to end as well.
        let stop = async move { ended.await.unwrap_or_default() };
        let serving = tokio::spawn(async move { serve::serve(&config, port, node, stop).await });
        let remote = Remote::new(&format!("http://{address}"), "demo", Language::Indonesian)?;
        Ok(Elsewhere { remote, told, serving })
    }

    async fn stop(self) -> Result<(), DemoError> {
        drop((self.remote, self.told));
        joined(self.serving.await)
    }
}

fn settings(data_dir: &Path, listen: SocketAddr) -> Result<Config, ConfigError> {
    let flags = Flags {
        data_dir: Some(data_dir.to_owned()),
        listen: Some(listen),
        sign_in: Some(false),
        log: Some("warn".to_owned()),
        ..Flags::default()
    };
    Config::load(&flags)
}

fn joined(served: Result<Result<(), ServeError>, JoinError>) -> Result<(), DemoError> {
    match served {
        Ok(result) => Ok(result?),
        Err(error) => Err(Failure(error.to_string()).into()),
    }
}

/// Starts a server, tells it the year, shows the tour, and leaves the server running.
///
/// Errors: every [`DemoError`].
pub async fn run(options: &Options) -> Result<(), DemoError> {
    let config = settings(&options.data_dir, options.listen)?;
    serve::start_log(&config)?;
    let port = Port::open(config.listen, &config.transport()).await.map_err(ServeError::from)?;
    let address = port.address();
    let node = Node::open(&config).await?;
    let signal = serve::stop_signal()?;
    let (done, told) = oneshot::channel::<()>();
    let stop = async move {
        tokio::select! { () = signal => {}, Ok(()) = told => {} }
    };
    let serving = tokio::spawn(async move { serve::serve(&config, port, node, stop).await });
    let remote = Remote::new(&format!("http://{address}"), "demo", Language::Indonesian)?;
    let elsewhere = Elsewhere::start(&options.data_dir.join(ROTE)).await?;
    say(tell_and_tour(&remote, &elsewhere.remote).await?);
    drop(remote);
    elsewhere.stop().await?;
    if options.exit {
        // An error means that the server has stopped already.
        let _stopped = done.send(());
    } else {
        say(next_steps(address));
    }
    joined(serving.await)
}

fn next_steps(address: SocketAddr) -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "simpul".into());
    let simpul = format!("{} --server http://{address}", program.display());
    format!(
        "\nServer berjalan di http://{address} (Ctrl-C untuk berhenti). Coba di terminal lain:\n  \
         {simpul} kelompok daftar\n  \
         {simpul} setor tunas-baru m01 50.000\n  \
         {simpul} hibah lpj tunas-baru blps"
    )
}
