//! `simpul demo`: a book with a year of life in it, a short tour, and a server to play with.

pub mod year;

use crate::cli::client::{Client, TrialBalance};
use crate::cli::remote::{Failure, Remote};
use crate::cli::table::Output;
use crate::domain::refusal::Language;

use year::BOOK;

/// Tells the year through the public API and shows what came of it.
///
/// Errors: one plain sentence.
pub async fn tell_and_tour(remote: &Remote) -> Result<String, Failure> {
    year::tell(remote).await?;
    let language = Language::Indonesian;
    let client = Client { remote: remote.clone(), book: BOOK.to_owned(), language };
    let mut parts = vec![
        "Simpul: sepuluh kelompok KUBE Kupang dan LKM mereka, tahun 2025.\n\
         Kelompoknya nyata (Iryani 2016, tabel 8); orang dan uangnya contoh."
            .to_owned(),
    ];
    parts.push(client.funds().await?.render(Output::Table, language));
    for table in client.passbook("tunas-baru", "m01").await? {
        parts.push(table.render(Output::Table, language));
    }
    let whole_book = TrialBalance { summary: true, ..TrialBalance::default() };
    parts.push(client.trial_balance(&whole_book).await?.render(Output::Table, language));
    Ok(parts.join("\n\n"))
}
