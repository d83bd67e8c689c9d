//! How the ten groups come into the book: who they are, their officers, what Wsehati's savings earn,
//! and what lay in the tins.

use super::kubes::Kube;
use super::requests::{Told, balance, day_of, done, member_id, percent, person, rupiah};
use super::{BOOK, Year};
use crate::api::v1::{
    self, DuesPeriod, Fund, Office, SavingsDayCount, SavingsMethod, SavingsProduct, SavingsSort,
    Stage,
};
use crate::domain::chart::Code;

/// Invented given names; every one is shown with "(contoh)".
pub(super) const NAMES: [&str; 20] = [
    "Maria",
    "Yosef",
    "Agustina",
    "Petrus",
    "Yuliana",
    "Markus",
    "Theresia",
    "Yohanes",
    "Elisabet",
    "Paulus",
    "Martha",
    "Simon",
    "Rosalina",
    "Daniel",
    "Veronika",
    "Lukas",
    "Fransiska",
    "Stefanus",
    "Magdalena",
    "Andreas",
];

impl Year<'_> {
    pub(super) async fn enrol(&self, kube: &Kube) -> Told {
        self.register(kube).await?;
        for (number, name) in (1..=kube.member_count).zip(NAMES) {
            let asked = kube.asked(&format!("anggota-{number}"));
            let member = person(kube.path(), asked, number, name, day_of(1, 1));
            done(self.remote.members().enrol_member(member).await)?;
        }
        self.appoint(kube).await?;
        if kube.id() == "wsehati" {
            self.savings_products(kube).await?;
        }
        self.pokok_in_the_tin(kube).await
    }

    async fn register(&self, kube: &Kube) -> Told {
        let minute = if kube.member_count > 10 { "BA-01/2009 (contoh)" } else { "" };
        let group = v1::CreateGroupRequest {
            parent: format!("books/{}", BOOK),
            request_id: kube.asked("daftar"),
            group_id: kube.id(),
            display_name: kube.name.clone(),
            founded_year: kube.founded_year,
            business: kube.business.clone(),
            member_count: kube.member_count,
            village: kube.village.clone(),
            subdistrict: kube.subdistrict.clone(),
            regency: kube.regency.clone(),
            stage: Stage::Berkembang as i32,
            stage_since: day_of(1, 1),
            linked_on: day_of(1, 1),
            size_minute: minute.to_owned(),
            notes: String::new(),
        };
        done(self.remote.groups().create_group(group).await)
    }

    async fn appoint(&self, kube: &Kube) -> Told {
        let officers = [
            (Office::Ketua, 1, "ketua"),
            (Office::Sekretaris, 2, "sekretaris"),
            (Office::Bendahara, 3, "bendahara"),
        ];
        for (office, number, step) in officers {
            let appoint = v1::AppointOfficerRequest {
                member: kube.member(number),
                request_id: kube.asked(step),
                office: office as i32,
                since: day_of(1, 1),
            };
            done(self.remote.groups().appoint_officer(appoint).await)?;
        }
        Ok(())
    }

    /// Rp10.000 of wajib a month, and 6% a year on the lowest sukarela of each month.
    async fn savings_products(&self, kube: &Kube) -> Told {
        let wajib = SavingsProduct {
            period: DuesPeriod::Monthly as i32,
            amount: rupiah(10_000),
            ..SavingsProduct::default()
        };
        let sukarela = SavingsProduct {
            method: SavingsMethod::Lowest as i32,
            rate: percent("6"),
            day_count: SavingsDayCount::Twelfths as i32,
            ..SavingsProduct::default()
        };
        let both =
            [(SavingsSort::Wajib, wajib, "wajib"), (SavingsSort::Sukarela, sukarela, "sukarela")];
        for (sort, product, step) in both {
            let (since, minute) = (day_of(1, 1), "BA-4/2025 (contoh)".to_owned());
            let set = v1::SetSavingsProductRequest {
                entity: kube.path(),
                request_id: kube.asked(&format!("produk-{step}")),
                sort: sort as i32,
                version: Some(SavingsProduct { since, minute, ..product }),
            };
            done(self.remote.products().set_savings_product(set).await)?;
        }
        Ok(())
    }

    /// Before the book began each member had paid Rp50.000 of simpanan pokok, and it lay in the tin.
    async fn pokok_in_the_tin(&self, kube: &Kube) -> Told {
        let tin = balance(Code::Cash, "", 50_000 * i64::from(kube.member_count));
        let pokok = |number| balance(Code::PrincipalSavings, &member_id(number), 50_000);
        let items = std::iter::once(tin).chain((1..=kube.member_count).map(pokok)).collect();
        self.opens(kube.path(), kube.asked("saldo-awal"), (1, 2), Fund::SimpanPinjam, items).await
    }
}
