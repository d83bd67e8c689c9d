//! How Koperasi Lontar begins on the first of July: its members, what it owned, its group; and the law
//! it lives under.

use super::super::{NAMES, Told, day_of, done, member_id, minute, on, rupiah};
use super::{BOOK, GROUP, Lontar, MINUTE, asked, book, group, grouped, lkm, saver};
use crate::api::google_type::Money;
use crate::api::v1::{self, Fund, HouseholdStatus, Regime, Zone};
use crate::domain::chart::Code;

/// More than one record gives a share of the surplus, or moves the capital of.
const PEOPLE: u32 = 84;

/// Invented names: twenty given names for each family.
fn name(number: u32) -> String {
    let index = usize::try_from(number - 1).unwrap_or_default();
    let (family, given) = (index / NAMES.len(), index % NAMES.len());
    let family = ["Amtiran", "Baitanu", "Lasibey", "Nubatonis", "Tefa"].get(family);
    format!("{} {} (contoh)", NAMES[given], family.unwrap_or(&"Lontar"))
}

impl Lontar<'_> {
    pub(super) async fn found(&self) -> Told {
        let open = v1::CreateBookRequest {
            book_id: BOOK.to_owned(),
            request_id: asked("buka"),
            display_name: "Buku Koperasi Lontar (contoh)".to_owned(),
            lkm_name: "Koperasi Lontar (contoh)".to_owned(),
            regime: Regime::Inkubasi as i32,
            zone: Zone::Wita as i32,
            opened_on: day_of(7, 1),
        };
        done(self.remote.books().create_book(open).await)?;
        let keep = v1::SetRetentionRequest {
            book: book(),
            request_id: asked("masa-simpan"),
            retention: Some(v1::Retention {
                since: day_of(7, 1),
                years: 10,
                minute: MINUTE.to_owned(),
            }),
        };
        done(self.remote.personal().set_retention(keep).await)?;
        self.rules().await?;
        for number in 1..=PEOPLE {
            self.enrol(&lkm(), "anggota", number, &name(number)).await?;
        }
        self.owned().await?;
        self.found_group().await
    }

    async fn enrol(&self, parent: &str, step: &str, number: u32, name: &str) -> Told {
        let enrol = v1::EnrolMemberRequest {
            parent: parent.to_owned(),
            request_id: asked(&format!("{step}-{number}")),
            member_id: member_id(number),
            display_name: name.to_owned(),
            nik: String::new(),
            household: format!("kk-{number:02}"),
            status: HouseholdStatus::HampirMiskin as i32,
            joined_on: day_of(7, 1),
        };
        done(self.remote.members().enrol_member(enrol).await)
    }

    /// Money in the vault and at the bank, Rp100.000 of simpanan pokok of each member, what the first
    /// of them had saved; and Rp5.000.000 of the shop.
    async fn owned(&self) -> Told {
        let mut items = vec![
            item(Code::Vault, "", rupiah(20_000_000)),
            item(Code::Bank, "", rupiah(60_000_000)),
            item(Code::MemberSavings, &member_id(1), rupiah(50_000_000)),
        ];
        let pokok = |number| item(Code::PrincipalSavings, &member_id(number), rupiah(100_000));
        items.extend((1..=PEOPLE).map(pokok));
        self.begin_with(&lkm(), Fund::SimpanPinjam, "saldo-awal", items).await?;
        let shop = vec![item(Code::Vault, "", rupiah(5_000_000))];
        self.begin_with(&lkm(), Fund::UsahaRiil, "saldo-awal-toko", shop).await
    }

    async fn begin_with(
        &self,
        of: &str,
        fund: Fund,
        step: &str,
        items: Vec<v1::OpeningItem>,
    ) -> Told {
        let opening = v1::OpenBalancesRequest {
            entity: of.to_owned(),
            request_id: asked(step),
            details: on(7, 1),
            fund: fund as i32,
            items,
        };
        done(self.remote.journal().open_balances(opening).await)
    }

    /// Five members, four of whom have paid Rp25.000 of simpanan pokok; a reserve of older days.
    async fn found_group(&self) -> Told {
        let create = v1::CreateGroupRequest {
            parent: book(),
            request_id: asked("kelompok"),
            group_id: GROUP.to_owned(),
            display_name: "Sasando (contoh)".to_owned(),
            business: "anyaman lontar".to_owned(),
            member_count: 5,
            linked_on: day_of(7, 1),
            ..v1::CreateGroupRequest::default()
        };
        done(self.remote.groups().create_group(create).await)?;
        for (number, name) in (1..=5).zip(["Adriana", "Bernadus", "Kristina", "Domingus", "Ester"])
        {
            let name = format!("{name} (contoh)");
            self.enrol(&group(), "sasando", number, &name).await?;
        }
        self.rules_of_group().await?;
        let mut items = vec![item(Code::Cash, "", rupiah(2_500_000))];
        let paid = |number| item(Code::PrincipalSavings, &member_id(number), rupiah(25_000));
        items.extend((1..=4).map(paid));
        self.begin_with(&group(), Fund::SimpanPinjam, "sasando-sp", items).await?;
        let business =
            vec![item(Code::Cash, "", rupiah(2_500_000)), item(Code::Reserve, "", rupiah(500_000))];
        self.begin_with(&group(), Fund::Uep, "sasando-uep", business).await?;
        for (fund, step, much) in [
            (Fund::SimpanPinjam, "sasando-setor-sp", 2_000_000),
            (Fund::Uep, "sasando-setor-uep", 1_000_000),
        ] {
            let save = v1::DepositAtLkmRequest {
                group: group(),
                request_id: asked(step),
                details: on(7, 1),
                fund: fund as i32,
                amount: rupiah(much),
                kube_place: super::tin(),
                lkm_place: super::vault(),
            };
            done(self.remote.savings().deposit_at_lkm(save).await)?;
        }
        Ok(())
    }

    /// In September: a household has moved up, and a member of the group goes who had paid nothing.
    pub(super) async fn register(&self) -> Told {
        let update = v1::UpdateMemberRequest {
            member: saver(8),
            request_id: asked("ubah-m08"),
            household: Some("kk-12".to_owned()),
            status: Some(HouseholdStatus::TidakMiskin as i32),
            ..v1::UpdateMemberRequest::default()
        };
        done(self.remote.members().update_member(update).await)?;
        let end = v1::EndMembershipRequest {
            member: grouped(5),
            request_id: asked("sasando-keluar"),
            left_on: day_of(9, 1),
        };
        done(self.remote.members().end_membership(end).await)
    }

    /// From the first of October it is a cooperative: members' capital savings move to equity, those of
    /// eighty members with each request.
    pub(super) async fn become_cooperative(&self) -> Told {
        let set = v1::SetRegimeRequest {
            lkm: lkm(),
            request_id: asked("bentuk"),
            since: day_of(10, 1),
            regime: Regime::Koperasi as i32,
            principle: v1::Principle::Unspecified as i32,
            minute: "Akta-7/2025 (contoh)".to_owned(),
        };
        done(self.remote.books().set_regime(set).await)?;
        for part in 1..=PEOPLE.div_ceil(80) {
            let moved = v1::MoveCapitalSavingsRequest {
                lkm: lkm(),
                request_id: asked(&format!("pindah-simpanan-{part}")),
                details: minute(10, 1, "Akta-7/2025 (contoh)"),
            };
            done(self.remote.books().move_capital_savings(moved).await)?;
        }
        Ok(())
    }
}

fn item(code: Code, subject: &str, amount: Option<Money>) -> v1::OpeningItem {
    v1::OpeningItem {
        item: Some(v1::opening_item::Item::Account(v1::OpeningAccount {
            code: code.number(),
            subject: subject.to_owned(),
            amount,
        })),
    }
}
