//! A kiosk group that changes its LKM. Cahaya keeps eighty kinds of goods, passed an old grant on
//! before there were books, joins the LKM, saves at its counter, writes two sheets on one day, counts
//! its tin, draws what it has saved, and moves to another LKM's book with all it has.
//!
//! **Invariant**: nothing is left on any account of Cahaya in the demo's book at the end of the year.

use super::meeting::line;
use super::requests::{
    Told, balance, book, day_of, done, member_id, minute, on, one, place, rupiah, thing,
};
use super::small::Small;
use super::{BOOK, Year};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{self, BudgetSource, Fund, LotKind, PlaceKind, Regime, SheetLineKind};
use crate::cli::convert::decimal;
use crate::domain::chart::Code;

/// The group, here and in the other book. It belongs to no LKM at first.
const CAHAYA: Small = Small {
    book: BOOK,
    id: "cahaya",
    name: "Cahaya (contoh)",
    business: "kios",
    households: 5,
    since: (1, 1),
    linked: false,
    members: &["Ruth", "Samuel", "Debora"],
};
/// The other LKM's book.
const OTHER: &str = "soe";
/// What it saves at the counter.
const SAVED: i64 = 250_000;

impl Year<'_> {
    /// On the second of January, with what there was before.
    pub(super) async fn found_cahaya(&self) -> Told {
        self.found(&CAHAYA).await?;
        self.goods().await?;
        self.tin().await?;
        self.passed_before_books().await?;
        let link = v1::LinkGroupRequest {
            group: CAHAYA.path(),
            request_id: CAHAYA.asked("hubung"),
            on: day_of(1, 3),
        };
        done(self.remote.groups().link_group(link).await)
    }

    /// Ten of each kind, together Rp10.000. So many do not fit one record when the group moves.
    async fn goods(&self) -> Told {
        let goods = |number: usize| {
            let label = format!("barang kios jenis {number}");
            thing(v1::NewLot {
                quantity: decimal(10_000),
                ..one(&format!("barang-{number:02}"), LotKind::Stock, &label, 10_000)
            })
        };
        let asked = CAHAYA.asked("saldo-awal-barang");
        self.opens(CAHAYA.path(), asked, (1, 2), Fund::Uep, (1..=80).map(goods).collect()).await
    }

    /// Each member had paid Rp100.000 of simpanan pokok.
    async fn tin(&self) -> Told {
        let pokok = |number| balance(Code::PrincipalSavings, &member_id(number), 100_000);
        let tin = std::iter::once(balance(Code::Cash, "", 300_000));
        let (asked, items) = (CAHAYA.asked("saldo-awal-kas"), tin.chain((1..=3).map(pokok)));
        self.opens(CAHAYA.path(), asked, (1, 2), Fund::SimpanPinjam, items.collect()).await
    }

    /// A grant of long ago, which went on to a group that never had books: lines of the register.
    async fn passed_before_books(&self) -> Told {
        let grant = v1::ReceiveGrantRequest {
            group: CAHAYA.path(),
            request_id: CAHAYA.asked("hibah-lama"),
            details: on(1, 2),
            grant_id: "p2fm".to_owned(),
            programme: "P2FM 2019 (contoh)".to_owned(),
            source: BudgetSource::Apbn as i32,
            channel: rupiah(1_000_000).map(v1::receive_grant_request::Channel::BeforeBooks),
            ..v1::ReceiveGrantRequest::default()
        };
        done(self.remote.grants().receive_grant(grant).await)?;
        let passed = v1::DeliverGuliranRequest {
            grant: format!("{}/grants/p2fm", CAHAYA.path()),
            request_id: CAHAYA.asked("guliran-lama"),
            details: minute(1, 2, "BA-G1/2021 (contoh)"),
            pass_id: "dulu".to_owned(),
            receiver: Some(Receiver::ToUnbookedGroup("KUBE Lama (contoh)".to_owned())),
            cash: rupiah(1_000_000),
            before_books: true,
            ..v1::DeliverGuliranRequest::default()
        };
        done(self.remote.guliran().deliver_guliran(passed).await)
    }

    /// It brings money to a teller's drawer.
    pub(super) async fn save_at_counter(&self, counter: v1::Place) -> Told {
        let deposit = v1::DepositAtLkmRequest {
            group: CAHAYA.path(),
            request_id: CAHAYA.asked("setor"),
            details: on(1, 3),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(SAVED),
            kube_place: place(PlaceKind::Cash),
            lkm_place: Some(counter),
        };
        done(self.remote.savings().deposit_at_lkm(deposit).await)
    }

    /// Who comes late in the evening stands on a second sheet of the day, which is right and accepted.
    pub(super) async fn two_sheets(&self) -> Told {
        let of = |kind, number, much| line(kind, member_id(number), much);
        let wajib = (1..=3).map(|number| of(SheetLineKind::Wajib, number, 10_000));
        let dues = (1..=3).map(|number| of(SheetLineKind::IksDues, number, 5_000));
        let late = [2, 3].map(|number| of(SheetLineKind::Sukarela, number, 5_000));
        self.on_the_15th("lembar-pagi", wajib.chain(dues).collect(), (50_000, 95_000)).await?;
        self.on_the_15th("lembar-malam", late.to_vec(), (95_000, 105_000)).await?;
        let accept = v1::AcceptSheetRequest {
            sheet: format!("{}/pending-sheets/{}", CAHAYA.path(), CAHAYA.asked("lembar-malam")),
            request_id: CAHAYA.asked("lembar-terima"),
            details: on(2, 16),
        };
        done(self.remote.meetings().accept_sheet(accept).await)
    }

    async fn on_the_15th(&self, step: &str, lines: Vec<v1::SheetLine>, cash: (i64, i64)) -> Told {
        let day = (on(2, 15), step.to_owned());
        self.sheet(CAHAYA.path(), CAHAYA.asked(step), day, lines, cash).await
    }

    /// Rp1.000 more lie in the tin than are written; nobody knows whose, and the group keeps them.
    pub(super) async fn count_tin(&self) -> Told {
        let count = v1::CountCashRequest {
            entity: CAHAYA.path(),
            request_id: CAHAYA.asked("hitung-kas"),
            details: on(3, 15),
            place: place(PlaceKind::Cash),
            counted: rupiah(106_000),
        };
        done(self.remote.cash().count_cash(count).await)?;
        let keep = v1::DecideDifferenceRequest {
            entity: CAHAYA.path(),
            request_id: CAHAYA.asked("selisih"),
            details: minute(3, 16, "BA-C1/2025 (contoh)"),
            amount: rupiah(1_000),
            officer: String::new(),
            drawer: String::new(),
        };
        done(self.remote.cash().decide_difference(keep).await)
    }

    /// It draws its savings, ends the tie, and is closed here and opened there.
    pub(super) async fn change_lkm(&self) -> Told {
        let draw = v1::WithdrawAtLkmRequest {
            group: CAHAYA.path(),
            request_id: CAHAYA.asked("tarik"),
            details: on(12, 20),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(SAVED),
            kube_place: place(PlaceKind::Cash),
            lkm_place: place(PlaceKind::Vault),
        };
        done(self.remote.savings().withdraw_at_lkm(draw).await)?;
        let unlink = v1::UnlinkGroupRequest {
            group: CAHAYA.path(),
            request_id: CAHAYA.asked("lepas"),
            on: day_of(12, 21),
        };
        done(self.remote.groups().unlink_group(unlink).await)?;
        let name = "Buku LKM Soe (contoh)";
        let open = book(OTHER, name, "LKM Soe (contoh)", Regime::Koperasi);
        done(self.remote.books().create_book(open).await)?;
        let (asked, minute) = (CAHAYA.asked("pindah"), "BA-C2/2025 (contoh)");
        self.move_group(CAHAYA.path(), asked, (12, 22), minute, OTHER).await
    }
}
