//! The paper receipt of a payment: the names that go on it, and its proof.

use super::{held, receipt, seen};
use crate::api::convert::{self, Checked};
use crate::api::desk::{Call, Method, damaged};
use crate::api::errors::Fault;
use crate::api::sight::Sort;
use crate::api::v1;
use crate::chain::qr;
use crate::domain::id::{Entity, Id, RequestId, RowName};
use crate::domain::record::proto::EvidenceKind;
use crate::domain::record::{Effect, Outcome, Record, Row};
use crate::domain::refusal::Language;
use crate::domain::reversal::reversed_name;
use crate::locale::event::event_text;
use crate::locale::words::terbilang;
use crate::report::kuitansi::{Kuitansi, Payment, Side};
use crate::storage::read::Snapshot;

impl Method for v1::GetKuitansiRequest {
    type Response = v1::GetKuitansiResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let (book, request) = convert::transaction(&self.transaction, "transaction")?;
        let record = seen(call, &book, &request, &self.transaction).await?;
        let effect = match &record.outcome {
            Outcome::Done(effect) => effect,
            Outcome::Refused(refusal) => return Err(refusal.clone().into()),
        };
        let payment = Payment::of(effect, self.line);
        let payment = payment.ok_or_else(|| Fault::NoPayment.on("transaction"))?;
        let (mut signer, mut snapshot) = held(call, &book, "transaction").await?;
        let receipt = receipt(&mut signer, &mut snapshot, record.position).await?;
        drop(signer);
        let codes = qr::texts(&receipt).unwrap_or_default();
        let names = Names { call, book: &book };
        let (issuer, place) = names.issuer(&mut snapshot, &payment).await?;
        let kuitansi = Kuitansi {
            number: self.number(&book, &record, effect),
            issuer,
            payer: names.side(&mut snapshot, &payment.payer).await?,
            receiver: names.side(&mut snapshot, &payment.receiver).await?,
            amount: payment.amount,
            purpose: names.purpose(&mut snapshot, &record, effect).await?,
            place,
            day: record.happened_on,
            is_stamped: payment.is_stamped(),
            is_reversed: self.is_reversed(&mut snapshot, &request).await?,
            codes,
        };
        Ok(v1::GetKuitansiResponse { kuitansi: Some(answered(&kuitansi, call.language())) })
    }
}

impl v1::GetKuitansiRequest {
    /// The number on the voucher that the transaction names; else its place in the book.
    fn number(&self, book: &Id, record: &Record, effect: &Effect) -> String {
        let own = effect.evidence.as_ref().filter(|paper| paper.kind() == EvidenceKind::Voucher);
        match own {
            Some(paper) if !paper.number.is_empty() => paper.number.clone(),
            _ if self.line > 0 => format!("{}-{}/{book}", record.position, self.line),
            _ => format!("{}/{book}", record.position),
        }
    }

    /// Whether all of it, or the line that is asked for, was taken back.
    async fn is_reversed(&self, snapshot: &mut Snapshot, request: &RequestId) -> Checked<bool> {
        for line in [0, self.line] {
            if snapshot.row(&reversed_name(request, line)).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn answered(kuitansi: &Kuitansi, language: Language) -> v1::Kuitansi {
    v1::Kuitansi {
        number: kuitansi.number.clone(),
        issuer: kuitansi.issuer.clone(),
        payer: kuitansi.payer.clone(),
        receiver: kuitansi.receiver.clone(),
        amount: Some(convert::to_money(kuitansi.amount)),
        amount_in_words: terbilang(kuitansi.amount),
        purpose: kuitansi.purpose.clone(),
        place: kuitansi.place.clone(),
        happened_on: Some(convert::to_date(kuitansi.day)),
        stamped: kuitansi.is_stamped,
        reversed: kuitansi.is_reversed,
        codes: kuitansi.codes.clone(),
        page: kuitansi.html(language),
    }
}

/// Finds the names of those on a kuitansi.
struct Names<'a> {
    call: &'a Call<'a>,
    book: &'a Id,
}

impl Names<'_> {
    async fn purpose(
        &self,
        snapshot: &mut Snapshot,
        record: &Record,
        effect: &Effect,
    ) -> Checked<String> {
        let opened = self.call.open(snapshot, self.book, std::iter::once(&effect.memo)).await?;
        let event = event_text(record.event, self.call.language());
        Ok(match opened.text(Sort::Memo, &effect.memo).0 {
            memo if memo.is_empty() => event.to_owned(),
            memo => format!("{event}: {memo}"),
        })
    }

    async fn side(&self, snapshot: &mut Snapshot, side: &Side) -> Checked<String> {
        match side {
            Side::Unsaid => Ok(String::new()),
            Side::Several(count) => Ok(match self.call.language() {
                Language::Indonesian => format!("{count} orang menurut lembar"),
                Language::English => format!("{count} people as on the sheet"),
            }),
            Side::Entity(entity) => Ok(self.entity(snapshot, entity).await?.0),
            Side::Party(name) => self.party(snapshot, name).await,
        }
    }

    /// Whose paper it is, and their village: of who received, if that is a ledger of the book.
    async fn issuer(&self, snapshot: &mut Snapshot, about: &Payment) -> Checked<(String, String)> {
        match (&about.receiver, &about.payer) {
            (Side::Entity(entity), _) | (_, Side::Entity(entity)) => {
                self.entity(snapshot, entity).await
            }
            _ => Ok((String::new(), String::new())),
        }
    }

    /// The name of an entity, and the village it is in.
    async fn entity(&self, snapshot: &mut Snapshot, entity: &Entity) -> Checked<(String, String)> {
        let name = match entity {
            Entity::Kube(group) => RowName::group(group),
            Entity::Lkm => RowName::book(),
        };
        Ok(match self.call.row(snapshot, &name, "transaction").await? {
            Row::Group(group) => (group.name, group.village),
            Row::Book(book) => (book.lkm_name, String::new()),
            _ => return Err(damaged()),
        })
    }

    /// The name of somebody in a register; the id where the name was erased or is kept elsewhere.
    async fn party(&self, snapshot: &mut Snapshot, name: &RowName) -> Checked<String> {
        let row = snapshot.row(name).await?.map(|found| found.row);
        let sealed = match &row {
            Some(Row::Member(member)) => &member.name,
            Some(Row::Party(party)) => &party.name,
            Some(Row::Group(group)) => return Ok(group.name.clone()),
            _ => return Ok(name.id.clone()),
        };
        let opened = self.call.open(snapshot, self.book, std::iter::once(sealed)).await?;
        match opened.text(Sort::Name, sealed).0 {
            text if text.is_empty() => Ok(name.id.clone()),
            text => Ok(text),
        }
    }
}
