//! What is done about loans and about who may have them: talks, loan officers, the LKM's officers.

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Opened, Plan, damaged, detailed, plain, transactions,
};
use crate::api::errors::Fault;
use crate::api::loan::{borrower_of, loan_of};
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::id::Entity;
use crate::domain::loan::care::{AssignLoan, RecordContact, contacts_name};
use crate::domain::loan::case::loan_name;
use crate::domain::loan::officer::NameOfficer;
use crate::domain::record::proto;
use crate::domain::record::{Effect, Row};

transactions! {
    AssignLoanRequest => AssignLoanResponse;
    NameOfficerRequest => NameOfficerResponse;
}

impl Mutation for v1::AssignLoanRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let officer = convert::optional_id(&self.officer, "officer")?;
        Ok(Plan::new(book, &lender.clone(), AssignLoan { lender, loan, officer }))
    }
}

impl Mutation for v1::NameOfficerRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, entity, member) = convert::owned(&self.member, "members", "member")?;
        if entity != Entity::Lkm {
            return Err(Fault::WrongParent.on("member"));
        }
        let since = convert::day(self.since.as_ref(), "since")?;
        Ok(Plan::new(book, &entity, NameOfficer { member, since, holds: !self.leaves }))
    }
}

/// The longest word about who spoke with whom, and the longest note, in characters.
const TEXTS: (usize, usize) = (120, 1000);

impl Mutation for v1::RecordContactRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "loan"), ("happened_on", "on")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.who, &mut self.note]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        let talk = effect.rows.iter().find_map(|(_, row)| recorded(row));
        // The memo comes first, and there is none.
        talk.map(|talk| vec![talk.who.clone(), talk.note.clone()]).unwrap_or_default()
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        if let [who, note] = texts {
            convert::required_line(who, TEXTS.0, "who")?;
            convert::prose(note, TEXTS.1, "note")?;
        }
        let (_, lender, _) = loan_of(&self.loan, "loan")?;
        self.plan_for(lender.path())
    }
}

/// The talk that a record added.
fn recorded(row: &Row) -> Option<&proto::LoanContact> {
    match row {
        Row::LoanContacts(row) => row.contacts.last(),
        _ => None,
    }
}

impl v1::RecordContactRequest {
    /// The same with the texts under somebody's key.
    fn plan_for(&self, owner: String) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let on = convert::optional_day(self.on.as_ref(), "on")?;
        let build = move |mut texts: Vec<Vec<u8>>| {
            let note = texts.pop().unwrap_or_default();
            RecordContact { lender, loan, who: texts.pop().unwrap_or_default(), note }
        };
        Ok(Plan::sealed(book, owner, build).on(on))
    }
}

impl Method for v1::RecordContactRequest {
    type Response = v1::RecordContactResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let plan = self.plan_for(borrower_of(call, &self.loan).await?)?;
        let done = call.submit_as(self, plan).await?;
        let talk = recorded(done.row(&contacts_name(&lender, &loan))?).ok_or_else(damaged)?;
        let mut snapshot = call.snapshot(&book, "loan").await?;
        let opened = call.open(&mut snapshot, &book, [&talk.who, &talk.note].into_iter()).await?;
        Ok(v1::RecordContactResponse { contact: Some(to_contact(talk, &opened)) })
    }
}

fn to_contact(talk: &proto::LoanContact, opened: &Opened) -> v1::LoanContact {
    let ((who, erased), (note, _)) =
        (opened.text(Sort::Name, &talk.who), opened.text(Sort::Remark, &talk.note));
    let on = Some(convert::to_date(Day::new(talk.on)));
    v1::LoanContact { on, who, note, erased, position: talk.position }
}

impl Method for v1::ListContactsRequest {
    type Response = v1::ListContactsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let mut snapshot = call.snapshot_of(&book, &lender, "loan").await?;
        call.row(&mut snapshot, &loan_name(&lender, &loan), "loan").await?;
        let found = snapshot.row(&contacts_name(&lender, &loan)).await?.map(|found| found.row);
        let mut talks = match found {
            Some(Row::LoanContacts(row)) => row.contacts,
            _ => Vec::new(),
        };
        talks.sort_by_key(|talk| std::cmp::Reverse((talk.on, talk.position)));
        let texts = talks.iter().flat_map(|talk| [&talk.who, &talk.note]);
        let opened = call.open(&mut snapshot, &book, texts).await?;
        let contacts = talks.iter().map(|talk| to_contact(talk, &opened)).collect();
        Ok(v1::ListContactsResponse { contacts })
    }
}
