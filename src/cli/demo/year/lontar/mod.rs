//! A second institution in a book of its own: Koperasi Lontar of 84 members, with one group, from July
//! on. It begins under incubation and is a cooperative from October on, so that what its members must
//! save becomes equity.
//!
//! [`founding`] founds it by its [`rules`], [`savers`] tells what savers do and how two of them go,
//! [`deposits`] of money put away for a time and of profit shared, [`loan`] of one that is paid out of
//! savings, and [`surplus`] how the year ends: opened once more, brought together, divided.
//!
//! **Invariant**: what a month brings is told before the last day of that month is closed, as an officer
//! would; so interest is paid before anybody is settled with, and savings fall dormant before they wake.

mod deposits;
mod founding;
mod loan;
mod rules;
mod savers;
mod surplus;

use super::Year;
use super::requests::{Told, day_of, member_id, place, request};
use crate::api::v1::{self, PlaceKind};
use crate::cli::remote::Remote;

/// The book.
const BOOK: &str = "lontar";
/// Its one group.
const GROUP: &str = "sasando";
/// The minute of those who decided on its rules.
const MINUTE: &str = "BA-1/2025 (contoh)";

struct Lontar<'a> {
    year: &'a Year<'a>,
    remote: &'a Remote,
}

impl Year<'_> {
    /// What the second institution did.
    pub(super) async fn lontar(&self) -> Told {
        Lontar { year: self, remote: self.remote }.tell().await
    }
}

fn book() -> String {
    format!("books/{BOOK}")
}

fn lkm() -> String {
    format!("books/{BOOK}/lkm")
}

fn group() -> String {
    format!("books/{BOOK}/groups/{GROUP}")
}

/// A member of the cooperative itself.
fn saver(number: u32) -> String {
    format!("{}/members/{}", lkm(), member_id(number))
}

/// A member of the group.
fn grouped(number: u32) -> String {
    format!("{}/members/{}", group(), member_id(number))
}

fn asked(step: &str) -> String {
    request(BOOK, step)
}

fn vault() -> Option<v1::Place> {
    place(PlaceKind::Vault)
}

fn tin() -> Option<v1::Place> {
    place(PlaceKind::Cash)
}

impl Lontar<'_> {
    async fn tell(&self) -> Told {
        self.found().await?;
        for (month, last) in [(7, 31), (8, 31), (9, 30), (10, 31), (11, 30), (12, 31)] {
            self.month(month).await?;
            self.year.close_days(BOOK, day_of(month, last)).await?;
        }
        self.year_end().await
    }

    async fn month(&self, month: i32) -> Told {
        match month {
            7 => {
                self.first_savings().await?;
                self.put_away_to_share().await?;
                self.stock_the_shop().await
            }
            8 => {
                self.put_away().await?;
                self.withdraw(1, "tarik", (8, 15), 10_000_000).await?;
                self.pay_withheld_tax().await
            }
            9 => {
                self.register().await?;
                self.borrow_from_savings().await?;
                self.stand_surety().await
            }
            10 => {
                self.become_cooperative().await?;
                self.lower_rates().await?;
                self.share_profit().await?;
                self.put_away_for_a_month().await?;
                self.mandatory().await?;
                self.save_instalment(month).await?;
                self.death().await
            }
            11 => {
                self.heirs().await?;
                self.save_instalment(month).await?;
                self.put_away_with_the_group().await?;
                self.break_early().await?;
                self.year.close_days(BOOK, day_of(11, 19)).await?;
                self.wake().await
            }
            _ => {
                self.leave().await?;
                self.break_for_a_fee().await?;
                self.save_instalment(month).await?;
                self.release_surety().await?;
                self.earn().await
            }
        }
    }
}
