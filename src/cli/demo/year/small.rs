//! Small groups of invented people beside the ten: each is founded, and its people join.

use super::Year;
use super::requests::{MonthDay, Told, day_of, done, member_id, person, request};
use crate::api::v1::{self, PlaceKind, SavingsKind};

/// A group that is told of from its beginning.
pub(super) struct Small {
    /// The book it is in.
    pub book: &'static str,
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it lives on.
    pub business: &'static str,
    /// How many households it has.
    pub households: u32,
    /// The day its people joined.
    pub since: MonthDay,
    /// Whether it belongs to the LKM from that day on.
    pub linked: bool,
    /// Who is in the register.
    pub members: &'static [&'static str],
}

impl Small {
    /// The id of a request of the group's.
    pub(super) fn asked(&self, step: &str) -> String {
        request(self.id, step)
    }

    pub(super) fn path(&self) -> String {
        format!("books/{}/groups/{}", self.book, self.id)
    }

    pub(super) fn member(&self, number: u32) -> String {
        format!("{}/members/{}", self.path(), member_id(number))
    }

    pub(super) fn loan(&self, id: &str) -> String {
        format!("{}/loans/{id}", self.path())
    }

    pub(super) fn lot(&self, id: &str) -> String {
        format!("{}/lots/{id}", self.path())
    }
}

impl Year<'_> {
    /// The group and its people.
    pub(super) async fn found(&self, small: &Small) -> Told {
        let since = day_of(small.since.0, small.since.1);
        let group = v1::CreateGroupRequest {
            parent: format!("books/{}", small.book),
            request_id: small.asked("daftar"),
            group_id: small.id.to_owned(),
            display_name: small.name.to_owned(),
            business: small.business.to_owned(),
            member_count: small.households,
            linked_on: since.filter(|_| small.linked),
            ..v1::CreateGroupRequest::default()
        };
        done(self.remote.groups().create_group(group).await)?;
        for (number, name) in (1..).zip(small.members) {
            let asked = small.asked(&format!("anggota-{number}"));
            let member = person(small.path(), asked, number, name, since);
            done(self.remote.members().enrol_member(member).await)?;
        }
        Ok(())
    }

    /// Each member brings so much of simpanan pokok two days after they joined.
    pub(super) async fn bring_pokok(&self, small: &Small, much: i64) -> Told {
        let day = (small.since.0, small.since.1 + 2);
        for (number, _) in (1..).zip(small.members) {
            let asked = small.asked(&format!("pokok-{number}"));
            let pokok = (SavingsKind::Pokok, much);
            self.save(small.member(number), asked, day, pokok, PlaceKind::Cash).await?;
        }
        Ok(())
    }
}
