//! The registers: what was written is read back, warnings come with the answer.

use simpul::api::v1::*;
use simpul::cli::remote::fresh_request_id;

use crate::on_both;
use crate::town::{A, BOOK, LKM, Server, Town, cash, date, enrol, idr, on, place, units, why};

on_both!(
    twenty_members_are_accepted_with_a_warning,
    a_member_is_enrolled_changed_and_leaves,
    groups_meetings_parties_and_drawers_are_read_back,
    trade_on_credit_and_in_kind,
    what_is_erased_is_gone_and_said_to_be_gone,
);

async fn twenty_members_are_accepted_with_a_warning(server: &Server) {
    let town = Town::found(server).await;
    let request = CreateGroupRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        group_id: "kasih".to_owned(),
        display_name: "Kasih (contoh)".to_owned(),
        founded_year: 2008,
        business: "Peternakan babi".to_owned(),
        village: "Kelurahan Manutapen".to_owned(),
        subdistrict: "Alak".to_owned(),
        regency: "Kota Kupang".to_owned(),
        member_count: 20,
        stage: Stage::Berkembang as i32,
        stage_since: date(2025, 1, 1),
        size_minute: "BA-3/contoh".to_owned(),
        notes: "catatan (contoh)".to_owned(),
        ..CreateGroupRequest::default()
    };
    let made = town.groups().create_group(request).await.expect("accepted").into_inner();
    let reasons: Vec<_> = made.warnings.iter().map(|warning| warning.reason.as_str()).collect();
    assert_eq!(reasons, ["GROUP_SIZE"]);
    let group = made.group.expect("set");
    assert_eq!(group.size_minute, "BA-3/contoh", "the decision is on record");
    assert_eq!((group.founded_year, group.member_count), (2008, 20));
    let written = [&group.business, &group.village, &group.subdistrict, &group.regency];
    assert_eq!(written, ["Peternakan babi", "Kelurahan Manutapen", "Alak", "Kota Kupang"]);
    let request = GetGroupRequest { name: group.name.clone() };
    let found = town.groups().get_group(request).await.expect("found").into_inner();
    assert_eq!(found.group.as_ref(), Some(&group));
    assert_eq!((group.notes.as_str(), group.erased), ("catatan (contoh)", false));
    assert_eq!(group.stages[0].since, date(2025, 1, 1));
}

async fn a_member_is_enrolled_changed_and_leaves(server: &Server) {
    let town = Town::found(server).await;
    let request = EnrolMemberRequest { nik: "5371010101900001".to_owned(), ..enrol(LKM, "n01") };
    let member = town.members().enrol_member(request).await.expect("enrolled").into_inner();
    let member = member.member.expect("set");
    assert_eq!(
        (member.name.as_str(), member.nik.as_str()),
        ("books/kupang/lkm/members/n01", "53************01")
    );
    let update = UpdateMemberRequest {
        member: member.name.clone(),
        request_id: fresh_request_id(),
        nik: Some(String::new()),
        status: Some(HouseholdStatus::HampirMiskin as i32),
        ..UpdateMemberRequest::default()
    };
    let changed = town.members().update_member(update).await.expect("changed").into_inner();
    let changed = changed.member.expect("set");
    assert_eq!((changed.display_name, changed.nik.as_str()), (member.display_name, ""));
    assert_eq!(changed.status, HouseholdStatus::HampirMiskin as i32);
    assert!(!changed.erased);

    town.deposit("m01", 1_000).await;
    let leave = |member: &str| EndMembershipRequest {
        member: member.to_owned(),
        request_id: fresh_request_id(),
        left_on: date(2025, 3, 3),
    };
    let owed = town.members().end_membership(leave(&format!("{A}/members/m01"))).await;
    assert_eq!(why(&owed.expect_err("money first")).reason, "MEMBER_HAS_BALANCE");
    let left = town.members().end_membership(leave(&member.name)).await.expect("left").into_inner();
    assert_eq!(left.member.expect("set").left_on, date(2025, 3, 3));
    let request = ListMembersRequest { parent: A.to_owned(), page_size: 4, ..Default::default() };
    let page = town.members().list_members(request).await.expect("a page").into_inner();
    assert_eq!(page.members.len(), 4);
    assert_eq!(page.members[0].display_name, "Anggota m01 (contoh)");
}

async fn groups_meetings_parties_and_drawers_are_read_back(server: &Server) {
    let town = Town::found(server).await;
    let appoint = AppointOfficerRequest {
        member: format!("{A}/members/m02"),
        request_id: fresh_request_id(),
        office: Office::Bendahara as i32,
        since: date(2025, 1, 2),
    };
    let group = town.groups().appoint_officer(appoint).await.expect("appointed").into_inner();
    assert_eq!(group.group.expect("set").officers[0].member, format!("{A}/members/m02"));
    let unlink = UnlinkGroupRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        on: date(2025, 2, 1),
    };
    let group = town.groups().unlink_group(unlink).await.expect("unlinked").into_inner();
    assert_eq!(group.group.expect("set").links[0].until, date(2025, 2, 1));
    let link = LinkGroupRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        on: date(2025, 2, 2),
    };
    town.groups().link_group(link).await.expect("linked again");
    let change = ChangeStageRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        stage: Stage::Tumbuh as i32,
        since: date(2025, 1, 1),
    };
    town.groups().change_stage(change).await.expect("changed");

    let meeting = RecordMeetingRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        meeting_id: "rapat-1".to_owned(),
        held_on: date(2025, 2, 10),
        attendee_ids: vec!["m01".to_owned(), "m02".to_owned()],
        guests: 1,
        agenda: "iuran (contoh)".to_owned(),
        decisions: String::new(),
    };
    let made = town.meetings().record_meeting(meeting).await.expect("recorded").into_inner();
    let made = made.meeting.expect("set");
    let request = GetMeetingRequest { name: made.name.clone() };
    let found = town.meetings().get_meeting(request).await.expect("found").into_inner();
    assert_eq!(found.meeting, Some(made.clone()));
    assert_eq!((made.agenda.as_str(), made.erased), ("iuran (contoh)", false));
    let mut request = crate::town::deposit("m01", 1_000);
    request.details.as_mut().expect("set").meeting = made.name.clone();
    let deposited = town.savings().deposit(request).await.expect("deposited").into_inner();
    assert_eq!(deposited.transaction.expect("set").meeting, made.name);

    let drawer = CreateDrawerRequest {
        parent: BOOK.to_owned(),
        request_id: fresh_request_id(),
        drawer_id: "loket-1".to_owned(),
        label: "loket 1".to_owned(),
        collector: false,
    };
    let drawer = town.parties().create_drawer(drawer).await.expect("made").into_inner();
    let drawer = drawer.drawer.expect("set");
    town.members().enrol_member(enrol(LKM, "n01")).await.expect("enrolled");
    let pokok = DepositRequest {
        member: format!("{LKM}/members/n01"),
        kind: SavingsKind::Pokok as i32,
        place: Some(Place { kind: PlaceKind::Drawer as i32, drawer: drawer.name.clone() }),
        ..crate::town::deposit("n01", 100_000)
    };
    town.savings().deposit(pokok).await.expect("deposited");
    assert_eq!(town.held("lkm.sp.1103.loket-1").await, 10_000_000);
    assert_eq!(town.held("lkm.sp.3106.n01").await, 10_000_000, "equity in a koperasi");
    let request = ListDrawersRequest { parent: BOOK.to_owned(), ..Default::default() };
    let drawers = town.parties().list_drawers(request).await.expect("drawers").into_inner().drawers;
    assert_eq!(drawers, [drawer]);
}

async fn trade_on_credit_and_in_kind(server: &Server) {
    let town = Town::found(server).await;
    let party = CreatePartyRequest {
        parent: A.to_owned(),
        request_id: fresh_request_id(),
        party_id: "toko".to_owned(),
        kind: PartyKind::Supplier as i32,
        display_name: "Toko Contoh".to_owned(),
    };
    let party = town.parties().create_party(party).await.expect("made").into_inner();
    let party = party.party.expect("set");
    assert_eq!(party.display_name, "Toko Contoh");
    let rice = |lot: &str| NewLot {
        lot_id: lot.to_owned(),
        kind: LotKind::Stock as i32,
        label: "beras".to_owned(),
        unit: "kg".to_owned(),
        quantity: units("3"),
        cost: idr(100),
    };
    let buy = PurchaseRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 3),
        fund: Fund::Uep as i32,
        items: vec![rice("beras-1")],
        payment: Some(purchase_request::Payment::OnCreditOf(party.name.clone())),
        grant: String::new(),
        plan_line: String::new(),
    };
    town.trade().purchase(buy).await.expect("bought");
    assert_eq!(town.held("a.uep.2101.toko").await, 10_000);
    let pay = SettlePayableRequest {
        party: party.name.clone(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 4),
        fund: Fund::Uep as i32,
        amount: idr(100),
        place: cash(),
    };
    town.trade().settle_payable(pay).await.expect("paid");
    assert_eq!(town.held("a.uep.2101.toko").await, 0);
    let sell = |quantity: &str| SellRequest {
        entity: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 5),
        fund: Fund::Uep as i32,
        price: idr(60),
        proceeds: Some(sell_request::Proceeds::PaidTo(cash().expect("set"))),
        lot: format!("{A}/lots/beras-1"),
        quantity: units(quantity),
    };
    for _ in 0..3 {
        town.trade().sell(sell("1")).await.expect("sold");
    }
    assert_eq!(town.held("a.uep.5101").await, 10_000, "the last unit takes what is left");
    let grant = ReceiveGrantRequest {
        group: A.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 6),
        grant_id: "apbd".to_owned(),
        programme: "APBD (contoh)".to_owned(),
        source: BudgetSource::Apbd as i32,
        decree_number: String::new(),
        restricted: false,
        channel: Some(receive_grant_request::Channel::InKind(GrantItems {
            items: vec![rice("beras-2")],
        })),
        ..ReceiveGrantRequest::default()
    };
    let grant = town.grants().receive_grant(grant).await.expect("received").into_inner();
    let grant = grant.grant.expect("set");
    assert_eq!(grant.channel, GrantChannel::InKind as i32);
    let request = GetGrantRequest { name: grant.name.clone() };
    let found = town.grants().get_grant(request).await.expect("found").into_inner();
    assert_eq!(found.grant, Some(grant));
    let open = OpenBalancesRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 6),
        fund: Fund::SimpanPinjam as i32,
        items: vec![OpeningItem {
            item: Some(opening_item::Item::Account(OpeningAccount {
                code: 1102,
                subject: String::new(),
                amount: idr(1_000),
            })),
        }],
    };
    town.journal().open_balances(open).await.expect("opened");
    let line = |code: u32, side| JournalLine {
        account: format!("{BOOK}/accounts/lkm.sp.{code}"),
        side: Some(side),
    };
    let post = PostJournalRequest {
        book: BOOK.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 7),
        lines: vec![
            line(5205, journal_line::Side::Debit(idr(300).expect("set"))),
            line(1102, journal_line::Side::Credit(idr(300).expect("set"))),
        ],
    };
    town.journal().post_journal(post).await.expect("posted");
    assert_eq!(town.held("lkm.sp.1102").await, 70_000);
    let relief = PayReliefRequest {
        member: format!("{A}/members/m01"),
        request_id: fresh_request_id(),
        details: on(2025, 3, 8),
        amount: idr(40),
        place: cash(),
        ..Default::default()
    };
    let paid = town.iks().pay_relief(relief).await.expect("a report").into_inner();
    assert!(!paid.transaction.expect("set").warnings.is_empty(), "the fund stands below zero");
    let interest = RecordBankInterestRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 9),
        fund: Fund::SimpanPinjam as i32,
        amount: idr(7),
    };
    town.cash().record_bank_interest(interest).await.expect("recorded");
    let count = CountCashRequest {
        entity: LKM.to_owned(),
        request_id: fresh_request_id(),
        details: on(2025, 3, 9),
        place: place(PlaceKind::Vault),
        counted: idr(650),
    };
    let counted = town.cash().count_cash(count).await.expect("counted").into_inner();
    assert_eq!(counted.transaction.expect("set").warnings[0].reason, "CASH_DIFFERENCE");
}

async fn what_is_erased_is_gone_and_said_to_be_gone(server: &Server) {
    let town = Town::found(server).await;
    let request = EnrolMemberRequest { nik: "5371010101900001".to_owned(), ..enrol(A, "m11") };
    town.members().enrol_member(request.clone()).await.expect("enrolled");
    let mut deposit = crate::town::deposit("m11", 1_000);
    deposit.details.as_mut().expect("set").memo = "sakit (contoh)".to_owned();
    let first = town.savings().deposit(deposit.clone()).await.expect("deposited").into_inner();
    let name = first.transaction.expect("set").name;

    server.forget("groups/a/members/m11").await;
    let ask = GetMemberRequest { name: format!("{A}/members/m11") };
    let found = town.members().get_member(ask).await.expect("found").into_inner();
    let member = found.member.expect("set");
    assert_eq!((member.display_name.as_str(), member.nik.as_str(), member.erased), ("", "", true));
    // Nobody can tell any more whether a retry brings the same name.
    let renamed = EnrolMemberRequest { display_name: "Lain (contoh)".to_owned(), ..request };
    town.members().enrol_member(renamed).await.expect("the first answer");

    assert_eq!(town.get(&name).await.expect("found").memo, "sakit (contoh)");
    server.forget("groups/a").await;
    let gone = town.get(&name).await.expect("found");
    assert_eq!((gone.memo.as_str(), gone.memo_erased), ("", true));
    let retry = town.savings().deposit(deposit).await.expect("answered").into_inner();
    assert_eq!(retry.transaction, Some(gone));
}
