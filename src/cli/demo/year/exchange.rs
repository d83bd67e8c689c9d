//! Capital that goes on to a group of another installation: Pelita Kasih passes on twice to fishers of
//! Rote, whose LKM keeps its book on a server of its own. The first pass goes there as a file and its
//! receipt comes back, though the fishers count less at first; the second is still on its way when the
//! year ends.
//!
//! **Invariant**: what has arrived is not carried again, so that telling the year again changes
//! nothing on either server.

use super::kubes::Kube;
use super::requests::{Told, book, day_of, done, minute, on, request, rupiah, with_memo};
use super::{BOOK, Year};
use crate::api::v1::deliver_guliran_request::Receiver;
use crate::api::v1::{self, PassChannel, Regime};
use crate::cli::remote::Remote;

/// The other installation's book.
pub const ROTE: &str = "rote";
const FISHERS: &str = "nelayan";
/// The pass that arrives.
const ARRIVES: &str = "ke-rote-1";

fn fishers() -> String {
    format!("books/{ROTE}/groups/{FISHERS}")
}

impl Year<'_> {
    /// In December.
    pub(super) async fn exchange(&self, kube: &Kube) -> Told {
        self.decide(kube, "blps", rupiah(800_000), 12).await?;
        self.send(kube, ARRIVES, 20, 500_000).await?;
        self.send(kube, "ke-rote-2", 28, 300_000).await?;
        let name = kube.pass(ARRIVES);
        let pass = v1::GetPassRequest { name: name.clone() };
        let pass = self.remote.guliran().get_pass(pass).await?.into_inner().pass;
        if pass.is_some_and(|pass| !pass.arrivals.is_empty()) {
            return Ok(());
        }
        let file = v1::ExportTransferRequest { pass: name };
        let file = self.remote.guliran().export_transfer(file).await?.into_inner();
        found_rote(self.elsewhere).await?;
        let taken = v1::ImportTransferRequest {
            book: format!("books/{ROTE}"),
            request_id: request(ROTE, "guliran-terima"),
            details: on(12, 27),
            file: file.file,
            code: file.code,
        };
        let taken = self.elsewhere.guliran().import_transfer(taken).await?.into_inner();
        self.count_again().await?;
        let heard = v1::AcknowledgeTransferRequest {
            book: format!("books/{}", BOOK),
            request_id: request(ROTE, "tanda-terima"),
            details: on(12, 29),
            receipt: taken.receipt,
            code: taken.receipt_code,
        };
        done(self.remote.guliran().acknowledge_transfer(heard).await)
    }

    /// The fishers say that it is less than it says; counted again with their LKM, it is not.
    async fn count_again(&self) -> Told {
        let report = request(ROTE, "guliran-terima");
        let dispute = v1::DisputeReportRequest {
            confirmation: format!("{}/confirmations/{report}", fishers()),
            request_id: request(ROTE, "guliran-sanggah"),
            details: on(12, 27),
            reason: "Terhitung baru Rp400.000 (contoh)".to_owned(),
        };
        done(self.elsewhere.of("bendahara").journal().dispute_report(dispute).await)?;
        let decide = v1::DecideReviewRequest {
            review: format!("books/{ROTE}/reviews/{report}"),
            request_id: request(ROTE, "guliran-dihitung"),
            details: with_memo(12, 28, "Dihitung bersama: Rp500.000 (contoh)"),
        };
        done(self.elsewhere.journal().decide_review(decide).await)
    }

    async fn send(&self, kube: &Kube, pass: &str, day: i32, much: i64) -> Told {
        let deliver = v1::DeliverGuliranRequest {
            grant: kube.grant("blps"),
            request_id: kube.asked(pass),
            details: minute(12, day, "BA-G8/2025 (contoh)"),
            pass_id: pass.to_owned(),
            receiver: Some(Receiver::ToOtherBook(fishers())),
            channel: PassChannel::Cash as i32,
            cash: rupiah(much),
            ..v1::DeliverGuliranRequest::default()
        };
        done(self.remote.guliran().deliver_guliran(deliver).await)
    }
}

/// The other installation: an LKM with one group.
async fn found_rote(elsewhere: &Remote) -> Told {
    let open = book(ROTE, "Buku LKM Rote (contoh)", "LKM Rote (contoh)", Regime::Koperasi);
    done(elsewhere.books().create_book(open).await)?;
    let group = v1::CreateGroupRequest {
        parent: format!("books/{ROTE}"),
        request_id: request(ROTE, "daftar"),
        group_id: FISHERS.to_owned(),
        display_name: "Nelayan Rote (contoh)".to_owned(),
        business: "perikanan".to_owned(),
        member_count: 6,
        linked_on: day_of(1, 1),
        ..v1::CreateGroupRequest::default()
    };
    done(elsewhere.groups().create_group(group).await)
}
