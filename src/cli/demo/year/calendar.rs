//! The year at a glance: what is told of whom, month by month.
//!
//! Each of the ten groups meets every month, and things happen to it before and after; then come those
//! beside the ten, loans, and the LKM. Loans keep their own days: each of [`Year::credit`]'s stories
//! goes from the wish to the last payment.
//!
//! **Invariant**: a story is told after those which it goes on from.

use super::Year;
use super::kubes::Kube;
use super::requests::Told;

impl Year<'_> {
    pub(super) async fn live(&self, kubes: &[Kube]) -> Told {
        self.january(kubes).await?;
        for month in 1..=12 {
            for kube in kubes {
                self.before_the_meeting(kube, month).await?;
                self.meeting(kube, month).await?;
                self.to_the_lkm(kube, month).await?;
                self.after_the_meeting(kube, month).await?;
            }
            self.beside_the_ten(month).await?;
            self.credit(month).await?;
            self.of_the_lkm(month).await?;
        }
        for kube in kubes {
            self.last_days(kube).await?;
        }
        self.december(kubes).await
    }

    /// What there is before the first meeting.
    async fn january(&self, kubes: &[Kube]) -> Told {
        self.open_book().await?;
        for kube in kubes {
            self.enrol(kube).await?;
        }
        self.found_cahaya().await?;
        self.tellers_day().await?;
        self.programme_stake().await?;
        self.loan_quality().await?;
        self.found_embun().await
    }

    /// What a month brings before its meeting: to all of the ten alike, and to Wsehati alone.
    async fn before_the_meeting(&self, kube: &Kube, month: i32) -> Told {
        match (kube.id().as_str(), month) {
            (_, 2) => self.grant(kube).await,
            (_, 6) => self.lpj(kube).await,
            (_, 8) => self.sale(kube).await,
            (_, 9) if kube.keeps_livestock() => self.births_and_a_death(kube).await,
            (_, 10) => self.relief(kube).await,
            ("wsehati", 7) => self.put_away(kube).await,
            ("wsehati", 12) => self.take_up(kube).await,
            _ => Ok(()),
        }
    }

    /// What a month brings to one of the ten alone, after its meeting.
    async fn after_the_meeting(&self, kube: &Kube, month: i32) -> Told {
        match (kube.id().as_str(), month) {
            ("tunas-baru", 1) => self.rule(kube).await,
            ("tunas-baru", 3) => self.wrong_feed(kube).await,
            ("tunas-baru", 11) => self.pass_on(kube).await,
            ("tunas-baru", 12) => self.scores(kube).await,

            ("kasih", 5) => self.was_the_secretary(kube).await,
            ("kasih", 12) => self.pass_on_again(kube).await,

            ("robadeo", 5) => self.second_phone(kube).await,
            ("robadeo", 12) => {
                self.animals(kube).await?;
                self.to_a_family(kube).await
            }

            ("kios-murah", 7) => self.shortage(kube).await,
            ("kios-murah", 12) => self.give_back(kube).await,

            ("usaha-mekar", 3) => self.murabahah(kube).await,
            ("usaha-mekar", 4..=11) => self.pay_for_machine(month).await,
            ("usaha-mekar", 12) => {
                self.pay_for_machine(month).await?;
                self.tool(kube).await?;
                self.misuse(kube).await?;
                self.firm_gives(kube).await
            }

            ("pelita-kasih", 12) => {
                self.work(kube).await?;
                self.goats(kube).await
            }

            ("wsehati", 2) => self.borrow(kube).await,
            ("wsehati", 3) => {
                self.pay_lkm(kube, month).await?;
                self.lend_to_member(kube).await
            }
            ("wsehati", 4..=7) => {
                self.pay_lkm(kube, month).await?;
                self.member_pays(kube, month).await
            }
            ("wsehati", 8) => self.pay_lkm(kube, month).await,

            ("merpati", 4) => self.qardh(kube).await,
            ("merpati", 5..=10) => self.pay_qardh(month).await,
            ("merpati", 12) => self.collected(kube).await,

            ("jati-diri", 12) => {
                self.stake(kube).await?;
                self.theft(kube).await?;
                self.lend_guliran(kube).await?;
                self.to_a_group_without_lkm(kube).await
            }

            ("sinar", 4) => self.sleep(kube).await,
            ("sinar", 12) => {
                self.arisan(kube).await?;
                self.through_the_pool(kube).await
            }
            _ => Ok(()),
        }
    }

    /// Cahaya changes its LKM, and the regency asks for a part of its stake.
    async fn beside_the_ten(&self, month: i32) -> Told {
        match month {
            2 => self.two_sheets().await,
            3 => self.count_tin().await,
            11 => self.return_programme_stake().await,
            12 => self.change_lkm().await,
            _ => Ok(()),
        }
    }

    /// What a month brings of loans beside those of the ten groups.
    async fn credit(&self, month: i32) -> Told {
        self.borrowed(month).await?;
        self.among(month).await?;
        self.customers(month).await?;
        self.kinds(month).await?;
        self.trouble(month).await?;
        self.fajar(month).await?;
        self.ventures(month).await
    }

    async fn of_the_lkm(&self, month: i32) -> Told {
        match month {
            7 => self.buy_motorcycle().await?,
            12 => self.wear_motorcycle().await?,
            _ => {}
        }
        self.pay_staff(month).await
    }

    /// What is looked at and decided on in the last days of December.
    async fn last_days(&self, kube: &Kube) -> Told {
        match kube.id().as_str() {
            "robadeo" => {
                self.throw_away(kube).await?;
                self.take_livestock_back(kube).await?;
                self.dispute(kube).await
            }
            "kios-murah" => {
                self.to_a_group_without_books(kube).await?;
                self.share_of_result(kube).await
            }
            "pelita-kasih" => {
                self.exchange(kube).await?;
                self.dance(kube).await
            }
            "jati-diri" => self.pay_stake_back(kube).await,
            "sinar" => self.wrong_line(kube).await,
            "tunas-baru" => {
                self.late_dues(kube).await?;
                self.above_the_cap(kube).await?;
                self.secretary(kube).await?;
                self.last_meeting(kube).await
            }
            _ => Ok(()),
        }
    }

    /// Senja's few weeks, the bank's list, the end of the year; and the second institution's year.
    async fn december(&self, kubes: &[Kube]) -> Told {
        self.farewell().await?;
        self.bank_interest().await?;
        self.bank_statement().await?;
        self.year_end(kubes).await?;
        self.lontar().await
    }
}
