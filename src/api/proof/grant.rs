//! The records that a grant's file is made of, found by what records are about.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::mpsc::channel;
use tokio_stream::wrappers::ReceiverStream;

use super::AHEAD;
use crate::api::convert::{self, Checked};
use crate::api::desk::{Answers, Call, Method, damaged};
use crate::api::v1;
use crate::domain::draft::grant_name;
use crate::domain::id::{Id, RowName};
use crate::domain::record::{self, Record};
use crate::report::grant_file::GrantFile;
use crate::storage::read::Snapshot;

/// How many positions, and rows, are read at a time.
const PAGE: u32 = 500;

impl Method for v1::StreamGrantRecordsRequest {
    type Response = Answers<v1::StreamGrantRecordsResponse>;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, grant) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let mut snapshot = call.snapshot(&book, "grant").await?;
        call.row(&mut snapshot, &grant_name(&group, &grant), "grant").await?;
        let mut search = Search::default();
        let records = search.records(&mut snapshot, &group, &grant).await?;
        snapshot.finish().await?;
        let (out, answers) = channel(AHEAD);
        let last = out.clone().try_reserve_owned().map_err(|_| damaged())?;
        let lasting = call.lasting();
        tokio::spawn(async move {
            let language = lasting.language();
            let sending = async {
                for (position, record) in records {
                    let record = v1::StreamGrantRecordsResponse { position, record };
                    if out.send(Ok(record)).await.is_err() {
                        break;
                    }
                }
                Ok(())
            };
            if let Err(problem) = lasting.bound(sending).await {
                last.send(Err(problem.status(language)));
            }
        });
        Ok(ReceiverStream::new(answers))
    }
}

/// What was found so far that may belong to a grant: records by position, with their bytes.
#[derive(Default)]
struct Search {
    found: BTreeMap<u64, (Record, Vec<u8>)>,
    asked: BTreeSet<RowName>,
}

impl Search {
    /// The records of a grant's file in journal order, as they were stored. What of those found
    /// belongs to it, [`GrantFile`] alone says, and what to look for next: the lots that the grant
    /// paid, its passes, the groups. Cost: the records about these, however long the journal is.
    async fn records(
        &mut self,
        snapshot: &mut Snapshot,
        group: &Id,
        grant: &Id,
    ) -> Checked<Vec<(u64, Vec<u8>)>> {
        let mut next = BTreeSet::from([grant_name(group, grant), RowName::group(group)]);
        loop {
            for name in &next {
                self.about(snapshot, name).await?;
            }
            self.asked.append(&mut next);
            let mut file = GrantFile::new(group.clone(), grant.clone());
            for (record, _) in self.found.values() {
                file.read(record.clone());
            }
            next = file.subjects();
            next.retain(|name| !self.asked.contains(name));
            if next.is_empty() && !self.papers(snapshot, &file).await? {
                let positions = file.records().into_iter().map(|record| record.position);
                let bytes = positions.filter_map(|at| Some((at, self.found.remove(&at)?.1)));
                return Ok(bytes.collect());
            }
        }
    }

    /// Finds the records about something.
    async fn about(&mut self, snapshot: &mut Snapshot, name: &RowName) -> Checked<()> {
        let mut after = 0;
        loop {
            let page = snapshot.mentions(name, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = *last;
            self.take_in(snapshot, &page).await?;
        }
    }

    /// Finds the records of what is attached to a file's transactions and meetings, and says whether
    /// there were any that were not known.
    async fn papers(&mut self, snapshot: &mut Snapshot, file: &GrantFile) -> Checked<bool> {
        let known = self.found.len();
        for paper in file.papers() {
            let (parent, mut after) = (format!("{paper}/attachments"), String::new());
            loop {
                let page = snapshot.rows(&parent, &after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.id);
                let positions: Vec<u64> = page.iter().map(|row| row.position).collect();
                self.take_in(snapshot, &positions).await?;
            }
        }
        Ok(self.found.len() > known)
    }

    async fn take_in(&mut self, snapshot: &mut Snapshot, positions: &[u64]) -> Checked<()> {
        let unknown = positions.iter().filter(|at| !self.found.contains_key(at));
        let unknown: Vec<u64> = unknown.copied().collect();
        for (position, bytes) in snapshot.record_bytes(&unknown).await? {
            let record = record::decode(&bytes).map_err(|_| damaged())?;
            self.found.insert(position, (record, bytes));
        }
        Ok(())
    }
}
