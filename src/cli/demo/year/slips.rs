//! What goes wrong in the books of the ten and is put right: feed entered wrongly, somebody unknown on
//! a sheet, a sheet that came twice, a tin that was short, a line under the wrong member.

use super::Year;
use super::kubes::Kube;
use super::meeting::{brought, tin_before, usual_lines};
use super::requests::{
    MonthDay, Told, done, on, rupiah, savings_of, transaction, voucher, with_memo,
};
use crate::api::v1::{self, ExpenseKind, PlaceKind, SavingsKind};

impl Year<'_> {
    /// Feed is entered wrongly, taken back, and entered again.
    pub(super) async fn wrong_feed(&self, kube: &Kube) -> Told {
        let day = voucher(3, 20, "NT-3/2025 (contoh)");
        self.expense(kube, "pakan-salah", day.clone(), ExpenseKind::Feed, 205_000).await?;
        let (wrong, back) = (kube.asked("pakan-salah"), kube.asked("pakan-batal"));
        self.take_back(&wrong, back, (3, 20), "Salah tulis jumlah (contoh)", 0).await?;
        self.expense(kube, "pakan", day, ExpenseKind::Feed, 250_000).await
    }

    /// The unknown member of April's sheet was the secretary.
    pub(super) async fn was_the_secretary(&self, kube: &Kube) -> Told {
        let line = usual_lines(kube).len() as u32 + 1;
        let clearing = v1::ClearSuspenseRequest {
            transaction: transaction(&kube.asked("lembar-4")),
            request_id: kube.asked("sementara"),
            details: with_memo(5, 12, "Ternyata setoran sekretaris (contoh)"),
            line,
            account: savings_of(&kube.id(), 2),
            amount: rupiah(20_000),
            ..v1::ClearSuspenseRequest::default()
        };
        done(self.remote.journal().clear_suspense(clearing).await)
    }

    /// The ketua's phone sends May's meeting again: it waits and moves nothing.
    pub(super) async fn second_phone(&self, kube: &Kube) -> Told {
        let (lines, before) = (usual_lines(kube), tin_before(kube, 5));
        let cash = (before, before + brought(&lines));
        let day = (on(5, 10), "5b".to_owned());
        self.sheet(kube.path(), kube.asked("lembar-5-ketua"), day, lines, cash).await
    }

    /// In December that sheet is thrown away.
    pub(super) async fn throw_away(&self, kube: &Kube) -> Told {
        let discard = v1::DiscardSheetRequest {
            sheet: format!("{}/pending-sheets/{}", kube.path(), kube.asked("lembar-5-ketua")),
            request_id: kube.asked("lembar-buang"),
            details: with_memo(12, 21, "Terkirim dua kali (contoh)"),
        };
        done(self.remote.meetings().discard_sheet(discard).await)
    }

    /// The treasurer makes good what was short in July.
    pub(super) async fn shortage(&self, kube: &Kube) -> Told {
        let decision = v1::DecideDifferenceRequest {
            entity: kube.path(),
            request_id: kube.asked("selisih"),
            details: on(7, 20),
            amount: rupiah(5_000),
            officer: kube.member(3),
            drawer: String::new(),
        };
        done(self.remote.cash().decide_difference(decision).await)
    }

    /// The last line of December's sheet was another member's: that line alone is taken back.
    pub(super) async fn wrong_line(&self, kube: &Kube) -> Told {
        let (sheet, back) = (kube.asked("lembar-12"), kube.asked("baris-batal"));
        let last = usual_lines(kube).len() as u32;
        self.take_back(&sheet, back, (12, 20), "Tertulis pada anggota lain (contoh)", last).await?;
        let much = (SavingsKind::Sukarela, 20_000);
        self.save(kube.member(5), kube.asked("baris-benar"), (12, 20), much, PlaceKind::Cash).await
    }

    /// What a request recorded is reversed; only one line of it where one is named.
    pub(super) async fn take_back(
        &self,
        wrong: &str,
        request_id: String,
        (month, day): MonthDay,
        why: &str,
        line: u32,
    ) -> Told {
        let reversal = v1::ReverseTransactionRequest {
            transaction: transaction(wrong),
            request_id,
            details: with_memo(month, day, why),
            line,
        };
        done(self.remote.journal().reverse_transaction(reversal).await)
    }
}
