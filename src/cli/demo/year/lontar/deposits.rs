//! Money put away for a time: one deposit begins again with what it earned, one is broken early, one
//! goes to heirs, one pays every month, one shares in the profit; of the group's two one matures into
//! its savings, and one is broken for a fee; one a member has with the group. And profit that is shared.

use super::super::deeds::from_savings;
use super::super::requests::{Told, day_of, done, next_year, on, rupiah};
use super::rules::{GROWING, MONTHLY, SHARING, term_product};
use super::{Lontar, asked, group, grouped, lkm, saver, tin, vault};
use crate::api::google_type::Date;
use crate::api::v1::{
    self, Fund, Handover, Means, MemberMeans, OnMaturity, SavingsSort, means, member_means,
};

/// From hand to hand, over the cooperative's counter or into the group's tin.
fn by_hand(place: Option<v1::Place>) -> Option<MemberMeans> {
    Some(MemberMeans { means: place.map(member_means::Means::Place) })
}

/// A member's deposit: whose, how much, of which product, until when, and what then.
struct Deposit {
    id: &'static str,
    member: String,
    much: i64,
    product: String,
    matures_on: Option<Date>,
    then: OnMaturity,
}

impl Lontar<'_> {
    async fn open_deposit(&self, month: i32, deposit: Deposit, means: Option<MemberMeans>) -> Told {
        let open = v1::OpenMemberDepositRequest {
            member: deposit.member,
            request_id: asked(deposit.id),
            details: on(month, 1),
            deposit_id: deposit.id.to_owned(),
            product: deposit.product,
            amount: rupiah(deposit.much),
            matures_on: deposit.matures_on,
            means,
            on_maturity: deposit.then as i32,
        };
        done(self.remote.products().open_member_deposit(open).await)
    }

    async fn open_of_group(
        &self,
        id: &str,
        (month, matures_on): (i32, Option<Date>),
        (fund, much, product): (Fund, i64, &str),
        means: Option<Means>,
    ) -> Told {
        let open = v1::OpenTermDepositRequest {
            group: group(),
            request_id: asked(&format!("sasando-{id}")),
            details: on(month, 1),
            deposit_id: id.to_owned(),
            fund: fund as i32,
            amount: rupiah(much),
            matures_on,
            means,
            on_maturity: OnMaturity::Savings as i32,
            product: term_product(&lkm(), product),
        };
        done(self.remote.links().open_term_deposit(open).await)
    }

    /// In July, until the new year; then it waits.
    pub(super) async fn put_away_to_share(&self) -> Told {
        let deposit = Deposit {
            id: "d-5",
            member: saver(12),
            much: 1_000_000,
            product: term_product(&lkm(), SHARING),
            matures_on: next_year(1, 1),
            then: OnMaturity::Unspecified,
        };
        self.open_deposit(7, deposit, by_hand(vault())).await
    }

    /// On the first of August.
    pub(super) async fn put_away(&self) -> Told {
        let (again, out) = (OnMaturity::RollOver, OnMaturity::Savings);
        for (id, owner, much, product, matures_on, then) in [
            ("d-1", 6, 3_000_000, GROWING, day_of(11, 1), again),
            ("d-2", 7, 2_000_000, GROWING, next_year(2, 1), again),
            ("d-3", 10, 600_000, GROWING, next_year(2, 1), again),
            ("d-4", 11, 1_200_000, MONTHLY, day_of(12, 1), out),
        ] {
            let (member, product) = (saver(owner), term_product(&lkm(), product));
            let deposit = Deposit { id, member, much, product, matures_on, then };
            self.open_deposit(8, deposit, by_hand(vault())).await?;
        }
        let money = Handover { kube_place: tin(), lkm_place: vault() };
        let money = Some(Means { means: Some(means::Means::Money(money)) });
        let deposit = (Fund::Uep, 1_000_000, GROWING);
        self.open_of_group("k-1", (8, day_of(11, 1)), deposit, money).await
    }

    /// The group, out of its savings, in October.
    pub(super) async fn put_away_for_a_month(&self) -> Told {
        let deposit = (Fund::SimpanPinjam, 500_000, MONTHLY);
        self.open_of_group("k-2", (10, next_year(4, 1)), deposit, from_savings()).await
    }

    /// The group keeps a deposit of its own second member from November on.
    pub(super) async fn put_away_with_the_group(&self) -> Told {
        let deposit = Deposit {
            id: "s-1",
            member: grouped(2),
            much: 200_000,
            product: term_product(&group(), MONTHLY),
            matures_on: next_year(2, 1),
            then: OnMaturity::RollOver,
        };
        self.open_deposit(11, deposit, by_hand(tin())).await
    }

    /// The group needs its money back in December.
    pub(super) async fn break_for_a_fee(&self) -> Told {
        let close = v1::CloseTermDepositRequest {
            deposit: format!("{}/term-deposits/k-2", group()),
            request_id: asked("sasando-k-2-cair"),
            details: on(12, 1),
            means: from_savings(),
            minute: String::new(),
        };
        done(self.remote.links().close_term_deposit(close).await)
    }

    /// The seventh member needs the money before its time, and half of what it earned is lost.
    pub(super) async fn break_early(&self) -> Told {
        let close = v1::CloseMemberDepositRequest {
            deposit: format!("{}/member-deposits/d-2", lkm()),
            request_id: asked("d-2-cair"),
            details: on(11, 10),
            means: by_hand(vault()),
            minute: String::new(),
        };
        done(self.remote.products().close_member_deposit(close).await)
    }

    /// Of what was earned in the third quarter, Rp1.000.000 with the savings of groups and Rp50.000 with
    /// the deposits that share in it, each has its nisbah.
    pub(super) async fn share_profit(&self) -> Told {
        let sort = SavingsSort::Unspecified;
        self.share("triwulan-3", (SavingsSort::Kube, String::new()), 1_000_000).await?;
        self.share("deposito-triwulan-3", (sort, term_product(&lkm(), SHARING)), 50_000).await
    }

    async fn share(&self, id: &str, (sort, product): (SavingsSort, String), earned: i64) -> Told {
        let share = v1::DecideSavingsShareRequest {
            entity: lkm(),
            request_id: asked(&format!("bagi-hasil-{id}")),
            decided_on: day_of(10, 1),
            share_id: id.to_owned(),
            sort: sort as i32,
            from: day_of(7, 1),
            through: day_of(9, 30),
            earned: rupiah(earned),
            minute: "BA-3/2025 (contoh)".to_owned(),
            product,
        };
        done(self.remote.products().decide_savings_share(share).await)
    }
}
