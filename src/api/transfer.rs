//! Guliran between installations: a pass as a file, and what its receiver says of it as a file back.
//!
//! A file alone proves nothing; its code travels on the signed minute and must fit it.

use sha2::{Digest, Sha256};

use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, Mutation, Page, Plan, damaged, detailed};
use crate::api::errors::Fault;
use crate::api::guliran::{pass, sealed, word_of};
use crate::api::v1;
use crate::domain::day::Day;
use crate::domain::draft::grant_name;
use crate::domain::guliran::{in_transit, pass_name};
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::lot::NewLot;
use crate::domain::record::Row;
use crate::domain::record::proto::{
    self, ArrivalState, BudgetSource, Grant, ReceiverKind, ReceiverWord, Role, TransitState,
};
use crate::domain::transfer::{Hear, Receive, Said, TRANSIT, Transfer, Word, transfer_name};
use crate::journal::courier::{self, Parcel};

/// The largest file that is read.
const MAX_BYTES: usize = 60_000;

/// The most things of one pass, and generations before it.
const MAX_ITEMS: usize = 100;

impl Method for v1::ListTransitRequest {
    type Response = v1::ListTransitResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot(&book, "parent").await?;
        let (rows, next_page_token) = call.rows(&mut snapshot, TRANSIT, &page).await?;
        let mut passes = Vec::new();
        for found in &rows {
            let Row::Transit(transit) = &found.row else { return Err(damaged()) };
            if !matches!(transit.state(), TransitState::Waiting | TransitState::Refused) {
                continue;
            }
            let name = RowName::new(format!("groups/{}/passes", transit.group), &transit.pass);
            let row = call.row(&mut snapshot, &name, "parent").await?;
            let opened = call.open(&mut snapshot, &book, sealed(&row)).await?;
            passes.push(pass(&book, &name, &row, &opened)?);
        }
        Ok(v1::ListTransitResponse { passes, next_page_token })
    }
}

impl Method for v1::ExportTransferRequest {
    type Response = v1::ExportTransferResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.pass, "passes", "pass")?;
        let mut snapshot = call.snapshot(&book, "pass").await?;
        let row = call.row(&mut snapshot, &pass_name(&group, &id), "pass").await?;
        let Row::Pass(row) = row else { return Err(damaged()) };
        // A pass that was refused over there can be taken back, so it must not travel again.
        let refused = !row.broken.is_empty();
        if row.receiver_kind() != ReceiverKind::OtherBook || in_transit(&row) == 0 || refused {
            return Err(Fault::NotInTransit.on("pass"));
        }
        let parcel = courier::pack(&mut snapshot, &book, &group, &id).await?;
        let file = prost::Message::encode_to_vec(&file(&parcel.ok_or_else(damaged)?));
        Ok(v1::ExportTransferResponse { code: code(&file), file })
    }
}

fn code(file: &[u8]) -> String {
    hex::encode(&Sha256::digest(file)[..8])
}

/// Reads a file whose code fits. Errors: `TRANSFER_ALTERED`.
fn read<M: prost::Message + Default>(bytes: &[u8], told: &str, field: &str) -> Checked<M> {
    let told = told.chars().filter(|digit| digit.is_ascii_alphanumeric());
    let told = told.collect::<String>().to_ascii_lowercase();
    if bytes.len() > MAX_BYTES || told != code(bytes) {
        return Err(Fault::TransferAltered.on(field));
    }
    M::decode(bytes).map_err(|_| Fault::TransferAltered.on(field))
}

fn file(parcel: &Parcel) -> v1::TransferFile {
    let Receive { group, grant, transfer, .. } = &parcel.receive;
    let item = |item: &NewLot| v1::NewLot {
        lot_id: item.lot.to_string(),
        kind: item.kind as i32,
        label: item.label.clone(),
        unit: item.unit.clone(),
        quantity: Some(convert::to_quantity(item.quantity_milli)),
        cost: Some(convert::to_money(item.cost)),
    };
    v1::TransferFile {
        pass: transfer.pass.clone(),
        receiver: convert::row_name(&parcel.book, format!("groups/{group}")),
        ancestors: transfer.ancestors.clone(),
        programme: transfer.giver.programme.clone(),
        source: transfer.giver.source,
        decree_number: transfer.giver.decree_number.clone(),
        amount: Some(convert::to_money(transfer.amount)),
        cash: Some(convert::to_money(transfer.cash)),
        channel: transfer.channel as i32,
        items: transfer.items.iter().map(item).collect(),
        grant_id: grant.to_string(),
    }
}

/// What a file says, checked like any other input.
fn receive(file: &v1::TransferFile, book: &Id) -> Checked<Receive> {
    let (to, group) = convert::group(&file.receiver, "file.receiver")?;
    if to != *book {
        return Err(Fault::TransferOtherBook.on("file"));
    }
    let (from, _, _) = convert::owned_by_group(&file.pass, "passes", "file.pass")?;
    if from == *book {
        return Err(Fault::WrongParent.on("file.pass"));
    }
    convert::at_most(&file.items, MAX_ITEMS, "file.items")?;
    convert::at_most(&file.ancestors, MAX_ITEMS, "file.ancestors")?;
    for (index, ancestor) in file.ancestors.iter().enumerate() {
        // A grant of this book stands there without it.
        let name = match ancestor.starts_with("books/") {
            true => ancestor.clone(),
            false => convert::row_name(book, ancestor.as_str()),
        };
        convert::owned_by_group(&name, "grants", &format!("file.ancestors[{index}]"))?;
    }
    let source: BudgetSource = convert::open_choice(file.source, "file.source")?;
    let item = |(index, lot)| convert::new_lot(lot, &format!("file.items[{index}]"));
    let transfer = Transfer {
        pass: file.pass.clone(),
        ancestors: file.ancestors.clone(),
        giver: Grant {
            programme: convert::required_line(&file.programme, 120, "file.programme")?,
            source: source as i32,
            decree_number: convert::line(&file.decree_number, 80, "file.decree_number")?,
            ..Grant::default()
        },
        amount: convert::money(file.amount.as_ref(), "file.amount")?,
        cash: convert::money_or_zero(file.cash.as_ref(), "file.cash")?,
        channel: convert::open_choice(file.channel, "file.channel")?,
        items: file.items.iter().enumerate().map(item).collect::<Checked<_>>()?,
    };
    let grant = convert::id(&file.grant_id, "file.grant_id")?;
    let courier = courier::bringing(&file.pass);
    Ok(Receive { group, grant, transfer, courier, given_on: None })
}

impl Mutation for v1::ImportTransferRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("transfer", "file"), ("receiver", "file.receiver"), ("group", "file.receiver")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::book(&self.book, "book")?;
        let file: v1::TransferFile = read(&self.file, &self.code, "file")?;
        let receive = receive(&file, &book)?;
        let entity = Entity::Kube(receive.group.clone());
        Ok(Plan::new(book, &entity, receive))
    }
}

impl Method for v1::ImportTransferRequest {
    type Response = v1::ImportTransferResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let file: v1::TransferFile = read(&self.file, &self.code, "file")?;
        let done = call.submit(self).await?;
        let grant = format!("{}/grants/{}", file.receiver, file.grant_id);
        let Row::Transfer(row) = done.row(&transfer_name(&file.pass))? else {
            return Err(damaged());
        };
        let receipt = receipt(&done.book, row);
        Ok(v1::ImportTransferResponse {
            grant: Some(crate::api::grant::after(call, &done, &grant).await?),
            transaction: Some(done.transaction(call)),
            receipt_code: code(&receipt),
            receipt,
        })
    }
}

/// What a book says of a pass that it took in, as a file.
fn receipt(book: &Id, row: &proto::Transfer) -> Vec<u8> {
    let grant = convert::row_name(book, format!("groups/{}/grants/{}", row.group, row.grant));
    let word = row.word.as_ref().map(|word| word_of(book.as_str(), word));
    prost::Message::encode_to_vec(&v1::TransferReceipt { pass: row.pass.clone(), grant, word })
}

impl Method for v1::ExportReceiptRequest {
    type Response = v1::ExportReceiptResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, group, id) = convert::owned_by_group(&self.grant, "grants", "grant")?;
        let name = grant_name(&group, &id);
        let mut snapshot = call.snapshot(&book, "grant").await?;
        let Row::Grant(grant) = call.row(&mut snapshot, &name, "grant").await? else {
            return Err(damaged());
        };
        let pass = grant.origin.map(|origin| origin.pass).unwrap_or_default();
        let Row::Transfer(row) = call.row(&mut snapshot, &transfer_name(&pass), "grant").await?
        else {
            return Err(damaged());
        };
        let receipt = receipt(&book, &row);
        Ok(v1::ExportReceiptResponse { code: code(&receipt), receipt })
    }
}

/// What a receipt says of a pass, checked like any other input. Errors: `TRANSFER_ALTERED`,
/// `TRANSFER_OTHER_BOOK`.
fn acknowledged(request: &v1::AcknowledgeTransferRequest) -> Checked<(Id, Hear)> {
    let book = convert::book(&request.book, "book")?;
    let receipt: v1::TransferReceipt = read(&request.receipt, &request.code, "receipt")?;
    let (of, giver, pass) = convert::owned_by_group(&receipt.pass, "passes", "receipt.pass")?;
    if of != book {
        return Err(Fault::TransferOtherBook.on("receipt"));
    }
    let (there, group, grant) = convert::owned_by_group(&receipt.grant, "grants", "receipt.grant")?;
    let word = receipt.word.as_ref().ok_or_else(|| Fault::Required.on("receipt.word"))?;
    let receiver = convert::row_name(&there, RowName::group(&group));
    let said = Said { receiver, grant, word: heard(word, &there)? };
    Ok((book, Hear { giver, pass, word: Word::Said(said) }))
}

/// A word of a file from another book. Errors: `REQUIRED` for one without a position.
fn heard(word: &v1::ReceiverWord, there: &Id) -> Checked<ReceiverWord> {
    let state: ArrivalState = convert::open_choice(word.state, "receipt.word.state")?;
    let role: Role = convert::open_choice(word.role, "receipt.word.role")?;
    let (of, request) = convert::transaction(&word.transaction, "receipt.word.transaction")?;
    if of != *there {
        return Err(Fault::WrongParent.on("receipt.word.transaction"));
    }
    if word.position == 0 {
        return Err(Fault::Required.on("receipt.word.position"));
    }
    let said_on = convert::optional_day(word.said_on.as_ref(), "receipt.word.said_on")?;
    Ok(ReceiverWord {
        state: state as i32,
        returned: word.returned,
        position: word.position,
        said_on: said_on.map_or(0, Day::get),
        role: role as i32,
        request_id: request.to_string(),
    })
}

/// Checks that a book of this server says what its receipt says: it is asked itself, so that nobody
/// speaks for it. What is older than its last word, the giver's book judges.
///
/// Errors: `RECEIPT_CONTRADICTED`.
async fn check_said(call: &Call<'_>, pass: &str, said: &Said) -> Checked<()> {
    let (there, _) = convert::group(&said.receiver, "receipt.grant")?;
    let mut snapshot = call.reader().snapshot(&there).await?;
    if snapshot.head().size == 0 {
        return Ok(());
    }
    let own = match snapshot.row(&transfer_name(pass)).await?.map(|found| found.row) {
        Some(Row::Transfer(row)) => Said::of(&there, &row),
        _ => None,
    };
    match own.is_some_and(|own| said.word.position < own.word.position || *said == own) {
        true => Ok(()),
        false => Err(Fault::ReceiptContradicted.on("receipt")),
    }
}

impl Mutation for v1::AcknowledgeTransferRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("pass", "receipt")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, hear) = acknowledged(self)?;
        let entity = Entity::Kube(hear.giver.clone());
        Ok(Plan::new(book, &entity, hear))
    }
}

impl Method for v1::AcknowledgeTransferRequest {
    type Response = v1::AcknowledgeTransferResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, Hear { giver, pass, word }) = acknowledged(&self)?;
        if let Word::Said(said) = &word {
            check_said(call, &format!("books/{book}/{}", pass_name(&giver, &pass)), said).await?;
        }
        let done = call.submit(self).await?;
        let pass = crate::api::guliran::after(call, &done, &pass_name(&giver, &pass)).await?;
        let transaction = Some(done.transaction(call));
        Ok(v1::AcknowledgeTransferResponse { transaction, pass: Some(pass) })
    }
}
