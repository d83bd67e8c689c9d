//! The products of Koperasi Lontar and its group: what savings earn and cost, as data, from the first
//! of July on; two of them pay less from a later day on, and a term keeps what it began with.

use super::super::requests::{Told, day_of, done, percent, rupiah};
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

/// A product of term deposits of the cooperative, or of its group.
pub(super) fn term_product(of: &str, id: &str) -> String {
    format!("{of}/term-products/{id}")
}

impl Lontar<'_> {
    /// Free savings earn 6% a year; groups share in the profit; a month's interest beyond Rp240.000 is
    /// taxed.
    pub(super) async fn rules(&self) -> Told {
        let groups = SavingsProduct {
            method: SavingsMethod::Daily as i32,
            share_percent: percent("30"),
            ..SavingsProduct::default()
        };
        self.product(&lkm(), SavingsSort::Sukarela, "sukarela", free_savings("6")).await?;
        self.product(&lkm(), SavingsSort::Kube, "kube", groups).await?;
        let tax = v1::SetSavingsTaxRequest {
            entity: lkm(),
            request_id: asked("aturan-pajak"),
            version: Some(v1::SavingsTax {
                since: day_of(7, 1),
                threshold: rupiah(240_000),
                percent: percent("10"),
                members: true,
                kubes: false,
                minute: MINUTE.to_owned(),
            }),
        };
        done(self.remote.products().set_savings_tax(tax).await)?;
        self.term_products().await
    }

    /// 8% that is added to the deposit; 6% that is paid every month, with a fee for breaking it; and a
    /// nisbah of 40%.
    async fn term_products(&self) -> Told {
        let sharing = TermProduct {
            share_percent: percent("40"),
            payout: TermPayout::AtMaturity as i32,
            ..TermProduct::default()
        };
        for (id, product) in [(GROWING, growing("8")), (MONTHLY, monthly()), (SHARING, sharing)] {
            let version = TermProduct { since: day_of(7, 1), minute: MINUTE.to_owned(), ..product };
            self.term_version(&term_product(&lkm(), id), id, version).await?;
        }
        Ok(())
    }

    async fn term_version(&self, product: &str, step: &str, version: TermProduct) -> Told {
        let set = v1::SetTermProductRequest {
            product: product.to_owned(),
            request_id: asked(&format!("produk-{step}")),
            version: Some(version),
        };
        done(self.remote.products().set_term_product(set).await)
    }

    /// Decided in October: 7,2% for terms that begin from November on, 4,8% on free savings from December.
    pub(super) async fn lower_rates(&self) -> Told {
        let minute = || "BA-4/2025 (contoh)".to_owned();
        let growing = TermProduct { since: day_of(11, 1), minute: minute(), ..growing("7.2") };
        self.term_version(&term_product(&lkm(), GROWING), "berjangka-2", growing).await?;
        let free = SavingsProduct { since: day_of(12, 1), minute: minute(), ..free_savings("4.8") };
        self.version(&lkm(), SavingsSort::Sukarela, "sukarela-2", free).await
    }

    /// The group asks Rp25.000 of simpanan pokok and Rp10.000 of wajib a month, which earns 6% a year on
    /// its average; it keeps term deposits as the cooperative does.
    pub(super) async fn rules_of_group(&self) -> Told {
        let pokok = SavingsProduct { amount: rupiah(25_000), ..SavingsProduct::default() };
        let wajib = SavingsProduct {
            period: DuesPeriod::Monthly as i32,
            amount: rupiah(10_000),
            method: SavingsMethod::Average as i32,
            rate: percent("6"),
            day_count: SavingsDayCount::Actual365 as i32,
            ..SavingsProduct::default()
        };
        self.product(&group(), SavingsSort::Pokok, "sasando-pokok", pokok).await?;
        self.product(&group(), SavingsSort::Wajib, "sasando-wajib", wajib).await?;
        let (since, minute) = (day_of(7, 1), MINUTE.to_owned());
        let version = TermProduct { since, minute, ..monthly() };
        self.term_version(&term_product(&group(), MONTHLY), "sasando-bulanan", version).await
    }

    async fn product(
        &self,
        entity: &str,
        sort: SavingsSort,
        step: &str,
        product: SavingsProduct,
    ) -> Told {
        let version = SavingsProduct { since: day_of(7, 1), minute: MINUTE.to_owned(), ..product };
        self.version(entity, sort, step, version).await
    }

    async fn version(
        &self,
        entity: &str,
        sort: SavingsSort,
        step: &str,
        version: SavingsProduct,
    ) -> Told {
        let set = v1::SetSavingsProductRequest {
            entity: entity.to_owned(),
            request_id: asked(&format!("produk-{step}")),
            sort: sort as i32,
            version: Some(version),
        };
        done(self.remote.products().set_savings_product(set).await)
    }
}

/// So many percent a year on the lowest balance of a month; dormant after four months.
fn free_savings(rate: &str) -> SavingsProduct {
    SavingsProduct {
        method: SavingsMethod::Lowest as i32,
        rate: percent(rate),
        day_count: SavingsDayCount::Twelfths as i32,
        dormant_after_months: 4,
        ..SavingsProduct::default()
    }
}

/// 6% a year that are paid every month, and a fee for breaking it.
fn monthly() -> TermProduct {
    TermProduct {
        rate: percent("6"),
        day_count: SavingsDayCount::Twelfths as i32,
        payout: TermPayout::Monthly as i32,
        early: EarlyBreak::Fee as i32,
        early_fee: rupiah(10_000),
        ..TermProduct::default()
    }
}

/// So many percent a year that are added to the deposit; half is lost where it is broken early, but
/// nothing by a death.
fn growing(rate: &str) -> TermProduct {
    TermProduct {
        rate: percent(rate),
        day_count: SavingsDayCount::Twelfths as i32,
        payout: TermPayout::Capitalised as i32,
        early: EarlyBreak::Interest as i32,
        early_percent: percent("50"),
        least: rupiah(500_000),
        least_months: 3,
        most_months: 12,
        free_on_death: true,
        ..TermProduct::default()
    }
}
