//! What a syariah LKM does beside its loans (catalogue events 40 and 42 to 44).

use crate::api::convert::{self, Checked};
use crate::api::desk::{
    Call, Method, Mutation, Page, Plan, damaged, detailed, service, transactions,
};
use crate::api::errors::Fault;
use crate::api::google_type;
use crate::api::loan::{PURSE, borrower, loan_of, purse};
use crate::api::v1;
use crate::domain::alms::{Alms, GiveAlms, Giver, Person, ReceiveAlms};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::loan::murabahah::SellMurabahah;
use crate::domain::loan::syirkah::{
    BearLoss, FundSyirkah, ReturnCapital, ShareProfit, left, projected, sum_of, syirkah_name,
};
use crate::domain::money::Sen;
use crate::domain::record::Row;
use crate::domain::record::proto::{self, LotKind, SyirkahFactKind};

service! {
    syariah_service_server::SyariahService {
        sell_murabahah: SellMurabahahRequest => SellMurabahahResponse;
        fund_syirkah: FundSyirkahRequest => FundSyirkahResponse;
        share_profit: ShareProfitRequest => ShareProfitResponse;
        bear_loss: BearLossRequest => BearLossResponse;
        return_syirkah: ReturnSyirkahRequest => ReturnSyirkahResponse;
        list_syirkahs: ListSyirkahsRequest => ListSyirkahsResponse;
        receive_alms: ReceiveAlmsRequest => ReceiveAlmsResponse;
        give_alms: GiveAlmsRequest => GiveAlmsResponse;
    }
}

transactions! {
    SellMurabahahRequest => SellMurabahahResponse;
    FundSyirkahRequest => FundSyirkahResponse;
    ShareProfitRequest => ShareProfitResponse;
    BearLossRequest => BearLossResponse;
    ReturnSyirkahRequest => ReturnSyirkahResponse;
    ReceiveAlmsRequest => ReceiveAlmsResponse;
    GiveAlmsRequest => GiveAlmsResponse;
}

fn optional_money(money: Option<&google_type::Money>, field: &str) -> Checked<Sen> {
    money.map_or(Ok(Sen::ZERO), |money| convert::money(Some(money), field))
}

/// A contract of the LKM's.
fn syirkah_of(name: &str) -> Checked<(Id, Id)> {
    match convert::owned(name, "syirkahs", "syirkah")? {
        (book, Entity::Lkm, id) => Ok((book, id)),
        (_, Entity::Kube(_), _) => Err(Fault::WrongParent.on("syirkah")),
    }
}

impl Mutation for v1::SellMurabahahRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, lender, loan) = loan_of(&self.loan, "loan")?;
        let lot = convert::owned_by(&self.lot, (&book, &lender), "lots", "lot")?;
        let new = match convert::optional_id(&self.new_lot_id, "new_lot_id")? {
            Some(id) => Some((id, convert::choice::<LotKind>(self.new_lot_kind, "new_lot_kind")?)),
            None => None,
        };
        let entity = lender.clone();
        Ok(Plan::new(book, &entity, SellMurabahah { lender, loan, lot, new }))
    }
}

impl Mutation for v1::FundSyirkahRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("place", "purse.place"),
        ("bag", "purse.bag"),
        ("means", "purse"),
        ("kube_place", "purse.means.money.kube_place"),
        ("lkm_place", "purse.means.money.lkm_place"),
        ("nisbah", "nisbah_percent"),
    ];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::lkm(&self.entity, "entity")?;
        let action = FundSyirkah {
            syirkah: convert::id(&self.syirkah_id, "syirkah_id")?,
            partner: borrower(&self.partner, (&book, &Entity::Lkm), "partner")?,
            kind: convert::choice(self.kind, "kind")?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            own: optional_money(self.own.as_ref(), "own")?,
            nisbah: self.nisbah_percent.as_ref().map_or("", |nisbah| &nisbah.value).to_owned(),
            projected: optional_money(self.projected.as_ref(), "projected")?,
            minute: convert::required_line(&self.minute, 80, "minute")?,
            purse: purse(self.purse.as_ref(), &book)?,
        };
        Ok(Plan::new(book, &Entity::Lkm, action))
    }
}

impl Mutation for v1::ShareProfitRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = PURSE;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, syirkah) = syirkah_of(&self.syirkah)?;
        let profit = convert::money(self.profit.as_ref(), "profit")?;
        let purse = purse(self.purse.as_ref(), &book)?;
        Ok(Plan::new(book, &Entity::Lkm, ShareProfit { syirkah, profit, purse }))
    }
}

impl Mutation for v1::BearLossRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("amount", "loss")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, syirkah) = syirkah_of(&self.syirkah)?;
        let loss = convert::money(self.loss.as_ref(), "loss")?;
        Ok(Plan::new(book, &Entity::Lkm, BearLoss { syirkah, loss }))
    }
}

impl Mutation for v1::ReturnSyirkahRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = PURSE;

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, syirkah) = syirkah_of(&self.syirkah)?;
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let purse = purse(self.purse.as_ref(), &book)?;
        Ok(Plan::new(book, &Entity::Lkm, ReturnCapital { syirkah, amount, purse }))
    }
}

impl Method for v1::ListSyirkahsRequest {
    type Response = v1::ListSyirkahsResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::lkm(&self.parent, "parent")?;
        let page = Page::new(self.page_size, &self.page_token)?;
        let mut snapshot = call.snapshot_of(&book, &Entity::Lkm, "parent").await?;
        let parent = RowName::of(&Entity::Lkm, "syirkahs", "").parent;
        let (rows, next_page_token) = call.rows(&mut snapshot, &parent, &page).await?;
        let Row::Book(book_row) = call.row(&mut snapshot, &RowName::book(), "parent").await? else {
            return Err(damaged());
        };
        let today = Day::new(book_row.business_day);
        let mut syirkahs = Vec::with_capacity(rows.len());
        for found in &rows {
            let Row::Syirkah(row) = &found.row else { return Err(damaged()) };
            let id = Id::new(&found.id).ok_or_else(damaged)?;
            syirkahs.push(to_syirkah(&book, &id, row, today)?);
        }
        Ok(v1::ListSyirkahsResponse { syirkahs, next_page_token })
    }
}

fn to_syirkah(book: &Id, id: &Id, row: &proto::Syirkah, today: Day) -> Checked<v1::Syirkah> {
    let partner = match row.partner.starts_with("members/") {
        true => convert::row_name(book, format!("lkm/{}", row.partner)),
        false => convert::row_name(book, &row.partner),
    };
    let money = |sen: Sen| Some(convert::to_money(sen));
    let (profit, shared) = sum_of(row, SyirkahFactKind::Shared)?;
    Ok(v1::Syirkah {
        name: convert::row_name(book, syirkah_name(id)),
        partner,
        kind: row.kind,
        amount: money(Sen::new(row.amount)),
        own: money(Sen::new(row.own)),
        nisbah_percent: convert::to_decimal(&row.nisbah),
        projected: money(Sen::new(row.projected)),
        funded_on: Some(convert::to_date(Day::new(row.funded_on))),
        minute: row.minute.clone(),
        left: money(left(row)?),
        profit: money(profit),
        shared: money(shared),
        lost: money(sum_of(row, SyirkahFactKind::Lost)?.1),
        returned: money(sum_of(row, SyirkahFactKind::Returned)?.1),
        projected_shared: match row.projected {
            0 => None,
            _ => money(projected(row, today)?),
        },
    })
}

fn alms(kind: i32) -> Checked<Alms> {
    match convert::choice(kind, "kind")? {
        v1::AlmsKind::Zakat => Ok(Alms::Zakat),
        v1::AlmsKind::Infak => Ok(Alms::Infak),
        v1::AlmsKind::Unspecified => Err(Fault::ChoiceUnknown.on("kind")),
    }
}

impl Mutation for v1::ReceiveAlmsRequest {
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("giver", "giver.group"), ("giver_place", "giver.place"), ("fund", "giver.fund")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::lkm(&self.entity, "entity")?;
        let giver = self.giver.as_ref().map(|giver| {
            let (of, group) = convert::group(&giver.group, "giver.group")?;
            if of != book {
                return Err(Fault::WrongParent.on("giver.group"));
            }
            let fund = convert::choice(giver.fund, "giver.fund")?;
            let place = convert::place(giver.place.as_ref(), &book, "giver.place")?;
            Ok(Giver { group, fund, place })
        });
        let action = ReceiveAlms {
            alms: alms(self.kind)?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
            giver: giver.transpose()?,
            donor: person(&self.donor, &book, "donor")?,
        };
        if action.giver.is_some() && action.donor.is_some() {
            return Err(Fault::ChoiceUnknown.on("donor"));
        }
        Ok(Plan::new(book, &Entity::Lkm, action))
    }
}

impl Mutation for v1::GiveAlmsRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let book = convert::lkm(&self.entity, "entity")?;
        let action = GiveAlms {
            alms: alms(self.kind)?,
            amount: convert::money(self.amount.as_ref(), "amount")?,
            place: convert::place(self.place.as_ref(), &book, "place")?,
            recipient: person(&self.recipient, &book, "recipient")?,
        };
        Ok(Plan::new(book, &Entity::Lkm, action))
    }
}

/// A member or a third party of the LKM, if one is named.
fn person(name: &str, book: &Id, field: &str) -> Checked<Option<Person>> {
    let of = |collection| convert::optional_owned_by(name, (book, &Entity::Lkm), collection, field);
    match name.contains("/members/") {
        true => Ok(of("members")?.map(Person::Member)),
        false => Ok(of("parties")?.map(Person::Party)),
    }
}
