//! Books, groups and members: what is enrolled, and who is there.

use super::args::{BookAdd, GroupAdd, MemberAdd};
use super::{Client, PAGE, note_warnings};
use crate::api::v1::{
    self, book_service_client::BookServiceClient, group_service_client::GroupServiceClient,
    member_service_client::MemberServiceClient,
};
use crate::cli::convert::{date, date_text, entity, last_part};
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, number, text};

const BOOKS: &[Column] = &[
    text("book", "Buku", "Book"),
    text("name", "Nama", "Name"),
    text("lkm", "LKM", "LKM"),
    text("opened", "Dibuka", "Opened"),
];

const GROUPS: &[Column] = &[
    text("group", "Kelompok", "Group"),
    text("name", "Nama", "Name"),
    text("business", "Usaha", "Business"),
    number("members", "Anggota", "Members"),
    text("village", "Desa/kelurahan", "Village"),
    text("regency", "Kabupaten/kota", "Regency"),
];

const MEMBERS: &[Column] = &[
    text("member", "Anggota", "Member"),
    text("name", "Nama", "Name"),
    text("household", "Keluarga", "Household"),
    text("joined", "Masuk", "Joined"),
    text("left", "Keluar", "Left"),
];

impl Client {
    pub(super) async fn book_add(&self, new: &BookAdd) -> Result<Table, Failure> {
        let regime = match new.lkm.is_empty() {
            true => v1::Regime::Unspecified,
            false => new.regime.regime(),
        };
        let request = v1::CreateBookRequest {
            book_id: self.book.clone(),
            request_id: fresh_request_id(),
            display_name: new.name.clone(),
            lkm_name: new.lkm.clone(),
            regime: regime as i32,
            zone: new.zone.zone() as i32,
            opened_on: date(new.opened_on),
        };
        let mut client = BookServiceClient::new(self.remote.line());
        let answer = client.create_book(request).await.map_err(self.failed())?.into_inner();
        let book = answer.book.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Buku dibuka", "Book opened"), BOOKS);
        table.row(vec![
            last_part(&book.name).to_owned(),
            book.display_name,
            book.lkm_name,
            date_text(book.opened_on.as_ref(), self.language),
        ]);
        Ok(table)
    }

    pub(super) async fn group_add(&self, new: &GroupAdd) -> Result<Table, Failure> {
        let request = v1::CreateGroupRequest {
            parent: format!("books/{}", self.book),
            request_id: fresh_request_id(),
            group_id: new.id.clone(),
            display_name: new.name.clone(),
            founded_year: new.founded,
            business: new.business.clone(),
            member_count: new.members,
            village: new.village.clone(),
            subdistrict: new.subdistrict.clone(),
            regency: new.regency.clone(),
            linked_on: new.linked_on.and_then(date),
            size_minute: new.minute.clone(),
            ..v1::CreateGroupRequest::default()
        };
        let mut client = GroupServiceClient::new(self.remote.line());
        let answer = client.create_group(request).await.map_err(self.failed())?.into_inner();
        let group = answer.group.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Kelompok terdaftar", "Group enrolled"), GROUPS);
        table.row(group_row(&group));
        note_warnings(&mut table, &answer.warnings);
        Ok(table)
    }

    pub(super) async fn groups(&self) -> Result<Table, Failure> {
        let mut client = GroupServiceClient::new(self.remote.line());
        let mut table = Table::new("", GROUPS);
        let ask = async |page_token| {
            let parent = format!("books/{}", self.book);
            let request = v1::ListGroupsRequest { parent, page_size: PAGE, page_token };
            client.list_groups(request).await
        };
        let take = |page: v1::ListGroupsResponse| {
            page.groups.iter().for_each(|group| table.row(group_row(group)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    pub(super) async fn member_add(&self, new: &MemberAdd) -> Result<Table, Failure> {
        let request = v1::EnrolMemberRequest {
            parent: entity(&self.book, &new.entity),
            request_id: fresh_request_id(),
            member_id: new.id.clone(),
            display_name: new.name.clone(),
            nik: new.nik.clone(),
            household: new.household.clone(),
            status: new.status.status() as i32,
            joined_on: new.joined_on.and_then(date),
        };
        let mut client = MemberServiceClient::new(self.remote.line());
        let answer = client.enrol_member(request).await.map_err(self.failed())?.into_inner();
        let member = answer.member.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(self.say("Anggota terdaftar", "Member enrolled"), MEMBERS);
        table.row(self.member_row(&member));
        note_warnings(&mut table, &answer.warnings);
        Ok(table)
    }

    pub(super) async fn members(&self, of: &str) -> Result<Table, Failure> {
        let mut client = MemberServiceClient::new(self.remote.line());
        let mut table = Table::new("", MEMBERS);
        let ask = async |page_token| {
            let parent = entity(&self.book, of);
            let request = v1::ListMembersRequest { parent, page_size: PAGE, page_token };
            client.list_members(request).await
        };
        let take = |page: v1::ListMembersResponse| {
            page.members.iter().for_each(|member| table.row(self.member_row(member)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    fn member_row(&self, member: &v1::Member) -> Vec<String> {
        let name = match member.erased {
            true => self.say("(dihapus)", "(erased)"),
            false => member.display_name.clone(),
        };
        vec![
            last_part(&member.name).to_owned(),
            name,
            member.household.clone(),
            date_text(member.joined_on.as_ref(), self.language),
            date_text(member.left_on.as_ref(), self.language),
        ]
    }
}

fn group_row(group: &v1::Group) -> Vec<String> {
    vec![
        last_part(&group.name).to_owned(),
        group.display_name.clone(),
        group.business.clone(),
        group.member_count.to_string(),
        group.village.clone(),
        group.regency.clone(),
    ]
}
