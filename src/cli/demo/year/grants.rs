//! What becomes of the grants: received, planned, spent, accounted for, passed on to the third
//! generation.

use super::Year;
use super::kubes::Kube;
use super::requests::{Told, day_of, done, group, minute, on, place, rupiah, voucher};
use crate::api::google_type::Money;
use crate::api::v1::{self, BudgetSource, ExpenseKind, Fund, LossCause, PlaceKind};
use crate::cli::convert::decimal;

impl Year<'_> {
    pub(super) async fn grant(&self, kube: &Kube) -> Told {
        let grant = v1::ReceiveGrantRequest {
            group: kube.path(),
            request_id: kube.asked("hibah"),
            details: on(2, 3),
            grant_id: "blps".to_owned(),
            programme: "BLPS (contoh)".to_owned(),
            source: BudgetSource::Blps as i32,
            decree_number: "SK-12/2025 (contoh)".to_owned(),
            restricted: true,
            channel: rupiah(20_000_000).map(v1::receive_grant_request::Channel::Lkm),
            payment_order: "SP2D-7/2025 (contoh)".to_owned(),
            bank_line: String::new(),
            aid_kind: "uang".to_owned(),
        };
        done(self.remote.grants().receive_grant(grant).await)?;
        self.plan(kube).await?;
        let draw = v1::WithdrawAtLkmRequest {
            group: kube.path(),
            request_id: kube.asked("tarik"),
            details: on(2, 4),
            fund: Fund::Uep as i32,
            amount: rupiah(12_000_000),
            kube_place: place(PlaceKind::Cash),
            lkm_place: place(PlaceKind::Bank),
        };
        done(self.remote.savings().withdraw_at_lkm(draw).await)?;
        self.purchase(kube).await?;
        let cost = if kube.keeps_livestock() { ExpenseKind::Feed } else { ExpenseKind::Transport };
        self.expense(kube, "biaya", voucher(2, 6, "NT-2/2025 (contoh)"), cost, 500_000).await
    }

    async fn plan(&self, kube: &Kube) -> Told {
        let line = |line_id: &str, label: &str, much| v1::PlanLine {
            line_id: line_id.to_owned(),
            label: label.to_owned(),
            amount: rupiah(much),
            spent: None,
        };
        let (_, label, ..) = kube.stock();
        let plan = v1::SetGrantPlanRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked("rencana"),
            details: on(2, 3),
            plan: vec![
                line("modal", label, 12_000_000),
                line("biaya", "pakan, angkutan dan lainnya", 8_000_000),
            ],
        };
        done(self.remote.grants().set_grant_plan(plan).await)
    }

    async fn purchase(&self, kube: &Kube) -> Told {
        let (kind, label, unit, quantity) = kube.stock();
        let lot = v1::NewLot {
            lot_id: "modal".to_owned(),
            kind: kind as i32,
            label: label.to_owned(),
            unit: unit.to_owned(),
            quantity: decimal(quantity * 1000),
            cost: rupiah(8_000_000),
        };
        let purchase = v1::PurchaseRequest {
            entity: kube.path(),
            request_id: kube.asked("beli"),
            details: voucher(2, 5, "NT-1/2025 (contoh)"),
            fund: Fund::Uep as i32,
            items: vec![lot],
            payment: place(PlaceKind::Cash).map(v1::purchase_request::Payment::PaidFrom),
            grant: kube.grant("blps"),
            plan_line: "modal".to_owned(),
        };
        done(self.remote.trade().purchase(purchase).await)
    }

    pub(super) async fn expense(
        &self,
        kube: &Kube,
        step: &str,
        details: Option<v1::TransactionDetails>,
        kind: ExpenseKind,
        much: i64,
    ) -> Told {
        let expense = v1::PayExpenseRequest {
            entity: kube.path(),
            request_id: kube.asked(step),
            details,
            fund: Fund::Uep as i32,
            kind: kind as i32,
            amount: rupiah(much),
            place: place(PlaceKind::Cash),
            grant: kube.grant("blps"),
            plan_line: "biaya".to_owned(),
            lot: String::new(),
        };
        done(self.remote.trade().pay_expense(expense).await)
    }

    pub(super) async fn lpj(&self, kube: &Kube) -> Told {
        let lpj = v1::AcceptLpjRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked("lpj"),
            details: minute(6, 16, "BA-LPJ-06/2025 (contoh)"),
        };
        done(self.remote.grants().accept_lpj(lpj).await)
    }

    /// A quarter of what the grant bought is sold.
    pub(super) async fn sale(&self, kube: &Kube) -> Told {
        let (.., quantity) = kube.stock();
        let sale = v1::SellRequest {
            entity: kube.path(),
            request_id: kube.asked("jual"),
            details: on(8, 5),
            fund: Fund::Uep as i32,
            price: rupiah(3_500_000),
            proceeds: place(PlaceKind::Cash).map(v1::sell_request::Proceeds::PaidTo),
            lot: kube.lot("modal"),
            quantity: decimal(quantity * 1000 / 4),
        };
        done(self.remote.trade().sell(sale).await)
    }

    pub(super) async fn births_and_a_death(&self, kube: &Kube) -> Told {
        let (_, label, ..) = kube.stock();
        let born = v1::RecordBirthRequest {
            entity: kube.path(),
            request_id: kube.asked("lahir"),
            details: on(9, 1),
            fund: Fund::Uep as i32,
            lot_id: "anak".to_owned(),
            label: label.to_owned(),
            heads: 4,
        };
        done(self.remote.trade().record_birth(born).await)?;
        let lost = v1::RecordLossRequest {
            lot: kube.lot("modal"),
            request_id: kube.asked("mati"),
            details: on(9, 3),
            fund: Fund::Uep as i32,
            heads: 1,
            cause: LossCause::Died as i32,
        };
        done(self.remote.trade().record_loss(lost).await)
    }

    /// Tunas Baru passes on by its rule: money from its savings, and two of its own piglets.
    pub(super) async fn pass_on(&self, kube: &Kube) -> Told {
        let rule = v1::SetGuliranRuleRequest {
            group: kube.path(),
            request_id: kube.asked("aturan-guliran"),
            details: minute(11, 15, "BA-G1/2025 (contoh)"),
            rule: Some(v1::GuliranRule {
                since: day_of(1, 1),
                share_percent: decimal(30_000),
                due_months: 12,
            }),
        };
        done(self.remote.guliran().set_guliran_rule(rule).await)?;
        self.decide(kube, "blps", None, 11).await?;
        let piglets = v1::PassItem {
            lot: kube.lot("anak"),
            quantity: decimal(2_000),
            value: rupiah(2_000_000),
            new_lot_id: "guliran".to_owned(),
        };
        self.deliver(kube, "blps", "kasih", 11, 4_000_000, vec![piglets]).await?;
        let confirm = v1::ConfirmGuliranRequest {
            pass: kube.pass("ke-kasih"),
            request_id: kube.asked("guliran-tiba"),
            details: on(11, 21),
            receiver: group("kasih"),
            state: v1::ArrivalState::Confirmed as i32,
        };
        done(self.remote.guliran().confirm_guliran(confirm).await)
    }

    /// Kasih loses a piglet, passes a part on to the third generation, and is excused from another.
    pub(super) async fn pass_on_again(&self, kube: &Kube) -> Told {
        let grant = kube.grant("guliran-tunas-baru");
        let loss = v1::LoseGrantRequest {
            grant: grant.clone(),
            request_id: kube.asked("guliran-mati"),
            details: minute(12, 14, "BA-G2/2025 (contoh)"),
            loss: Some(v1::lose_grant_request::Loss::Things(v1::LostThings {
                lot: kube.lot("guliran"),
                quantity: decimal(1_000),
                cause: LossCause::Died as i32,
            })),
        };
        done(self.remote.grants().lose_grant(loss).await)?;
        self.decide(kube, "guliran-tunas-baru", rupiah(3_000_000), 12).await?;
        self.deliver(kube, "guliran-tunas-baru", "robadeo", 12, 2_000_000, Vec::new()).await?;
        let excuse = v1::ExcuseGuliranRequest {
            grant,
            request_id: kube.asked("guliran-bebas"),
            details: minute(12, 20, "BA-G4/2025 (contoh)"),
            amount: rupiah(500_000),
        };
        done(self.remote.guliran().excuse_guliran(excuse).await)
    }

    pub(super) async fn decide(
        &self,
        kube: &Kube,
        grant: &str,
        much: Option<Money>,
        month: i32,
    ) -> Told {
        let decision = v1::DecideGuliranRequest {
            grant: kube.grant(grant),
            request_id: kube.asked("guliran-putusan"),
            details: minute(month, 15, "BA-G1/2025 (contoh)"),
            amount: much,
            due_on: None,
        };
        done(self.remote.guliran().decide_guliran(decision).await)
    }

    async fn deliver(
        &self,
        kube: &Kube,
        grant: &str,
        to: &str,
        month: i32,
        much: i64,
        items: Vec<v1::PassItem>,
    ) -> Told {
        let pass = v1::DeliverGuliranRequest {
            grant: kube.grant(grant),
            request_id: kube.asked("guliran-serah"),
            details: minute(month, 18, "BA-G3/2025 (contoh)"),
            pass_id: format!("ke-{to}"),
            receiver: Some(v1::deliver_guliran_request::Receiver::ToGroup(v1::ReceivingGroup {
                group: group(to),
                grant_id: format!("guliran-{}", kube.id()),
            })),
            channel: v1::PassChannel::Savings as i32,
            cash: rupiah(much),
            items,
            before_books: false,
            reported: false,
        };
        done(self.remote.guliran().deliver_guliran(pass).await)
    }
}
