//! Loans of the LKM to traders of the market, each of another kind: by the week, with a fine for
//! days late; every 35 days, in rounded instalments; in equal ones; with jasa every two weeks and
//! all of the principal at the end; on days of the harvest, by the days between; with grace, and
//! more paid early; by the day. And one that was running before the book began.

use super::Year;
use super::credit::{MINUTE, at, customer, flat, lkm_loan, plan, version, wish};
use super::customers::PERSONAL;
use super::requests::{MonthDay, Told, day_of, done, lkm, on, percent, request, rupiah};
use crate::api::v1::{
    self, DayCount, Fund, InterestGrace, LoanFrequency, LoanMethod, LoanPart, LoanPenalty,
    LoanPlan, LoanTerms, Overpayment, PenaltyPer, PlaceKind, opening_item,
};
use crate::cli::convert::money;
use crate::domain::money::Sen;

/// One of them.
struct Kind {
    /// The loan and its product.
    id: &'static str,
    /// The trader.
    customer: u32,
    label: &'static str,
    terms: LoanTerms,
    plan: Option<LoanPlan>,
    amount: i64,
    /// The day it is asked for, approved and paid out.
    out: MonthDay,
    /// What is paid, in sen.
    paid: Vec<(MonthDay, i64)>,
}

/// So many rupiah on each of these days.
fn each(rupiah: i64, days: &[MonthDay]) -> Vec<(MonthDay, i64)> {
    days.iter().map(|day| (*day, rupiah * 100)).collect()
}

/// The fourth of ten instalments comes a week late with the fifth: of 51.000 a thousandth for each of
/// the four days beyond the three that cost nothing.
fn weekly() -> Kind {
    let penalty = LoanPenalty {
        per: PenaltyPer::Day as i32,
        percent: percent("0.1"),
        grace_days: 3,
        cap_percent: percent("2"),
    };
    let order = [LoanPart::Interest, LoanPart::Principal, LoanPart::Penalty];
    let before = each(51_000, &[(3, 10), (3, 17), (3, 24)]);
    let after = each(51_000, &[(4, 14), (4, 21), (4, 28), (5, 5), (5, 12)]);
    Kind {
        id: "mingguan",
        customer: 7,
        label: "Pinjaman mingguan",
        terms: LoanTerms {
            frequency: LoanFrequency::Weekly as i32,
            penalty: Some(penalty),
            allocation: order.map(|part| part as i32).to_vec(),
            by_instalment: true,
            ..flat("0.2")
        },
        plan: plan(10),
        amount: 500_000,
        out: (3, 3),
        paid: [before, each(2 * 51_000 + 204, &[(4, 7)]), after].concat(),
    }
}

/// 102.500 of principal, and jasa on what is left, rounded up to the next thousand.
fn selapanan() -> Kind {
    Kind {
        id: "selapanan",
        customer: 8,
        label: "Pinjaman selapanan",
        terms: LoanTerms {
            method: LoanMethod::Menurun as i32,
            frequency: LoanFrequency::Selapanan as i32,
            rounding_rupiah: 1_000,
            ..flat("1")
        },
        plan: plan(4),
        amount: 410_000,
        out: (4, 1),
        paid: vec![
            ((5, 6), 107_000 * 100),
            ((6, 10), 106_000 * 100),
            ((7, 15), 105_000 * 100),
            ((8, 19), 102_224 * 100 + 84),
        ],
    }
}

/// 100.000, 101.000 and 102.010 of principal, so that with 1% of what is left each is the same.
fn equal() -> Kind {
    Kind {
        id: "anuitas",
        customer: 9,
        label: "Pinjaman anuitas",
        terms: LoanTerms { method: LoanMethod::Anuitas as i32, ..flat("1") },
        plan: plan(3),
        amount: 303_010,
        out: (4, 10),
        paid: [(5, 10), (6, 10), (7, 10)].map(|day| (day, 103_030 * 100 + 10)).to_vec(),
    }
}

/// 3.000 every two weeks, and with the last of them all that was lent.
fn interest_first() -> Kind {
    let mut paid = each(3_000, &[(6, 16), (6, 30), (7, 14), (7, 28), (8, 11)]);
    paid.extend(each(3_000 + 600_000, &[(8, 25)]));
    Kind {
        id: "dagang",
        customer: 10,
        label: "Pinjaman dagang, jasa dua mingguan",
        terms: LoanTerms {
            method: LoanMethod::MusimanJasaBerkala as i32,
            frequency: LoanFrequency::TwoWeekly as i32,
            ..flat("0.5")
        },
        plan: plan(6),
        amount: 600_000,
        out: (6, 2),
        paid,
    }
}

/// 12% a year: for the 90 days until June's harvest, and the 92 until September's.
fn harvests() -> Kind {
    let days = [day_of(6, 30), day_of(9, 30)];
    Kind {
        id: "panen",
        customer: 11,
        label: "Pinjaman dua panen",
        terms: LoanTerms {
            frequency: LoanFrequency::Custom as i32,
            day_count: DayCount::Actual365 as i32,
            ..flat("12")
        },
        plan: Some(LoanPlan {
            instalments: 2,
            due_days: days.into_iter().flatten().collect(),
            ..LoanPlan::default()
        }),
        amount: 365_000,
        out: (4, 1),
        paid: vec![((6, 30), (182_500 + 10_800) * 100), ((9, 30), (182_500 + 11_040) * 100)],
    }
}

/// Nothing in the first month, the jasa of two in the second, then four times 100.000, of which the
/// last is paid with the first: of the third and the second then less jasa falls due.
fn with_grace() -> Kind {
    Kind {
        id: "tenggang",
        customer: 12,
        label: "Pinjaman bertenggang",
        terms: LoanTerms {
            method: LoanMethod::Menurun as i32,
            principal_grace: 2,
            interest_grace: 1,
            interest_grace_rule: InterestGrace::Deferred as i32,
            overpayment: Overpayment::EarlyPrincipal as i32,
            ..flat("1")
        },
        plan: plan(6),
        amount: 400_000,
        out: (5, 10),
        paid: vec![
            ((7, 10), 8_000 * 100),
            ((8, 10), (104_000 + 100_000) * 100),
            ((9, 10), 102_000 * 100),
            ((10, 10), 101_000 * 100),
        ],
    }
}

/// 10.030 a day for ten days, brought twice.
fn daily() -> Kind {
    Kind {
        id: "harian",
        customer: 13,
        label: "Pinjaman harian",
        terms: LoanTerms { frequency: LoanFrequency::Daily as i32, ..flat("0.03") },
        plan: plan(10),
        amount: 100_000,
        out: (8, 4),
        paid: each(5 * 10_030, &[(8, 9), (8, 14)]),
    }
}

impl Year<'_> {
    /// What a month brings of them.
    pub(super) async fn kinds(&self, month: i32) -> Told {
        let kinds =
            [weekly(), selapanan(), equal(), interest_first(), harvests(), with_grace(), daily()];
        for kind in &kinds {
            if kind.out.0 == month {
                self.of_kind(kind).await?;
            }
            for (day, sen) in kind.paid.iter().filter(|(day, _)| day.0 == month) {
                self.pay_sen(*day, kind.id, *sen).await?;
            }
        }
        if month == 5 {
            self.dearer().await?;
        }
        let vault = at(PlaceKind::Vault);
        match month {
            1 => self.before_the_book().await,
            2..=6 => self.instalment((month, 2), &lkm_loan("lama"), 52_500, vault).await,
            _ => Ok(()),
        }
    }

    /// From June on those with grace cost 1,5% a month: the one that runs keeps its 1%.
    async fn dearer(&self) -> Told {
        let kind = with_grace();
        let terms = LoanTerms { rate_percent: percent("1.5"), ..kind.terms };
        let since = day_of(6, 1);
        let version =
            v1::LoanVersion { since, ..version(kind.label, "BA-22/2025 (contoh)", terms) };
        self.loan_product("tenggang-juni", &lkm(), kind.id, version).await
    }

    async fn of_kind(&self, kind: &Kind) -> Told {
        let version = version(kind.label, MINUTE, kind.terms.clone());
        self.loan_product(kind.id, &lkm(), kind.id, version).await?;
        let trader = customer(kind.customer);
        let wish = v1::ApplyForLoanRequest {
            plan: kind.plan.clone(),
            ..wish((&lkm(), kind.id), trader, kind.id, kind.amount, 0)
        };
        self.ask(kind.out, wish).await?;
        self.decide_loan(kind.out, &lkm_loan(kind.id), MINUTE, true).await?;
        self.disburse(kind.out, &lkm_loan(kind.id), at(PlaceKind::Vault)).await
    }

    async fn pay_sen(&self, (month, day): MonthDay, loan: &str, sen: i64) -> Told {
        let pay = v1::PayLoanRequest {
            loan: lkm_loan(loan),
            request_id: request(loan, &format!("bayar-{month}-{day}")),
            details: on(month, day),
            amount: money(Sen::new(sen)),
            purse: at(PlaceKind::Vault),
        };
        done(self.remote.loans().pay_loan(pay).await)
    }

    /// 250.000 are left of a loan of the year before, to be paid in five months.
    async fn before_the_book(&self) -> Told {
        let loan = v1::OpeningLoan {
            loan_id: "lama".to_owned(),
            borrower: customer(1),
            product_id: PERSONAL.to_owned(),
            outstanding: rupiah(250_000),
            instalments: 5,
            ..v1::OpeningLoan::default()
        };
        let items = vec![v1::OpeningItem { item: Some(opening_item::Item::Loan(loan)) }];
        let asked = request("lkm", "pinjaman-lama");
        self.opens(lkm(), asked, (1, 2), Fund::SimpanPinjam, items).await
    }
}
