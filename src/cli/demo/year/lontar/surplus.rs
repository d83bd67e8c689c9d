//! How Koperasi Lontar's year ends: what its shop and its bank account brought, income tax; the year
//! is closed, opened again for a bill that came late, and closed anew; the results of the shop and of
//! the savings and loans are brought together and divided by savings and by jasa paid; parts are paid
//! out. Its group has made a loss, and covers it.

use super::super::YEAR;
use super::super::deeds::from_savings;
use super::super::requests::{
    Purse, Told, day_of, decided, done, member_part, next_year, on, one, percent, rupiah, with_memo,
};
use super::{BOOK, GROUP, Lontar, asked, book, group, lkm, vault};
use crate::api::v1::{
    self, ExpenseKind, Fund, LotKind, MemberMeasure, PlaceKind, SurplusUse, sell_request,
};
use crate::cli::convert::decimal;

const RAT: &str = "RAT-1/2026 (contoh)";

impl Lontar<'_> {
    /// The shop, a real-sector unit with books of its own, buys a hundred sacks.
    pub(super) async fn stock_the_shop(&self) -> Told {
        let sacks = v1::NewLot {
            unit: "sak".to_owned(),
            quantity: decimal(100_000),
            ..one("pupuk", LotKind::Stock, "pupuk", 4_000_000)
        };
        let shop = Purse::of(lkm(), Fund::UsahaRiil, PlaceKind::Vault);
        self.year.buy(shop, asked("toko-beli"), (7, 10), sacks).await
    }

    /// December: the shop sells, the bank pays interest, the tax on it all is worked out; the group has
    /// paid wages.
    pub(super) async fn earn(&self) -> Told {
        let sell = v1::SellRequest {
            entity: lkm(),
            request_id: asked("toko-jual"),
            details: on(12, 10),
            fund: Fund::UsahaRiil as i32,
            price: rupiah(5_200_000),
            proceeds: vault().map(sell_request::Proceeds::PaidTo),
            lot: format!("{}/lots/pupuk", lkm()),
            quantity: decimal(100_000),
        };
        done(self.remote.trade().sell(sell).await)?;
        let tin = Purse::of(group(), Fund::Uep, PlaceKind::Cash);
        let wages = (ExpenseKind::Wages, 420_000);
        self.year.spend(tin, asked("sasando-upah"), on(12, 15), wages).await?;
        let interest = v1::RecordBankInterestRequest {
            entity: lkm(),
            request_id: asked("bunga"),
            details: on(12, 31),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(4_000_000),
        };
        done(self.remote.cash().record_bank_interest(interest).await)?;
        let tax = v1::OweIncomeTaxRequest {
            book: book(),
            request_id: asked("pajak"),
            details: on(12, 31),
            amount: rupiah(50_000),
        };
        done(self.remote.closing().owe_income_tax(tax).await)
    }

    pub(super) async fn year_end(&self) -> Told {
        self.year.close_days(BOOK, next_year(1, 1)).await?;
        self.year.close_year(&group(), GROUP).await?;
        self.cover_loss().await?;
        self.year.close_year(&lkm(), BOOK).await?;
        self.late_bill().await?;
        self.divide().await?;
        self.pay_out().await
    }

    /// The bill for December's electricity came when the year had been closed.
    async fn late_bill(&self) -> Told {
        let reopen = v1::ReopenPeriodRequest {
            entity: lkm(),
            request_id: asked("buka-lagi"),
            through: day_of(11, 30),
            minute: "BA-9/2026 (contoh)".to_owned(),
        };
        done(self.remote.books().reopen_period(reopen).await)?;
        let bill = with_memo(12, 20, "Listrik Desember (contoh)");
        let purse = Purse::of(lkm(), Fund::SimpanPinjam, PlaceKind::Vault);
        let electricity = (ExpenseKind::Administration, 150_000);
        self.year.spend(purse, asked("listrik"), bill, electricity).await?;
        self.year.close_year(&lkm(), &format!("{BOOK}-lagi")).await
    }

    /// The group has earned Rp120.000 in its business and paid Rp420.000 of wages.
    async fn cover_loss(&self) -> Told {
        let cover = v1::CoverLossRequest {
            entity: group(),
            request_id: asked("sasando-tutup-rugi"),
            details: decided(RAT),
            fund: Fund::Uep as i32,
            amount: rupiah(300_000),
        };
        done(self.remote.closing().cover_loss(cover).await)
    }

    /// Reserves 40, members 40 (three fifths by savings, two by jasa paid), and 5 each for officers,
    /// staff, education and social work.
    async fn divide(&self) -> Told {
        let mut closing = self.remote.closing();
        let together = v1::ConsolidateSurplusRequest {
            entity: lkm(),
            request_id: asked("gabung-shu"),
            details: decided(RAT),
            year: YEAR,
            into: Fund::SimpanPinjam as i32,
        };
        done(closing.consolidate_surplus(together).await)?;
        self.rule().await?;
        let divide = v1::DivideSurplusRequest {
            entity: lkm(),
            request_id: asked("bagi-shu"),
            details: decided(RAT),
            year: YEAR,
            fund: Fund::SimpanPinjam as i32,
            settled: None,
        };
        done(closing.divide_surplus(divide).await)
    }

    async fn rule(&self) -> Told {
        let parts = [
            (SurplusUse::Reserve, "40"),
            (SurplusUse::Members, "40"),
            (SurplusUse::Officers, "5"),
            (SurplusUse::Staff, "5"),
            (SurplusUse::Education, "5"),
            (SurplusUse::Social, "5"),
        ];
        let weights = [(MemberMeasure::Savings, "60"), (MemberMeasure::Interest, "40")];
        let part = |(r#use, share): (SurplusUse, &str)| v1::SurplusPart {
            r#use: r#use as i32,
            percent: percent(share),
        };
        let weight = |(measure, share): (MemberMeasure, &str)| v1::MemberWeight {
            measure: measure as i32,
            percent: percent(share),
        };
        let rule = v1::SetSurplusRuleRequest {
            entity: lkm(),
            request_id: asked("aturan-shu"),
            rule: Some(v1::SurplusRule {
                since: next_year(1, 2),
                parts: parts.map(part).to_vec(),
                weights: weights.map(weight).to_vec(),
                minute: RAT.to_owned(),
            }),
        };
        done(self.remote.closing().set_surplus_rule(rule).await)
    }

    /// Two members fetch a part of their shares, a pupil's fee is paid, the group's share goes into its
    /// savings, and the income tax to the state.
    async fn pay_out(&self) -> Told {
        let mut closing = self.remote.closing();
        let members = v1::PaySurplusRequest {
            entity: lkm(),
            request_id: asked("bayar-shu"),
            details: decided(RAT),
            fund: Fund::SimpanPinjam as i32,
            parts: vec![member_part(1, 500_000), member_part(2, 500_000)],
            place: vault(),
        };
        done(closing.pay_surplus(members).await)?;
        let education = v1::PayFromSurplusFundRequest {
            entity: lkm(),
            request_id: asked("bayar-pendidikan"),
            details: decided(RAT),
            fund: Fund::SimpanPinjam as i32,
            r#use: SurplusUse::Education as i32,
            amount: rupiah(100_000),
            place: vault(),
        };
        done(closing.pay_from_surplus_fund(education).await)?;
        let received = v1::PayKubeSurplusRequest {
            group: group(),
            request_id: asked("sasando-terima-shu"),
            details: decided(RAT),
            fund: Fund::SimpanPinjam as i32,
            amount: rupiah(30_000),
            means: from_savings(),
        };
        done(closing.pay_kube_surplus(received).await)?;
        let tax = v1::PayTaxRequest {
            book: book(),
            request_id: asked("setor-pph"),
            details: decided(RAT),
            amount: rupiah(50_000),
        };
        done(closing.pay_tax(tax).await)
    }
}
