//! How Koperasi Lontar begins on the first of July: its members, what it owned, its group; and the law
//! it lives under.

use super::super::founding::NAMES;
use super::super::requests::book as begun;
use super::super::requests::{Told, balance, day_of, done, member_id, minute, on, person, rupiah};
use super::{BOOK, GROUP, Lontar, MINUTE, asked, book, group, grouped, lkm, saver, tin, vault};
use crate::api::v1::{self, Fund, HouseholdStatus, Regime};
use crate::domain::chart::Code;

/// More than one record gives a share of the surplus, or moves the capital of.
const PEOPLE: u32 = 84;

/// Invented names: twenty given names for each family.
fn name(number: u32) -> String {
    let index = usize::try_from(number - 1).unwrap_or_default();
    let (family, given) = (index / NAMES.len(), index % NAMES.len());
    let family = ["Amtiran", "Baitanu", "Lasibey", "Nubatonis", "Tefa"].get(family);
    format!("{} {}", NAMES[given], family.unwrap_or(&"Lontar"))
}

impl Lontar<'_> {
    pub(super) async fn found(&self) -> Told {
        let open = v1::CreateBookRequest {
            opened_on: day_of(7, 1),
            ..begun(
                BOOK,
                "Buku Koperasi Lontar (contoh)",
                "Koperasi Lontar (contoh)",
                Regime::Inkubasi,
            )
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
        let asked = asked(&format!("{step}-{number}"));
        let enrol = v1::EnrolMemberRequest {
            status: HouseholdStatus::HampirMiskin as i32,
            ..person(parent.to_owned(), asked, number, name, day_of(7, 1))
        };
        done(self.remote.members().enrol_member(enrol).await)
    }

    /// Money in the vault and at the bank, Rp100.000 of simpanan pokok of each member, what the first
    /// of them had saved; and Rp5.000.000 of the shop.
    async fn owned(&self) -> Told {
        let mut items = vec![
            balance(Code::Vault, "", 20_000_000),
            balance(Code::Bank, "", 60_000_000),
            balance(Code::MemberSavings, &member_id(1), 50_000_000),
        ];
        let pokok = |number| balance(Code::PrincipalSavings, &member_id(number), 100_000);
        items.extend((1..=PEOPLE).map(pokok));
        self.begin_with(&lkm(), Fund::SimpanPinjam, "saldo-awal", items).await?;
        let shop = vec![balance(Code::Vault, "", 5_000_000)];
        self.begin_with(&lkm(), Fund::UsahaRiil, "saldo-awal-toko", shop).await
    }

    async fn begin_with(
        &self,
        of: &str,
        fund: Fund,
        step: &str,
        items: Vec<v1::OpeningItem>,
    ) -> Told {
        self.year.opens(of.to_owned(), asked(step), (7, 1), fund, items).await
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
            self.enrol(&group(), "sasando", number, name).await?;
        }
        self.rules_of_group().await?;
        let mut items = vec![balance(Code::Cash, "", 2_500_000)];
        let paid = |number| balance(Code::PrincipalSavings, &member_id(number), 25_000);
        items.extend((1..=4).map(paid));
        self.begin_with(&group(), Fund::SimpanPinjam, "sasando-sp", items).await?;
        let business =
            vec![balance(Code::Cash, "", 2_500_000), balance(Code::Reserve, "", 500_000)];
        self.begin_with(&group(), Fund::Uep, "sasando-uep", business).await?;
        self.group_saves().await
    }

    /// Most of it lies at the cooperative.
    async fn group_saves(&self) -> Told {
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
                kube_place: tin(),
                lkm_place: vault(),
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
