//! The products of Koperasi Lontar and its group: what savings earn and cost, as data, from the first
//! of July on.

use super::super::closing::number;
use super::super::{Told, day_of, done, rupiah};
use super::{Lontar, MINUTE, asked, group, lkm};
use crate::api::v1::{
    self, DuesPeriod, EarlyBreak, SavingsDayCount, SavingsMethod, SavingsProduct, SavingsSort,
    TermPayout, TermProduct,
};

/// The product of term deposits that begin again with what they earned.
pub(super) const GROWING: &str = "berjangka";
/// The one that pays every month.
pub(super) const MONTHLY: &str = "bulanan";
/// The one that shares in the profit.
pub(super) const SHARING: &str = "berbagi";

/// A product of term deposits of the cooperative.
pub(super) fn term_product(id: &str) -> String {
    format!("{}/term-products/{id}", lkm())
}

impl Lontar<'_> {
    /// Free savings earn 6% a year on the lowest balance of a month and fall dormant after four months;
    /// groups share in the profit; a month's interest beyond Rp240.000 is taxed.
    pub(super) async fn rules(&self) -> Told {
        let free = SavingsProduct {
            method: SavingsMethod::Lowest as i32,
            rate: number("6"),
            day_count: SavingsDayCount::Twelfths as i32,
            dormant_after_months: 4,
            ..SavingsProduct::default()
        };
        let groups = SavingsProduct {
            method: SavingsMethod::Daily as i32,
            share_percent: number("30"),
            ..SavingsProduct::default()
        };
        self.product(&lkm(), SavingsSort::Sukarela, "sukarela", free).await?;
        self.product(&lkm(), SavingsSort::Kube, "kube", groups).await?;
        let tax = v1::SetSavingsTaxRequest {
            entity: lkm(),
            request_id: asked("aturan-pajak"),
            version: Some(v1::SavingsTax {
                since: day_of(7, 1),
                threshold: rupiah(240_000),
                percent: number("10"),
                members: true,
                kubes: false,
                minute: MINUTE.to_owned(),
            }),
        };
        done(self.remote.products().set_savings_tax(tax).await)?;
        self.term_products().await
    }

    /// 8% that is added to the deposit, of which half is lost where it is broken early, but by a death;
    /// 6% that is paid every month, with a fee for breaking it; and a nisbah of 40%.
    async fn term_products(&self) -> Told {
        let growing = TermProduct {
            rate: number("8"),
            day_count: SavingsDayCount::Twelfths as i32,
            payout: TermPayout::Capitalised as i32,
            early: EarlyBreak::Interest as i32,
            early_percent: number("50"),
            least: rupiah(500_000),
            least_months: 3,
            most_months: 12,
            free_on_death: true,
            ..TermProduct::default()
        };
        let monthly = TermProduct {
            rate: number("6"),
            day_count: SavingsDayCount::Twelfths as i32,
            payout: TermPayout::Monthly as i32,
            early: EarlyBreak::Fee as i32,
            early_fee: rupiah(10_000),
            ..TermProduct::default()
        };
        let sharing = TermProduct {
            share_percent: number("40"),
            payout: TermPayout::AtMaturity as i32,
            ..TermProduct::default()
        };
        for (id, product) in [(GROWING, growing), (MONTHLY, monthly), (SHARING, sharing)] {
            let (since, minute) = (day_of(7, 1), MINUTE.to_owned());
            let set = v1::SetTermProductRequest {
                product: term_product(id),
                request_id: asked(&format!("produk-{id}")),
                version: Some(TermProduct { since, minute, ..product }),
            };
            done(self.remote.products().set_term_product(set).await)?;
        }
        Ok(())
    }

    /// The group asks Rp25.000 of simpanan pokok and Rp10.000 of wajib a month, which earns 6% a year on
    /// its average.
    pub(super) async fn rules_of_group(&self) -> Told {
        let pokok = SavingsProduct { amount: rupiah(25_000), ..SavingsProduct::default() };
        let wajib = SavingsProduct {
            period: DuesPeriod::Monthly as i32,
            amount: rupiah(10_000),
            method: SavingsMethod::Average as i32,
            rate: number("6"),
            day_count: SavingsDayCount::Actual365 as i32,
            ..SavingsProduct::default()
        };
        self.product(&group(), SavingsSort::Pokok, "sasando-pokok", pokok).await?;
        self.product(&group(), SavingsSort::Wajib, "sasando-wajib", wajib).await
    }

    async fn product(
        &self,
        entity: &str,
        sort: SavingsSort,
        step: &str,
        product: SavingsProduct,
    ) -> Told {
        let (since, minute) = (day_of(7, 1), MINUTE.to_owned());
        let set = v1::SetSavingsProductRequest {
            entity: entity.to_owned(),
            request_id: asked(&format!("produk-{step}")),
            sort: sort as i32,
            version: Some(SavingsProduct { since, minute, ..product }),
        };
        done(self.remote.products().set_savings_product(set).await)
    }
}
