//! A small group's last weeks: Senja buys in advance and on credit, sells on credit, keeps the
//! photo of a receipt, pays its members in kind, and is dissolved.
//!
//! **Invariant**: nothing is left on any account of Senja at the end of the year.

use sha2::{Digest, Sha256};

use super::requests::{Told, done, minute, on, place, rupiah, transaction};
use super::small::Small;
use super::{BOOK, Year};
use crate::api::v1::purchase_request::Payment;
use crate::api::v1::{self, Fund, LotKind, PartyKind, PlaceKind, SavingsKind};
use crate::cli::convert::decimal;

/// The group that is dissolved.
const SENJA: Small = Small {
    book: BOOK,
    id: "senja",
    name: "Senja (contoh)",
    business: "bibit sayur",
    households: 5,
    since: (12, 1),
    linked: false,
    members: &["Dorkas", "Yakob"],
};

/// An invented receipt: the smallest picture, of one white dot.
const RECEIPT: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\
    \0\0\0\nIDATx\xdac\xf8\x0f\0\x01\x01\x01\0\x1c\xb0\x8c\x99\0\0\0\0IEND\xaeB`\x82";

fn party(id: &str) -> String {
    format!("{}/parties/{id}", SENJA.path())
}

/// Seeds of Rp10.000 a kilogram.
fn seeds(id: &str, kilograms: i64) -> v1::NewLot {
    v1::NewLot {
        lot_id: id.to_owned(),
        kind: LotKind::Stock as i32,
        label: "bibit sayur".to_owned(),
        unit: "kg".to_owned(),
        quantity: decimal(kilograms * 1000),
        cost: rupiah(kilograms * 10_000),
    }
}

impl Year<'_> {
    /// From the first of December to the 29th.
    pub(super) async fn farewell(&self) -> Told {
        self.found_senja().await?;
        self.buy_seeds().await?;
        self.photograph_receipt().await?;
        self.sell_seeds().await?;
        self.pay_in_kind().await?;
        self.dissolve().await
    }

    /// Two members, one of whom saves and puts money in; a supplier and a buyer.
    async fn found_senja(&self) -> Told {
        self.found(&SENJA).await?;
        let senja = SENJA.path();
        self.third_party(&senja, PartyKind::Supplier, "toko", "Toko Tani").await?;
        self.third_party(&senja, PartyKind::Buyer, "pasar", "Pedagang pasar").await?;
        let (saver, much) = (SENJA.member(1), (SavingsKind::Sukarela, 30_000));
        let asked = SENJA.asked("simpan");
        self.save(saver.clone(), asked, (12, 1), much, PlaceKind::Cash).await?;
        self.put_in(saver, SENJA.asked("modal"), (12, 1), 200_000).await
    }

    /// Five kilograms out of an advance, ten on credit.
    async fn buy_seeds(&self) -> Told {
        let advance = v1::PayAdvanceRequest {
            party: party("toko"),
            request_id: SENJA.asked("uang-muka"),
            details: on(12, 2),
            fund: Fund::Uep as i32,
            amount: rupiah(50_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.trade().pay_advance(advance).await)?;
        let ordered = Payment::FromAdvanceTo(party("toko"));
        self.get_seeds("beli-pesanan", 4, seeds("pesanan", 5), ordered).await?;
        let on_credit = Payment::OnCreditOf(party("toko"));
        self.get_seeds("beli-utang", 5, seeds("utang", 10), on_credit).await
    }

    async fn get_seeds(&self, step: &str, day: i32, seeds: v1::NewLot, payment: Payment) -> Told {
        let buy = v1::PurchaseRequest {
            entity: SENJA.path(),
            request_id: SENJA.asked(step),
            details: on(12, day),
            fund: Fund::Uep as i32,
            items: vec![seeds],
            payment: Some(payment),
            ..v1::PurchaseRequest::default()
        };
        done(self.remote.trade().purchase(buy).await)
    }

    /// The receipt of what was bought on credit.
    async fn photograph_receipt(&self) -> Told {
        let parent = transaction(&SENJA.asked("beli-utang"));
        let list = v1::ListAttachmentsRequest { parent: parent.clone(), ..Default::default() };
        let there = self.remote.attachments().list_attachments(list).await?.into_inner();
        // The bytes of a file that is attached are not taken again.
        if !there.attachments.is_empty() {
            return Ok(());
        }
        let sha256 = hex::encode(Sha256::digest(RECEIPT));
        let part = v1::PutAttachmentPartRequest {
            parent: parent.clone(),
            sha256: sha256.clone(),
            part: 0,
            content: RECEIPT.to_vec(),
        };
        done(self.remote.attachments().put_attachment_part(part).await)?;
        let attach = v1::AttachFileRequest {
            parent,
            request_id: SENJA.asked("foto-nota"),
            details: on(12, 5),
            sha256,
            size_bytes: i64::try_from(RECEIPT.len()).unwrap_or(i64::MAX),
        };
        done(self.remote.attachments().attach_file(attach).await)
    }

    /// Ten kilograms for Rp130.000 on credit, which comes in and pays what is owed.
    async fn sell_seeds(&self) -> Told {
        let sold = v1::SellRequest {
            entity: SENJA.path(),
            request_id: SENJA.asked("jual-piutang"),
            details: on(12, 10),
            fund: Fund::Uep as i32,
            price: rupiah(130_000),
            proceeds: Some(v1::sell_request::Proceeds::OnCreditTo(party("pasar"))),
            lot: SENJA.lot("utang"),
            quantity: decimal(10_000),
        };
        done(self.remote.trade().sell(sold).await)?;
        let collected = v1::SettleReceivableRequest {
            party: party("pasar"),
            request_id: SENJA.asked("terima-piutang"),
            details: on(12, 15),
            fund: Fund::Uep as i32,
            amount: rupiah(130_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.trade().settle_receivable(collected).await)?;
        let paid = v1::SettlePayableRequest {
            party: party("toko"),
            request_id: SENJA.asked("bayar-utang"),
            details: on(12, 16),
            fund: Fund::Uep as i32,
            amount: rupiah(100_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.trade().settle_payable(paid).await)
    }

    /// A kilogram for each member as a share of the result; three are sold for Rp45.000.
    async fn pay_in_kind(&self) -> Told {
        for number in [1, 2] {
            let pay = v1::PayInKindRequest {
                member: SENJA.member(number),
                request_id: SENJA.asked(&format!("natura-{number}")),
                details: minute(12, 20, "BA-S1/2025 (contoh)"),
                lot: SENJA.lot("pesanan"),
                quantity: decimal(1_000),
                cost: v1::ExpenseKind::Unspecified as i32,
            };
            done(self.remote.sharing().pay_in_kind(pay).await)?;
        }
        let rest = v1::SellRequest {
            entity: SENJA.path(),
            request_id: SENJA.asked("jual-sisa"),
            details: on(12, 22),
            fund: Fund::Uep as i32,
            price: rupiah(45_000),
            proceeds: place(PlaceKind::Cash).map(v1::sell_request::Proceeds::PaidTo),
            lot: SENJA.lot("pesanan"),
            quantity: decimal(3_000),
        };
        done(self.remote.trade().sell(rest).await)
    }

    /// Rp255.000 are in the tin: savings and capital go back, and Rp25.000 of result are shared.
    async fn dissolve(&self) -> Told {
        let share = |number, much| v1::Share {
            heir: Some(v1::share::Heir::Member(SENJA.member(number))),
            amount: rupiah(much),
        };
        let dissolve = v1::DissolveGroupRequest {
            group: SENJA.path(),
            request_id: SENJA.asked("bubar"),
            details: on(12, 29),
            minute: "BA-S2/2025 (contoh)".to_owned(),
            place: place(PlaceKind::Cash),
            shares: vec![share(1, 13_000), share(2, 12_000)],
        };
        done(self.remote.lifecycle().dissolve_group(dissolve).await)
    }
}
