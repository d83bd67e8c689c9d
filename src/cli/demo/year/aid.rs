//! What else becomes of aid: goats in kind and what they eat, money of a firm, a part given back, a pig
//! stolen and an insurance paid, money misused; passed on through the pool, to a family, and to a group with a book of its own
//! that then joins the LKM; lent meanwhile.

use super::{
    BOOK, Kube, Told, Year, day_of, done, lkm, member_id, minute, on, place, request, rupiah,
};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{
    self, BudgetSource, ExpenseKind, Fund, HouseholdStatus, LossCause, LotKind, PassChannel,
    PlaceKind, Regime, Zone,
};
use crate::cli::convert::decimal;

/// A group that had a book of its own before it joined the LKM.
const JOINS: &str = "harapan";

fn blps(kube: &Kube) -> String {
    format!("{}/grants/blps", kube.path())
}

impl Year<'_> {
    /// In December, after the meeting.
    pub(super) async fn aid(&self, kube: &Kube) -> Told {
        match kube.id().as_str() {
            "pelita-kasih" => self.goats(kube).await,
            "kios-murah" => self.give_back(kube).await,
            "usaha-mekar" => {
                self.misuse(kube).await?;
                self.firm_gives(kube).await
            }
            "robadeo" => self.to_a_family(kube).await,
            "jati-diri" => {
                self.theft(kube).await?;
                self.to_a_group_without_lkm(kube).await
            }
            "sinar" => self.through_the_pool(kube).await,
            _ => Ok(()),
        }
    }

    /// The regency hands Pelita Kasih three goats.
    async fn goats(&self, kube: &Kube) -> Told {
        let goats = v1::NewLot {
            lot_id: "kambing".to_owned(),
            kind: LotKind::Livestock as i32,
            label: "kambing".to_owned(),
            unit: "ekor".to_owned(),
            quantity: decimal(3_000),
            cost: rupiah(3_000_000),
        };
        let items = v1::GrantItems { items: vec![goats] };
        let grant = v1::ReceiveGrantRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "hibah-kambing"),
            details: on(12, 16),
            grant_id: "apbd".to_owned(),
            programme: "Bantuan ternak APBD (contoh)".to_owned(),
            source: BudgetSource::Apbd as i32,
            decree_number: "SK-40/2025 (contoh)".to_owned(),
            channel: Some(v1::receive_grant_request::Channel::InKind(items)),
            aid_kind: "ternak".to_owned(),
            ..v1::ReceiveGrantRequest::default()
        };
        done(self.remote.grants().receive_grant(grant).await)?;
        // What young goats eat is part of what they cost.
        let feed = v1::PayExpenseRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "pakan-kambing"),
            details: on(12, 23),
            fund: Fund::Uep as i32,
            kind: ExpenseKind::Feed as i32,
            amount: rupiah(60_000),
            place: place(PlaceKind::Cash),
            lot: format!("{}/lots/kambing", kube.path()),
            ..v1::PayExpenseRequest::default()
        };
        done(self.remote.trade().pay_expense(feed).await)
    }

    /// A firm sends Usaha Mekar two million, straight to its bank account.
    async fn firm_gives(&self, kube: &Kube) -> Told {
        let grant = v1::ReceiveGrantRequest {
            group: kube.path(),
            request_id: request(&kube.id(), "hibah-csr"),
            details: on(12, 23),
            grant_id: "csr".to_owned(),
            programme: "CSR (contoh)".to_owned(),
            source: BudgetSource::Other as i32,
            channel: rupiah(2_000_000).map(v1::receive_grant_request::Channel::Bank),
            bank_line: "RK-UM-12-1 (contoh)".to_owned(),
            aid_kind: "uang".to_owned(),
            ..v1::ReceiveGrantRequest::default()
        };
        done(self.remote.grants().receive_grant(grant).await)
    }

    /// Kios Murah needs less than it was given.
    async fn give_back(&self, kube: &Kube) -> Told {
        let back = v1::ReturnGrantRequest {
            grant: blps(kube),
            request_id: request(&kube.id(), "hibah-kembali"),
            details: minute(12, 18, "BA-K1/2025 (contoh)"),
            amount: rupiah(500_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.grants().return_grant(back).await)
    }

    /// The treasurer of Usaha Mekar has taken money of the grant, and owes it.
    async fn misuse(&self, kube: &Kube) -> Told {
        let misused = v1::MisusedMoney {
            officer: kube.member(3),
            amount: rupiah(300_000),
            place: place(PlaceKind::Cash),
        };
        let loss = v1::LoseGrantRequest {
            grant: blps(kube),
            request_id: request(&kube.id(), "salah-pakai"),
            details: minute(12, 17, "BA-SP1/2025 (contoh)"),
            loss: Some(v1::lose_grant_request::Loss::Misused(misused)),
        };
        done(self.remote.grants().lose_grant(loss).await)
    }

    /// A pig of Jati Diri is stolen, and the insurance pays for most of it.
    async fn theft(&self, kube: &Kube) -> Told {
        let stolen = v1::RecordLossRequest {
            lot: format!("{}/lots/modal", kube.path()),
            request_id: request(&kube.id(), "dicuri"),
            details: on(12, 17),
            fund: Fund::Uep as i32,
            heads: 1,
            cause: LossCause::Stolen as i32,
        };
        done(self.remote.trade().record_loss(stolen).await)?;
        let claim = v1::ClaimInsuranceRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "klaim"),
            details: on(12, 29),
            fund: Fund::Uep as i32,
            amount: rupiah(750_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.trade().claim_insurance(claim).await)
    }

    /// Robadeo helps a family that is in no group.
    async fn to_a_family(&self, kube: &Kube) -> Told {
        self.decide(kube, "blps", rupiah(500_000), 12).await?;
        let family = Receiver::ToFamily("Keluarga Nope (contoh)".to_owned());
        self.pass(kube, "keluarga", family, PassChannel::Cash, 500_000).await
    }

    /// Sinar passes on to nobody in particular; the LKM gives a part of it to Usaha Mekar, and lends
    /// Kasih some of the rest.
    async fn through_the_pool(&self, kube: &Kube) -> Told {
        self.decide(kube, "blps", rupiah(1_000_000), 12).await?;
        self.pass(kube, "kolam", Receiver::ToPool(true), PassChannel::Savings, 1_000_000).await?;
        let release = v1::ReleaseGuliranRequest {
            pass: format!("{}/passes/kolam", kube.path()),
            request_id: request("lkm", "kolam-keluar"),
            details: minute(12, 22, "BA-G6/2025 (contoh)"),
            receiver: Some(v1::ReceivingGroup {
                group: format!("books/{BOOK}/groups/usaha-mekar"),
                grant_id: "guliran-sinar".to_owned(),
            }),
            amount: rupiah(600_000),
        };
        done(self.remote.guliran().release_guliran(release).await)?;
        let lend = v1::LendGuliranRequest {
            lender: lkm(),
            request_id: request("lkm", "kolam-pinjam"),
            details: minute(12, 23, "BA-G10/2025 (contoh)"),
            loan_id: "kasih".to_owned(),
            borrower: format!("books/{BOOK}/groups/kasih"),
            amount: rupiah(100_000),
            due_on: day_of(12, 31),
        };
        done(self.remote.guliran().lend_guliran(lend).await)
    }

    /// Jati Diri lends Kios Murah what it will pass on later, and passes on to a group with a book
    /// of its own.
    async fn to_a_group_without_lkm(&self, kube: &Kube) -> Told {
        let to_bank = v1::MoveCashRequest {
            entity: kube.path(),
            request_id: request(&kube.id(), "ke-bank"),
            details: on(12, 18),
            fund: Fund::Uep as i32,
            from: place(PlaceKind::Cash),
            to: place(PlaceKind::Bank),
            amount: rupiah(400_000),
        };
        done(self.remote.cash().move_cash(to_bank).await)?;
        let lend = v1::LendGuliranRequest {
            lender: kube.path(),
            request_id: request(&kube.id(), "guliran-pinjam"),
            details: minute(12, 19, "BA-G7/2025 (contoh)"),
            loan_id: "kios-murah".to_owned(),
            borrower: format!("books/{BOOK}/groups/kios-murah"),
            amount: rupiah(400_000),
            due_on: None,
        };
        done(self.remote.guliran().lend_guliran(lend).await)?;
        let repay = v1::RepayGuliranRequest {
            lender: kube.path(),
            request_id: request(&kube.id(), "guliran-angsur"),
            details: on(12, 29),
            loan_id: "kios-murah".to_owned(),
            amount: rupiah(150_000),
        };
        done(self.remote.guliran().repay_guliran(repay).await)?;
        self.new_book().await?;
        self.decide(kube, "blps", rupiah(1_000_000), 12).await?;
        let group = Receiver::ToOtherBook(format!("books/{JOINS}/groups/{JOINS}"));
        self.pass(kube, "ke-harapan", group, PassChannel::Cash, 1_000_000).await?;
        self.harapan_has_it().await?;
        self.join().await
    }

    /// Harapan's treasurer says that what Jati Diri passed on is there.
    async fn harapan_has_it(&self) -> Told {
        let list = v1::ListConfirmationsRequest {
            parent: format!("books/{JOINS}/groups/{JOINS}"),
            state: v1::ConfirmationState::Waiting as i32,
            ..v1::ListConfirmationsRequest::default()
        };
        let waiting = self.remote.journal().list_confirmations(list).await?.into_inner();
        for one in waiting.confirmations {
            let confirm = v1::ConfirmReportRequest {
                confirmation: one.name,
                request_id: request(JOINS, "guliran-ada"),
                details: on(12, 21),
            };
            done(self.remote.journal().confirm_report(confirm).await)?;
        }
        Ok(())
    }

    pub(super) async fn pass(
        &self,
        kube: &Kube,
        pass: &str,
        receiver: Receiver,
        channel: PassChannel,
        much: i64,
    ) -> Told {
        let deliver = v1::DeliverGuliranRequest {
            grant: blps(kube),
            request_id: request(&kube.id(), "guliran-serah"),
            details: minute(12, 20, "BA-G5/2025 (contoh)"),
            pass_id: pass.to_owned(),
            receiver: Some(receiver),
            channel: channel as i32,
            cash: rupiah(much),
            ..v1::DeliverGuliranRequest::default()
        };
        done(self.remote.guliran().deliver_guliran(deliver).await)
    }

    /// Harapan keeps its own book: one member has saved.
    async fn new_book(&self) -> Told {
        let book = v1::CreateBookRequest {
            book_id: JOINS.to_owned(),
            request_id: request(JOINS, "buka"),
            display_name: "Buku KUBE Harapan (contoh)".to_owned(),
            lkm_name: String::new(),
            regime: Regime::Unspecified as i32,
            zone: Zone::Wita as i32,
            opened_on: day_of(1, 1),
        };
        done(self.remote.books().create_book(book).await)?;
        let path = format!("books/{JOINS}/groups/{JOINS}");
        let group = v1::CreateGroupRequest {
            parent: format!("books/{JOINS}"),
            request_id: request(JOINS, "daftar"),
            group_id: JOINS.to_owned(),
            display_name: "Harapan (contoh)".to_owned(),
            member_count: 8,
            ..v1::CreateGroupRequest::default()
        };
        done(self.remote.groups().create_group(group).await)?;
        let member = v1::EnrolMemberRequest {
            parent: path.clone(),
            request_id: request(JOINS, "anggota-1"),
            member_id: member_id(1),
            display_name: "Novita (contoh)".to_owned(),
            nik: String::new(),
            household: "kk-01".to_owned(),
            status: HouseholdStatus::Miskin as i32,
            joined_on: day_of(1, 1),
        };
        done(self.remote.members().enrol_member(member).await)?;
        let saved = v1::DepositRequest {
            member: format!("{path}/members/{}", member_id(1)),
            request_id: request(JOINS, "simpan"),
            details: on(12, 20),
            kind: v1::SavingsKind::Sukarela as i32,
            amount: rupiah(50_000),
            place: place(PlaceKind::Cash),
        };
        done(self.remote.savings().deposit(saved).await)
    }

    /// Harapan joins the LKM with all it has.
    async fn join(&self) -> Told {
        let request = v1::MoveGroupRequest {
            group: format!("books/{JOINS}/groups/{JOINS}"),
            request_id: request(JOINS, "gabung"),
            details: on(12, 28),
            minute: "BA-J1/2025 (contoh)".to_owned(),
            to_book: format!("books/{BOOK}"),
            new_group_id: JOINS.to_owned(),
        };
        done(self.remote.lifecycle().move_group(request).await)
    }
}
