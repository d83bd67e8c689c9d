//! Small groups of invented people beside the ten: found, its people enrolled.

use super::{BOOK, Told, Year, day_of, done, member_id, on, place, request, rupiah};
use crate::api::v1::{self, HouseholdStatus, PlaceKind, SavingsKind};

/// A month and a day of the year.
pub(super) type MonthDay = (i32, i32);

/// A group of five households.
pub(super) struct Small {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it lives on.
    pub business: &'static str,
    /// The day its people joined.
    pub since: MonthDay,
    /// Whether it belongs to the LKM from that day on.
    pub linked: bool,
    /// Who is in the register.
    pub members: &'static [&'static str],
}

impl Small {
    pub(super) fn path(&self) -> String {
        format!("books/{BOOK}/groups/{}", self.id)
    }

    pub(super) fn member(&self, number: u32) -> String {
        format!("{}/members/{}", self.path(), member_id(number))
    }

    pub(super) fn loan(&self, id: &str) -> String {
        format!("{}/loans/{id}", self.path())
    }
}

impl Year<'_> {
    /// The group and its people.
    pub(super) async fn found(&self, small: &Small) -> Told {
        let since = day_of(small.since.0, small.since.1);
        let group = v1::CreateGroupRequest {
            parent: format!("books/{BOOK}"),
            request_id: request(small.id, "daftar"),
            group_id: small.id.to_owned(),
            display_name: small.name.to_owned(),
            business: small.business.to_owned(),
            member_count: 5,
            linked_on: since.filter(|_| small.linked),
            ..v1::CreateGroupRequest::default()
        };
        done(self.remote.groups().create_group(group).await)?;
        for (number, name) in (1..).zip(small.members) {
            let enrol = v1::EnrolMemberRequest {
                parent: small.path(),
                request_id: request(small.id, &format!("anggota-{number}")),
                member_id: member_id(number),
                display_name: format!("{name} (contoh)"),
                nik: String::new(),
                household: format!("kk-{number:02}"),
                status: HouseholdStatus::Miskin as i32,
                joined_on: since,
            };
            done(self.remote.members().enrol_member(enrol).await)?;
        }
        Ok(())
    }

    /// Each member brings so much of simpanan pokok two days after they joined.
    pub(super) async fn bring_pokok(&self, small: &Small, much: i64) -> Told {
        for (number, _) in (1..).zip(small.members) {
            let pokok = v1::DepositRequest {
                member: small.member(number),
                request_id: request(small.id, &format!("pokok-{number}")),
                details: on(small.since.0, small.since.1 + 2),
                kind: SavingsKind::Pokok as i32,
                amount: rupiah(much),
                place: place(PlaceKind::Cash),
            };
            done(self.remote.savings().deposit(pokok).await)?;
        }
        Ok(())
    }
}
