//! The registers: groups, members, officers, meetings, third parties, drawers.
//!
//! Names, NIK and free text reach this file only as commitments.

use crate::domain::account::{Ledger, Subject};
use crate::domain::chart::{CHART, FUNDS, SubjectKind, fund_allowed};
use crate::domain::day::Day;
use crate::domain::decide::Action;
use crate::domain::draft::{Draft, Stop};
use crate::domain::id::{Entity, Id, LKM, RowName};
use crate::domain::loan::case::{Borrower, open_loans};
use crate::domain::loan::syirkah::open_contracts;
use crate::domain::person::check_not_erased;
use crate::domain::record::proto::{
    Drawer, Group, Link, Meeting, Member, Office, Officer, Party, PartyKind, Stage, StageSince,
    Status,
};
use crate::domain::record::{Event, Row};
use crate::domain::refusal::{Reason, Refusal};
use crate::domain::term::open_deposits;

/// The guideline's size of a KUBE: 5 to 10 households. Real groups of 20 exist by their own
/// decision, so this only ever warns.
const USUAL_SIZE: std::ops::RangeInclusive<u32> = 5..=10;

/// Registers a KUBE.
#[derive(Clone, Debug)]
pub struct CreateGroup {
    /// Its id; also the entity of its ledger.
    pub group: Id,
    /// What the register says of it, its stages and link included.
    pub row: Group,
}

impl Action for CreateGroup {
    fn event(&self) -> Event {
        Event::GroupCreated
    }

    /// Errors: `ALREADY_EXISTS`, `NO_LKM` for a link in a book without LKM.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = RowName::group(&self.group);
        if self.group.as_str() == LKM {
            return Err(Refusal::new(Reason::AlreadyExists)
                .on("group_id")
                .with("name", name)
                .into());
        }
        if !self.row.links.is_empty() && draft.book().lkm_name.is_empty() {
            return Err(Refusal::new(Reason::NoLkm).on("linked_on").into());
        }
        for stage in &self.row.stages {
            draft.not_future(Day::new(stage.since), "stage_since")?;
        }
        for link in &self.row.links {
            draft.not_future(Day::new(link.since), "linked_on")?;
        }
        flag_size(draft, self.row.member_count, &self.row.size_minute);
        draft.create(name, Row::Group(self.row.clone()), "group_id")
    }
}

fn flag_size(draft: &mut Draft<'_>, count: u32, minute: &str) {
    if USUAL_SIZE.contains(&count) {
        return;
    }
    draft.flag(Refusal::new(Reason::GroupSize).with("count", count));
    if minute.is_empty() {
        draft.flag(Refusal::new(Reason::GroupSizeUndecided));
    }
}

/// Records that a KUBE has entered another stage.
#[derive(Clone, Debug)]
pub struct ChangeStage {
    /// Which KUBE.
    pub group: Id,
    /// The stage.
    pub stage: Stage,
    /// Since when.
    pub since: Day,
}

impl Action for ChangeStage {
    fn event(&self) -> Event {
        Event::StageChanged
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.not_future(self.since, "since")?;
        let mut row = draft.group(&self.group, "group")?;
        if let Some(last) = row.stages.last() {
            after_last(self.since, last.since, "since")?;
        }
        row.stages.push(StageSince { stage: self.stage as i32, since: self.since.get() });
        draft.put(RowName::group(&self.group), Row::Group(row));
        Ok(())
    }
}

/// Checks that a day comes after the last one recorded. Errors: `NOT_AFTER_LAST`.
pub fn after_last(day: Day, last: i32, field: &str) -> Result<(), Refusal> {
    if day.get() > last {
        return Ok(());
    }
    let refusal = Refusal::new(Reason::NotAfterLast).on(field).with("date", day);
    Err(refusal.with("last", Day::new(last)))
}

/// Puts a member into an office; whoever held it leaves it that day.
#[derive(Clone, Debug)]
pub struct AppointOfficer {
    /// Which KUBE.
    pub group: Id,
    /// The office.
    pub office: Office,
    /// The member.
    pub member: Id,
    /// First day.
    pub since: Day,
}

impl Action for AppointOfficer {
    fn event(&self) -> Event {
        Event::OfficerAppointed
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NOT_FOUND`, `OFFICE_TAKEN` when the member holds it already, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        draft.not_future(self.since, "since")?;
        draft.member(&entity, &self.member, "member")?;
        let mut row = draft.group(&self.group, "group")?;
        let holds =
            |officer: &&mut Officer| officer.office == self.office as i32 && officer.until == 0;
        if let Some(holder) = row.officers.iter_mut().find(holds) {
            if holder.member == self.member.as_str() {
                let refusal = Refusal::new(Reason::OfficeTaken).on("member");
                return Err(refusal.with("member", &self.member).into());
            }
            after_last(self.since, holder.since, "since")?;
            holder.until = self.since.get();
        }
        row.officers.push(Officer {
            office: self.office as i32,
            member: self.member.as_str().to_owned(),
            since: self.since.get(),
            until: 0,
        });
        draft.put(RowName::group(&self.group), Row::Group(row));
        Ok(())
    }
}

/// Ties a KUBE to the book's LKM from a day on, or ends the tie on a day.
#[derive(Clone, Debug)]
pub struct ChangeLink {
    /// Which KUBE.
    pub group: Id,
    /// Whether the tie begins or ends.
    pub linked: bool,
    /// The day.
    pub on: Day,
}

impl Action for ChangeLink {
    fn event(&self) -> Event {
        Event::LinkChanged
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    /// Errors: `NO_LKM`, `NOT_LINKED` when there is no tie to end, `NOT_AFTER_LAST`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        if draft.book().lkm_name.is_empty() {
            return Err(Refusal::new(Reason::NoLkm).on("group").into());
        }
        draft.not_future(self.on, "on")?;
        let mut row = draft.group(&self.group, "group")?;
        let last = row.links.last_mut();
        match (self.linked, last) {
            (true, Some(link)) if link.until == 0 => {
                let refusal = Refusal::new(Reason::AlreadyLinked).on("group");
                return Err(refusal.with("group", &self.group).into());
            }
            (true, last) => {
                let until = last.map_or(i32::MIN, |link| link.until - 1);
                after_last(self.on, until, "on")?;
                row.links.push(Link { since: self.on.get(), until: 0 });
            }
            (false, Some(link)) if link.until == 0 => {
                after_last(self.on, link.since, "on")?;
                link.until = self.on.get();
            }
            (false, _) => {
                let refusal = Refusal::new(Reason::NotLinked).on("group");
                return Err(refusal.with("group", &self.group).with("date", self.on).into());
            }
        }
        draft.put(RowName::group(&self.group), Row::Group(row));
        Ok(())
    }
}

/// Enrols a member of a KUBE, or a customer of the LKM.
#[derive(Clone, Debug)]
pub struct EnrolMember {
    /// Whose member.
    pub entity: Entity,
    /// The member's id.
    pub member: Id,
    /// What the register says.
    pub row: Member,
}

impl Action for EnrolMember {
    fn event(&self) -> Event {
        Event::MemberEnrolled
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.not_future(Day::new(self.row.joined_on), "joined_on")?;
        let name = RowName::of(&self.entity, "members", self.member.as_str());
        draft.create(name, Row::Member(self.row.clone()), "member_id")?;
        count_members(draft, &self.entity, 1)
    }
}

fn count_members(draft: &mut Draft<'_>, entity: &Entity, change: i32) -> Result<(), Stop> {
    let Entity::Kube(group) = entity else {
        return Ok(());
    };
    let mut row = draft.group(group, "group")?;
    row.enrolled = row.enrolled.saturating_add_signed(change);
    if row.enrolled > *USUAL_SIZE.end() {
        flag_size(draft, row.enrolled, &row.size_minute);
    }
    draft.put(RowName::group(group), Row::Group(row));
    Ok(())
}

/// Changes what the register says of a member; what is none stays as it is.
#[derive(Clone, Debug)]
pub struct UpdateMember {
    /// Whose member.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// Commitment to a new name.
    pub name: Option<Vec<u8>>,
    /// Commitment to a new NIK.
    pub nik: Option<Vec<u8>>,
    /// Another household number.
    pub household: Option<String>,
    /// Another household status.
    pub status: Option<Status>,
}

impl Action for UpdateMember {
    fn event(&self) -> Event {
        Event::MemberUpdated
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `MEMBER_ERASED`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let mut row = draft.member(&self.entity, &self.member, "member")?;
        check_not_erased(&self.member, &row)?;
        row.name = self.name.clone().unwrap_or(row.name);
        row.nik = self.nik.clone().unwrap_or(row.nik);
        row.household = self.household.clone().unwrap_or(row.household);
        row.status = self.status.map_or(row.status, |status| status as i32);
        let name = RowName::of(&self.entity, "members", self.member.as_str());
        draft.put(name, Row::Member(row));
        Ok(())
    }
}

/// Records that a member has left. Their money must be settled first.
#[derive(Clone, Debug)]
pub struct EndMembership {
    /// Whose member.
    pub entity: Entity,
    /// The member.
    pub member: Id,
    /// First day no longer a member.
    pub left_on: Day,
}

impl Action for EndMembership {
    fn event(&self) -> Event {
        Event::MemberLeft
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `NOT_FOUND`, `NOT_MEMBER_THEN` when they have left already, `NOT_AFTER_LAST` for a
    /// day before they joined, `MEMBER_OWES`, `DEPOSIT_OPEN`, `MEMBER_HAS_BALANCE`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        draft.not_future(self.left_on, "left_on")?;
        let mut row = draft.member(&self.entity, &self.member, "member")?;
        if row.left_on != 0 {
            let refusal = Refusal::new(Reason::NotMemberThen).on("member");
            return Err(refusal.with("member", &self.member).with("date", self.left_on).into());
        }
        after_last(self.left_on, row.joined_on, "left_on")?;
        check_settled(draft, &self.entity, &self.member)?;
        row.left_on = self.left_on.get();
        let name = RowName::of(&self.entity, "members", self.member.as_str());
        draft.put(name, Row::Member(row));
        count_members(draft, &self.entity, -1)
    }
}

/// Checks that a member holds and owes no money.
///
/// Errors: `MEMBER_OWES`, `DEPOSIT_OPEN`, `MEMBER_HAS_BALANCE`.
pub(super) fn check_settled(draft: &Draft<'_>, entity: &Entity, member: &Id) -> Result<(), Stop> {
    let borrower = Borrower::Member(member.clone());
    if let Some(loan) = open_loans(draft, entity, &borrower)?.first() {
        let refusal = Refusal::new(Reason::MemberOwes).on("member");
        return Err(refusal.with("member", member).with("loan", loan).into());
    }
    if *entity == Entity::Lkm
        && let Some(contract) = open_contracts(draft, &borrower)?.first()
    {
        let refusal = Refusal::new(Reason::MemberOwes).on("member");
        return Err(refusal.with("member", member).with("loan", contract).into());
    }
    if let Some(deposit) = open_deposits(draft, entity, member)?.into_iter().next() {
        let refusal = Refusal::new(Reason::DepositOpen).on("member");
        return Err(refusal.with("member", member).with("deposit", deposit).into());
    }
    for fund in FUNDS.iter().filter(|fund| fund_allowed(entity, **fund)) {
        let ledger = Ledger::new(entity.clone(), *fund);
        let personal = CHART.iter().filter(|line| line.subject == SubjectKind::Member);
        for line in personal.filter(|line| line.code.belongs_to(entity)) {
            let account = ledger.account_of(line.code, Subject::id(member));
            let held = draft.held(&account)?;
            if !held.is_zero() {
                let refusal = Refusal::new(Reason::MemberHasBalance).on("member");
                let refusal = refusal.with("member", member);
                return Err(refusal.with("held", held.get()).into());
            }
        }
    }
    Ok(())
}

/// Records a meeting, held on the day of the request.
#[derive(Clone, Debug)]
pub struct RecordMeeting {
    /// Which KUBE.
    pub group: Id,
    /// The meeting's id.
    pub meeting: Id,
    /// Members present.
    pub attendees: Vec<Id>,
    /// How many others were present.
    pub guests: u32,
    /// Commitment to the agenda, empty if none.
    pub agenda: Vec<u8>,
    /// Commitment to the decisions, empty if none.
    pub decisions: Vec<u8>,
}

impl Action for RecordMeeting {
    fn event(&self) -> Event {
        Event::MeetingRecorded
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Kube(self.group.clone()))
    }

    fn bulk(&self) -> &'static str {
        "attendees"
    }

    /// Errors: `NOT_FOUND` for an unknown attendee, `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let entity = Entity::Kube(self.group.clone());
        for (index, member) in self.attendees.iter().enumerate() {
            let attendee = draft.member(&entity, member, "");
            attendee.map_err(|stop| stop.within("attendees", index))?;
        }
        let row = Meeting {
            held_on: draft.frame().happened_on.get(),
            attendees: self.attendees.iter().map(Id::to_string).collect(),
            guests: self.guests,
            agenda: self.agenda.clone(),
            decisions: self.decisions.clone(),
        };
        draft.create(meeting_name(&self.group, &self.meeting), Row::Meeting(row), "meeting_id")
    }
}

/// The name of a group's meeting.
pub fn meeting_name(group: &Id, meeting: &Id) -> RowName {
    RowName::of(&Entity::Kube(group.clone()), "meetings", meeting.as_str())
}

/// Registers a third party of an entity.
#[derive(Clone, Debug)]
pub struct CreateParty {
    /// Whose.
    pub entity: Entity,
    /// Its id.
    pub party: Id,
    /// What it is to the entity.
    pub kind: PartyKind,
    /// Commitment to its name.
    pub name: Vec<u8>,
}

impl Action for CreateParty {
    fn event(&self) -> Event {
        Event::PartyCreated
    }

    fn entity(&self) -> Option<Entity> {
        Some(self.entity.clone())
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let name = RowName::of(&self.entity, "parties", self.party.as_str());
        let row = Party { kind: self.kind as i32, name: self.name.clone() };
        draft.create(name, Row::Party(row), "party_id")
    }
}

/// Registers a teller's drawer, or a collector's bag, at the LKM.
#[derive(Clone, Debug)]
pub struct CreateDrawer {
    /// Its id.
    pub drawer: Id,
    /// A plain label.
    pub label: String,
    /// Whether it is a collector's bag.
    pub collector: bool,
}

impl Action for CreateDrawer {
    fn event(&self) -> Event {
        Event::DrawerCreated
    }

    fn entity(&self) -> Option<Entity> {
        Some(Entity::Lkm)
    }

    /// Errors: `ALREADY_EXISTS`.
    fn post(&self, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let row =
            Drawer { label: self.label.clone(), collector: self.collector, ..Drawer::default() };
        draft.create(RowName::new("drawers", self.drawer.as_str()), Row::Drawer(row), "drawer_id")
    }
}
