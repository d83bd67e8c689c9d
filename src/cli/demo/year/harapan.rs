//! A group that had a book of its own before it joined the LKM: what Jati Diri passed on to Harapan came
//! into that book, and with it into the LKM's.

use super::kubes::Kube;
use super::requests::{Told, book, done, on, rupiah};
use super::small::Small;
use super::{BOOK, Year};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{self, ConfirmationState, PassChannel, PlaceKind, Regime, SavingsKind};

/// The group, in the book of its own.
const HARAPAN: Small = Small {
    book: "harapan",
    id: "harapan",
    name: "Harapan (contoh)",
    business: "",
    households: 8,
    since: (1, 1),
    linked: false,
    members: &["Novita"],
};

impl Year<'_> {
    /// Jati Diri passes on a million; Harapan has it, and joins the LKM with all it has.
    pub(super) async fn to_a_group_without_lkm(&self, kube: &Kube) -> Told {
        self.found_harapan().await?;
        self.decide(kube, "blps", rupiah(1_000_000), 12).await?;
        let receiver = Receiver::ToOtherBook(HARAPAN.path());
        self.pass(kube, "ke-harapan", receiver, PassChannel::Cash, 1_000_000).await?;
        self.harapan_has_it().await?;
        let (asked, minute) = (HARAPAN.asked("gabung"), "BA-J1/2025 (contoh)");
        self.move_group(HARAPAN.path(), asked, (12, 28), minute, BOOK).await
    }

    /// One member has saved.
    async fn found_harapan(&self) -> Told {
        let name = "Buku KUBE Harapan (contoh)";
        let open = book(HARAPAN.book, name, "", Regime::Unspecified);
        done(self.remote.books().create_book(open).await)?;
        self.found(&HARAPAN).await?;
        let (member, asked) = (HARAPAN.member(1), HARAPAN.asked("simpan"));
        let much = (SavingsKind::Sukarela, 50_000);
        self.save(member, asked, (12, 20), much, PlaceKind::Cash).await
    }

    /// Harapan's treasurer says that what Jati Diri passed on is there.
    async fn harapan_has_it(&self) -> Told {
        let list = v1::ListConfirmationsRequest {
            parent: HARAPAN.path(),
            state: ConfirmationState::Waiting as i32,
            ..v1::ListConfirmationsRequest::default()
        };
        let waiting = self.remote.journal().list_confirmations(list).await?.into_inner();
        for one in waiting.confirmations {
            let confirm = v1::ConfirmReportRequest {
                confirmation: one.name,
                request_id: HARAPAN.asked("guliran-ada"),
                details: on(12, 21),
            };
            done(self.remote.journal().confirm_report(confirm).await)?;
        }
        Ok(())
    }
}
