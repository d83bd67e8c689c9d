//! The guest book, and letters in and out.

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Opened, Page, Plan, damaged, plain, service};
use crate::api::errors::Fault;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::record::proto::{Guest, Letter};
use crate::domain::record::{Effect, Row};
use crate::domain::secretary::{FileLetter, ReceiveGuest, guest_name, letter_name};

/// The longest names of people and institutions, in characters.
const NAME: usize = 120;
/// The longest number of a letter.
const NUMBER: usize = 80;
/// The longest purpose or subject.
const PROSE: usize = 2000;

service! {
    secretary_service_server::SecretaryService {
        record_guest: RecordGuestRequest => RecordGuestResponse;
        list_guests: ListGuestsRequest => ListGuestsResponse;
        file_letter: FileLetterRequest => FileLetterResponse;
        list_letters: ListLettersRequest => ListLettersResponse;
    }
}

fn sealed(row: &Row) -> impl Iterator<Item = &Vec<u8>> {
    let texts = match row {
        Row::Guest(guest) => vec![&guest.who, &guest.origin, &guest.purpose],
        Row::Letter(letter) => vec![&letter.correspondent, &letter.subject],
        _ => Vec::new(),
    };
    texts.into_iter()
}

fn commitments(effect: &Effect) -> Vec<Vec<u8>> {
    effect.rows.iter().flat_map(|(_, row)| sealed(row)).cloned().collect()
}

// ---- guests -----------------------------------------------------------------------------------

impl Mutation for v1::RecordGuestRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "parent"), ("happened_on", "visited_on")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.who, &mut self.origin, &mut self.purpose]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        commitments(effect)
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let guest = convert::id(&self.guest_id, "guest_id")?;
        let visited_on = convert::optional_day(self.visited_on.as_ref(), "visited_on")?;
        if let [who, origin, purpose] = texts {
            convert::required_line(who, NAME, "who")?;
            convert::line(origin, NAME, "origin")?;
            convert::prose(purpose, PROSE, "purpose")?;
        }
        let owner = Entity::Kube(group.clone()).path();
        let plan = Plan::sealed(book, owner, move |mut texts| {
            let mut text = || texts.pop().unwrap_or_default();
            let (purpose, origin, who) = (text(), text(), text());
            let row = Guest { who, origin, purpose, ..Guest::default() };
            ReceiveGuest { group, guest, row }
        });
        Ok(plan.on(visited_on))
    }
}

impl Method for v1::RecordGuestRequest {
    type Response = v1::RecordGuestResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let name = guest_name(&group, &convert::id(&self.guest_id, "guest_id")?);
        let done = call.submit(self).await?;
        let row = done.row(&name)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let opened = call.open(&mut snapshot, &book, sealed(row)).await?;
        Ok(v1::RecordGuestResponse { guest: Some(guest(&book, &name, row, &opened)?) })
    }
}

impl Method for v1::ListGuestsRequest {
    type Response = v1::ListGuestsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let page = Page::new(self.page_size, &self.page_token)?;
        let (guests, next_page_token) = list(call, &self.parent, "guests", &page, guest).await?;
        Ok(v1::ListGuestsResponse { guests, next_page_token })
    }
}

/// A page of a group's books.
async fn list<T>(
    call: &Call<'_>,
    parent: &str,
    collection: &str,
    page: &Page,
    shown: impl Fn(&Id, &RowName, &Row, &Opened) -> Checked<T>,
) -> Checked<(Vec<T>, String)> {
    let (book, group) = convert::group(parent, "parent")?;
    let entity = Entity::Kube(group);
    let mut snapshot = call.snapshot_of(&book, &entity, "parent").await?;
    let parent = format!("{}/{collection}", entity.path());
    let (rows, next_page_token) = call.rows(&mut snapshot, &parent, page).await?;
    let texts = rows.iter().flat_map(|found| sealed(&found.row));
    let opened = call.open(&mut snapshot, &book, texts).await?;
    let all = rows.iter().map(|found| {
        let name = RowName::new(parent.clone(), found.id.clone());
        shown(&book, &name, &found.row, &opened)
    });
    Ok((all.collect::<Checked<_>>()?, next_page_token))
}

fn guest(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Guest> {
    let Row::Guest(row) = row else { return Err(damaged()) };
    let (who, erased) = opened.text(Sort::Name, &row.who);
    Ok(v1::Guest {
        name: convert::row_name(book, name),
        visited_on: convert::to_optional_date(row.visited_on),
        who,
        origin: opened.text(Sort::Memo, &row.origin).0,
        purpose: opened.text(Sort::Memo, &row.purpose).0,
        erased,
    })
}

// ---- letters ----------------------------------------------------------------------------------

impl Mutation for v1::FileLetterRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("group", "parent"), ("happened_on", "filed_on")];

    plain!();

    fn texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.correspondent, &mut self.subject]
    }

    fn commitments(&self, effect: &Effect) -> Vec<Vec<u8>> {
        commitments(effect)
    }

    fn plan(&self, texts: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let letter = convert::id(&self.letter_id, "letter_id")?;
        let direction: v1::LetterDirection = convert::choice(self.direction, "direction")?;
        let number = convert::line(&self.number, NUMBER, "number")?;
        let dated_on = convert::optional_day(self.dated_on.as_ref(), "dated_on")?;
        let filed_on = convert::optional_day(self.filed_on.as_ref(), "filed_on")?;
        if let (Some(dated), Some(filed)) = (dated_on, filed_on)
            && dated > filed
        {
            return Err(Fault::SpanMalformed.on("dated_on"));
        }
        if let [correspondent, subject] = texts {
            convert::required_line(correspondent, NAME, "correspondent")?;
            convert::prose(subject, PROSE, "subject")?;
        }
        let owner = Entity::Kube(group.clone()).path();
        let plan = Plan::sealed(book, owner, move |mut texts| {
            let mut text = || texts.pop().unwrap_or_default();
            let (subject, correspondent) = (text(), text());
            let row = Letter {
                direction: direction as i32,
                number,
                dated_on: dated_on.map_or(0, |day| day.get()),
                correspondent,
                subject,
                ..Letter::default()
            };
            FileLetter { group, letter, row }
        });
        Ok(plan.on(filed_on))
    }
}

impl Method for v1::FileLetterRequest {
    type Response = v1::FileLetterResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group) = convert::group(&self.parent, "parent")?;
        let name = letter_name(&group, &convert::id(&self.letter_id, "letter_id")?);
        let done = call.submit(self).await?;
        let row = done.row(&name)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let opened = call.open(&mut snapshot, &book, sealed(row)).await?;
        Ok(v1::FileLetterResponse { letter: Some(letter(&book, &name, row, &opened)?) })
    }
}

impl Method for v1::ListLettersRequest {
    type Response = v1::ListLettersResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let page = Page::new(self.page_size, &self.page_token)?;
        let (letters, next_page_token) = list(call, &self.parent, "letters", &page, letter).await?;
        Ok(v1::ListLettersResponse { letters, next_page_token })
    }
}

fn letter(book: &Id, name: &RowName, row: &Row, opened: &Opened) -> Checked<v1::Letter> {
    let Row::Letter(row) = row else { return Err(damaged()) };
    let (correspondent, erased) = opened.text(Sort::Name, &row.correspondent);
    Ok(v1::Letter {
        name: convert::row_name(book, name),
        direction: row.direction,
        number: row.number.clone(),
        dated_on: convert::to_optional_date(row.dated_on),
        filed_on: convert::to_optional_date(row.filed_on),
        correspondent,
        subject: opened.text(Sort::Memo, &row.subject).0,
        erased,
    })
}
