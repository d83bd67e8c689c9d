//! The lineage of a grant: who holds what of it, over all generations (catalogue events 46 to 49).
//!
//! **Invariants**: a walk enters the books in which the caller could ask for a lineage, and no
//! other; what has gone on elsewhere is a line with its amount, so that totals always conserve.

use std::collections::{BTreeMap, VecDeque};

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Page, damaged, not_found};
use crate::api::door::Declares;
use crate::api::errors::Fault;
use crate::api::grant::{evidence_of, full_name};
use crate::api::guliran::{arrived_at, group_name, rules_of};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::draft::grant_name;
use crate::domain::guliran::{accounts_of, in_transit, oldest_open, rule_for};
use crate::domain::id::{Id, RequestId, RowName};
use crate::domain::money::Sen;
use crate::domain::moving::move_name;
use crate::domain::record::Row;
use crate::domain::record::proto::{self, PassState, TransitState};
use crate::locale::text::guliran_rule_text;
use crate::storage::read::{AsOf, Snapshot};

/// The most holders one lineage shows.
const MAX_NODES: usize = 1_000;

/// A holder whose node is still to be made: its book, group and grant, and how it came by it.
struct Branch {
    book: Id,
    group: Id,
    grant: Id,
    generation: u32,
    pass: String,
    state: i32,
    evidence: Option<v1::Evidence>,
    /// What came, and the day, as the book it came from has them; nothing for the first.
    came: (Sen, i32),
}

impl Branch {
    /// A grant by its full name, of the first generation.
    fn of(grant: &str) -> Checked<Branch> {
        let (book, group, grant) = convert::owned_by_group(grant, "grants", "grant")?;
        let (pass, state, evidence, came) = (String::new(), 0, None, (Sen::ZERO, 0));
        Ok(Branch { book, group, grant, generation: 1, pass, state, evidence, came })
    }

    /// The name of the grant within its book.
    fn path(&self) -> String {
        grant_name(&self.group, &self.grant).to_string()
    }
}

impl Method for v1::GetLineageRequest {
    type Response = v1::GetLineageResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (totals, open) = (Totals::default(), BTreeMap::new());
        let mut tree = Tree { call, open, nodes: Vec::new(), totals, due: VecDeque::new() };
        let first = tree.root(&self.grant).await?;
        tree.due.push_back(first);
        while let Some(branch) = tree.due.pop_front() {
            if tree.nodes.len() >= MAX_NODES {
                return Err(Fault::TooMany.on("grant"));
            }
            match tree.is_open(&branch.book).await? {
                true => tree.grow(branch).await?,
                false => tree.go_beyond(&branch)?,
            }
        }
        tree.totals.answer(tree.nodes)
    }
}

/// A lineage while it is walked, breadth first.
struct Tree<'a, 'c> {
    call: &'a Call<'c>,
    /// Whether the walk may enter a book, as far as it has asked.
    open: BTreeMap<Id, bool>,
    nodes: Vec<v1::LineageNode>,
    totals: Totals,
    due: VecDeque<Branch>,
}

impl Tree<'_, '_> {
    /// Whether the walk may enter a book: one that is not here looks like one that is closed to the
    /// caller.
    async fn is_open(&mut self, book: &Id) -> Checked<bool> {
        if let Some(open) = self.open.get(book) {
            return Ok(*open);
        }
        let (who, _) = self.call.caller();
        let declared = &v1::GetLineageRequest::DECLARED;
        let open = self.call.door().goes_into(who, declared, book).await?;
        self.open.insert(book.clone(), open);
        Ok(open)
    }

    /// The first grant on the way to one, as far back as the walk may go.
    async fn root(&mut self, grant: &str) -> Checked<Branch> {
        let mut branch = Branch::of(grant)?;
        let mut row = match self.grant_row(&branch).await? {
            Some(row) => row,
            None => return Err(not_found(&branch.path(), "grant")),
        };
        while let Some(before) = before(&branch.book, &row) {
            let above = Branch::of(&before)?;
            let found = match self.is_open(&above.book).await? {
                true => self.grant_row(&above).await?,
                false => None,
            };
            let Some(found) = found else {
                let origin = row.origin.map(|origin| full_name(&branch.book, &origin.pass));
                return Ok(Branch { pass: origin.unwrap_or_default(), ..branch });
            };
            (branch, row) = (above, found);
        }
        Ok(branch)
    }

    /// A grant's row, if the book has it: one of the same name elsewhere may not.
    async fn grant_row(&self, branch: &Branch) -> Checked<Option<proto::Grant>> {
        let mut snapshot = self.call.snapshot(&branch.book, "grant").await?;
        grant_in(&mut snapshot, branch).await
    }

    /// Adds the line of what has gone on where the walk does not: the amount is all that is known.
    fn go_beyond(&mut self, branch: &Branch) -> Checked<()> {
        let (beyond, day) = branch.came;
        self.nodes.push(v1::LineageNode {
            grant: convert::row_name(&branch.book, branch.path()),
            pass: branch.pass.clone(),
            generation: branch.generation,
            holder: convert::row_name(&branch.book, RowName::group(&branch.group)),
            received: Some(convert::to_money(beyond)),
            received_on: convert::to_optional_date(day),
            beyond: Some(convert::to_money(beyond)),
            evidence: branch.evidence.clone(),
            state: branch.state,
            ..empty()
        });
        self.totals.add(&Totals { beyond, ..Totals::default() })
    }

    /// Adds the node of a grant, and the branches it was passed on to.
    async fn grow(&mut self, branch: Branch) -> Checked<()> {
        let Branch { book, group, grant, .. } = &branch;
        let name = grant_name(group, grant);
        let mut snapshot = self.call.snapshot(book, "grant").await?;
        let Some(row) = grant_in(&mut snapshot, &branch).await? else {
            return self.go_beyond(&branch);
        };
        match (row.reversed, self.nodes.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => return self.come_back(&branch),
            (false, _) => {}
        }
        let now = AsOf::default();
        let (capital, owed) = accounts_of(group, grant, &row);
        let capital = snapshot.balance(&capital, now).await?.negated()?;
        let owed = snapshot.balance(&owed, now).await?.negated()?;
        let rules = rules_of(&mut snapshot, group).await?;
        let rule = rule_for(&rules, Day::new(row.received_on));
        let open = oldest_open(&row).filter(|_| owed.is_positive());
        let sen = |sen| Some(convert::to_money(sen));
        let evidence = match &branch.evidence {
            Some(paper) => Some(paper.clone()),
            None => paper_of(&mut snapshot, &row.request_id).await?,
        };
        let mut sums = Totals {
            original: Sen::ZERO,
            held: capital.plus(owed)?,
            owed,
            in_transit: Sen::ZERO,
            returned: Sen::new(row.returned),
            lost: Sen::new(row.lost),
            beyond: Sen::ZERO,
        };
        if self.nodes.is_empty() {
            self.totals.original = Sen::new(row.amount);
        }
        let place = self.nodes.len();
        self.nodes.push(v1::LineageNode {
            grant: convert::row_name(book, &name),
            pass: branch.pass.clone(),
            generation: branch.generation,
            holder: self.holder(&mut snapshot, group).await?,
            received: sen(Sen::new(row.amount)),
            received_on: convert::to_optional_date(row.received_on),
            held: sen(sums.held),
            owed: sen(owed),
            owed_since: open.and_then(|one| convert::to_optional_date(one.decided_on)),
            due_on: open.and_then(|one| convert::to_optional_date(one.due_on)),
            passed: sen(Sen::new(row.passed)),
            returned: sen(Sen::new(row.returned)),
            lost: sen(Sen::new(row.lost)),
            excused: sen(Sen::new(row.excused)),
            rule: guliran_rule_text(rule, self.call.language()),
            evidence,
            state: branch.state,
            ..empty()
        });
        sums.in_transit = self.branch_off(&mut snapshot, &branch).await?;
        if row.moved != 0 {
            let waiting = self.follow(&mut snapshot, &branch, &row).await?;
            sums.in_transit = sums.in_transit.plus(waiting)?;
        }
        self.nodes[place].in_transit = sen(sums.in_transit);
        self.totals.add(&sums)
    }

    /// Adds the line of what its receiver has sent back and the giver's book has not heard of yet.
    fn come_back(&mut self, branch: &Branch) -> Checked<()> {
        let (in_transit, day) = branch.came;
        self.nodes.push(v1::LineageNode {
            grant: convert::row_name(&branch.book, branch.path()),
            pass: branch.pass.clone(),
            generation: branch.generation,
            holder: convert::row_name(&branch.book, RowName::group(&branch.group)),
            received: Some(convert::to_money(in_transit)),
            received_on: convert::to_optional_date(day),
            in_transit: Some(convert::to_money(in_transit)),
            evidence: branch.evidence.clone(),
            state: branch.state,
            ..empty()
        });
        self.totals.add(&Totals { in_transit, ..Totals::default() })
    }

    async fn holder(&self, snapshot: &mut Snapshot, group: &Id) -> Checked<String> {
        match self.call.row(snapshot, &RowName::group(group), "grant").await? {
            Row::Group(row) => Ok(row.name),
            _ => Err(damaged()),
        }
    }

    /// The same grant where its group has moved; answers what of it is still on its way.
    async fn follow(
        &mut self,
        snapshot: &mut Snapshot,
        from: &Branch,
        row: &proto::Grant,
    ) -> Checked<Sen> {
        match self.call.row(snapshot, &move_name(&from.group), "grant").await? {
            Row::Move(moved) if moved.state() == TransitState::Arrived => {
                let there = Branch::of(&format!("{}/grants/{}", moved.to, from.grant))?;
                let (generation, state) = (from.generation, from.state);
                let (pass, evidence) = (from.pass.clone(), from.evidence.clone());
                let came = (Sen::new(row.moved), moved.moved_on);
                self.due.push_back(Branch { generation, pass, state, evidence, came, ..there });
                Ok(Sen::ZERO)
            }
            _ => Ok(Sen::new(row.moved)),
        }
    }

    /// What a grant was passed on to; answers what of it is in transit.
    async fn branch_off(&mut self, snapshot: &mut Snapshot, from: &Branch) -> Checked<Sen> {
        let parent = format!("groups/{}/passes", from.group);
        let mut waiting = Sen::ZERO;
        let mut page = Page { size: 500, after: String::new() };
        loop {
            let (rows, token) = self.call.rows(snapshot, &parent, &page).await?;
            for found in &rows {
                let Row::Pass(pass) = &found.row else { return Err(damaged()) };
                if pass.state() == PassState::Posted && pass.grant == from.grant.as_str() {
                    waiting = waiting.plus(Sen::new(in_transit(pass)))?;
                    self.branch(snapshot, from, &found.id, pass).await?;
                }
            }
            let Some(last) = rows.last().filter(|_| !token.is_empty()) else { break };
            page.after = last.id.clone();
        }
        Ok(waiting)
    }

    async fn branch(
        &mut self,
        snapshot: &mut Snapshot,
        from: &Branch,
        id: &str,
        pass: &proto::Pass,
    ) -> Checked<()> {
        let name = convert::row_name(&from.book, format!("groups/{}/passes/{id}", from.group));
        let evidence = paper_of(snapshot, &pass.request_id).await?;
        let generation = from.generation + 1;
        for arrival in &pass.arrivals {
            let grant = arrived_at(&from.book, arrival);
            if grant.is_empty() {
                let opened = [&pass.receiver_name].into_iter();
                let opened = self.call.open(snapshot, &from.book, opened).await?;
                let holder = match arrival.receiver.as_str() {
                    "" => opened.text(Sort::Name, &pass.receiver_name).0,
                    group => group_name(&from.book, group),
                };
                let node = unbooked(name.clone(), generation, holder, arrival, evidence.clone());
                self.nodes.push(node);
                let held = Sen::new(arrival.amount);
                self.totals.add(&Totals { held, ..Totals::default() })?;
            } else {
                let (pass, state) = (name.clone(), arrival.state);
                let branch = Branch::of(&grant)?;
                let evidence = evidence.clone();
                let came = (Sen::new(arrival.amount), arrival.arrived_on);
                self.due.push_back(Branch { generation, pass, state, evidence, came, ..branch });
            }
        }
        Ok(())
    }
}

async fn grant_in(snapshot: &mut Snapshot, branch: &Branch) -> Checked<Option<proto::Grant>> {
    let name = grant_name(&branch.group, &branch.grant);
    match snapshot.row(&name).await?.map(|found| found.row) {
        Some(Row::Grant(row)) => Ok(Some(row)),
        Some(_) => Err(damaged()),
        None => Ok(None),
    }
}

/// The grant that another goes back to, or that it was before its group moved; none for the first.
fn before(book: &Id, row: &proto::Grant) -> Option<String> {
    let moved_from = Some(&row.moved_from).filter(|name| !name.is_empty());
    let giver = || row.origin.as_ref()?.ancestors.last();
    moved_from.or_else(giver).map(|name| full_name(book, name))
}

/// The paper behind the transaction of a request.
async fn paper_of(snapshot: &mut Snapshot, request: &str) -> Checked<Option<v1::Evidence>> {
    let Some(request) = RequestId::new(request) else { return Ok(None) };
    let Some(receipt) = snapshot.receipt(&request).await? else { return Ok(None) };
    Ok(snapshot.record(receipt.position).await?.as_ref().and_then(evidence_of))
}

/// The node of a receiver without books: it holds what it was given.
fn unbooked(
    pass: String,
    generation: u32,
    holder: String,
    arrival: &proto::Arrival,
    evidence: Option<v1::Evidence>,
) -> v1::LineageNode {
    let sen = |sen| Some(convert::to_money(Sen::new(sen)));
    v1::LineageNode {
        pass,
        generation,
        holder,
        received: sen(arrival.amount),
        received_on: convert::to_optional_date(arrival.arrived_on),
        held: sen(arrival.amount),
        evidence,
        state: arrival.state,
        ..empty()
    }
}

/// A node of nothing.
fn empty() -> v1::LineageNode {
    let nothing = Some(convert::to_money(Sen::ZERO));
    v1::LineageNode {
        held: nothing.clone(),
        owed: nothing.clone(),
        passed: nothing.clone(),
        in_transit: nothing.clone(),
        returned: nothing.clone(),
        lost: nothing.clone(),
        excused: nothing.clone(),
        beyond: nothing,
        ..v1::LineageNode::default()
    }
}

/// The sums over a tree.
#[derive(Default)]
struct Totals {
    original: Sen,
    held: Sen,
    owed: Sen,
    in_transit: Sen,
    returned: Sen,
    lost: Sen,
    beyond: Sen,
}

impl Totals {
    /// Errors: `OVERFLOW`.
    fn add(&mut self, node: &Totals) -> Checked<()> {
        self.held = self.held.plus(node.held)?;
        self.owed = self.owed.plus(node.owed)?;
        self.in_transit = self.in_transit.plus(node.in_transit)?;
        self.returned = self.returned.plus(node.returned)?;
        self.lost = self.lost.plus(node.lost)?;
        self.beyond = self.beyond.plus(node.beyond)?;
        Ok(())
    }

    fn answer(self, nodes: Vec<v1::LineageNode>) -> Checked<v1::GetLineageResponse> {
        let parts = [self.held, self.in_transit, self.returned, self.lost, self.beyond];
        let found = parts.into_iter().try_fold(Sen::ZERO, Sen::plus)?;
        let sen = |sen| Some(convert::to_money(sen));
        Ok(v1::GetLineageResponse {
            generations: nodes.iter().map(|node| node.generation).max().unwrap_or(0),
            original: sen(self.original),
            held: sen(self.held),
            owed: sen(self.owed),
            in_transit: sen(self.in_transit),
            returned: sen(self.returned),
            lost: sen(self.lost),
            beyond: sen(self.beyond),
            unexplained: sen(self.original.minus(found)?),
            nodes,
        })
    }
}
