//! The ten groups of Kupang, as the source table has them.

use serde::Deserialize;

use super::requests::{group, member_id, request};
use crate::api::v1::LotKind;
use crate::cli::remote::Failure;

/// One line of the source table.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Kube {
    /// The group's name.
    pub name: String,
    pub founded_year: u32,
    pub business: String,
    pub member_count: u32,
    pub village: String,
    pub subdistrict: String,
    pub regency: String,
}

impl Kube {
    /// The group's id: its name in small letters.
    pub(super) fn id(&self) -> String {
        self.name.to_lowercase().replace(' ', "-")
    }

    /// The id of a request of the group's.
    pub(super) fn asked(&self, step: &str) -> String {
        request(&self.id(), step)
    }

    pub(super) fn path(&self) -> String {
        group(&self.id())
    }

    pub(super) fn member(&self, number: u32) -> String {
        format!("{}/members/{}", self.path(), member_id(number))
    }

    pub(super) fn lot(&self, id: &str) -> String {
        format!("{}/lots/{id}", self.path())
    }

    pub(super) fn grant(&self, id: &str) -> String {
        format!("{}/grants/{id}", self.path())
    }

    /// What the group passed on of a grant.
    pub(super) fn pass(&self, id: &str) -> String {
        format!("{}/passes/{id}", self.path())
    }

    /// What the group's business keeps: what it is, its unit, how many came with the grant.
    pub(super) fn stock(&self) -> (LotKind, &'static str, &'static str, i64) {
        let business = self.business.to_lowercase();
        match business.as_str() {
            text if text.contains("babi") => (LotKind::Livestock, "babi", "ekor", 8),
            text if text.contains("sapi") => (LotKind::Livestock, "sapi", "ekor", 8),
            text if text.contains("tani") => (LotKind::Stock, "bibit jagung", "kg", 400),
            _ => (LotKind::Stock, "barang kios", "paket", 200),
        }
    }

    pub(super) fn keeps_livestock(&self) -> bool {
        self.stock().0 == LotKind::Livestock
    }
}

/// The ten groups.
///
/// Errors: a sentence when the table that ships with the program cannot be read.
pub(super) fn groups() -> Result<Vec<Kube>, Failure> {
    let mut reader = csv::Reader::from_reader(include_bytes!("../kube_kupang.csv").as_slice());
    let rows: Result<Vec<Kube>, csv::Error> = reader.deserialize().collect();
    rows.map_err(|error| Failure(format!("kube_kupang.csv: {error}")))
}
