//! The end of the year that is lived: periods and years close, surpluses are divided by savings and
//! by jasa paid, and paid out.
//!
//! Who shares by what is read from entries and from loans' facts, as the API reads it; the naive model takes it from
//! what was told, and divides by itself.

use std::collections::BTreeMap;

use simpul::domain::account::Ledger;
use simpul::domain::book::ClosePeriod;
use simpul::domain::day::Day;
use simpul::domain::loan::portfolio::{Point, interest_paid};
use simpul::domain::money::Sen;
use simpul::domain::record::Outcome;
use simpul::domain::record::proto::{Fund, MemberMeasure, MemberWeight, SurplusRule, SurplusUse};
use simpul::domain::refusal::Reason;
use simpul::domain::surplus::{Divide, Pay, PayKube, Payout, Sharer, Sharers};
use simpul::domain::surplus_rule::{Basis, SetSurplusRule};

use super::naive::{Sharing, Told};
use super::{Life, entity, of_entity, place_of};
use crate::closing::{close_year, rule};
use crate::loans::{counter, row};
use crate::village::{day, id};

use super::loan::Sum;

/// Who shares, and by what: savings at the end of the year, jasa paid in it.
type Shared = Vec<(Sharing, [Sum; 2])>;

fn weight(measure: MemberMeasure, percent: &str) -> MemberWeight {
    MemberWeight { measure: measure as i32, percent: percent.to_owned() }
}

/// Two fifths to the reserves, the rest to the members: 70% by savings, 30% by jasa.
fn surplus_rule() -> SurplusRule {
    let parts = [(SurplusUse::Reserve, "40"), (SurplusUse::Members, "60")];
    let weights = vec![weight(MemberMeasure::Savings, "70"), weight(MemberMeasure::Interest, "30")];
    SurplusRule { weights, ..rule("2026-01-01", &parts, MemberMeasure::Equal) }
}

impl Life {
    /// The first day of the next year, before anything happens on it.
    pub fn end_year(&mut self) {
        let (end, today) = (day("2025-12-31"), day("2026-01-01"));
        self.village.today = today;
        while self.closed < end {
            self.close_day(self.closed.next());
        }
        self.compare(today);
        for whose in self.lenders() {
            let minute = "BA-8/contoh".to_owned();
            let action = ClosePeriod { entity: entity(&whose), through: end, minute };
            let record = self.run(action, today);
            assert!(matches!(record.outcome, Outcome::Done(_)), "{record:?}");
            let close = close_year(&self.village, entity(&whose), 2025);
            let record = self.run(close, today);
            let results = self.naive.results(&whose);
            self.told(Told::YearClosed { results }, &[], end, &record);
            self.booked.pop();
            self.naive.closed.insert(whose.clone(), end);
            self.shown.push((whose.clone(), end, self.as_of(&whose, end)));
        }
        self.compare(today);
        for whose in self.lenders() {
            self.divide(&whose, end, today);
            self.compare(today);
        }
    }

    fn divide(&mut self, whose: &str, end: Day, today: Day) {
        let rule = SetSurplusRule { entity: entity(whose), rule: surplus_rule() };
        let record = self.run(rule, today);
        assert!(matches!(record.outcome, Outcome::Done(_)), "{record:?}");
        let shared = self.shared(whose, end);
        let ledger = Ledger::new(entity(whose), Fund::SimpanPinjam);
        let sharers = self.sharers(whose, end);
        let record = self.run(Divide { ledger, year: 2025, sharers, settled: None }, today);
        let surplus = -self.naive.held(&format!("{whose}.sp.3401"));
        let without = |at: usize| shared.iter().all(|(_, basis)| basis[at] <= 0);
        let expected = match surplus {
            ..=0 => Some(Reason::NoSurplus),
            _ if without(0) || without(1) => Some(Reason::NoBasis),
            _ => None,
        };
        if let Some(expected) = expected {
            let refused =
                matches!(&record.outcome, Outcome::Refused(one) if one.reason == expected);
            assert!(refused, "{whose} {surplus} {record:?}");
            return self.tally("nothing to divide");
        }
        let reserve = half_up(surplus, 40, 100);
        let members = surplus - reserve;
        let shares = shares(members, &shared);
        let (of, parts) = (whose.to_owned(), shares.clone());
        let told = Told::Divided { whose: of, reserve, shares: parts };
        self.told(told, &[whose], today, &record);
        self.booked.pop();
        self.tally("divided");
        self.pay_members(whose, &shares, today);
        self.pay_kubes(&shares, today);
    }

    /// All of it, so that members may leave; of the LKM's, what is in the vault.
    fn pay_members(&mut self, whose: &str, shares: &[(Sharing, Sum)], today: Day) {
        for (sharing, amount) in shares.iter().filter(|(_, share)| *share > 0) {
            let Sharing::Member(member) = sharing else { continue };
            let short = whose == "lkm" && self.vault() < *amount;
            let ledger = Ledger::new(entity(whose), Fund::SimpanPinjam);
            let payout = Payout::Members(vec![(id(member), Sen::new(*amount))]);
            let record = self.run(Pay { ledger, payout, place: place_of(whose) }, today);
            if short {
                assert!(matches!(record.outcome, Outcome::Refused(_)), "{record:?}");
                continue;
            }
            let (group, member, amount) = (whose.to_owned(), Some(member.clone()), *amount);
            self.told(Told::SharePaid { group, member, amount }, &[whose], today, &record);
            self.booked.pop();
            self.tally(if whose == "lkm" { "shares of its members paid" } else { "shares paid" });
        }
    }

    fn pay_kubes(&mut self, shares: &[(Sharing, Sum)], today: Day) {
        for (sharing, amount) in shares.iter().filter(|(_, share)| *share > 0) {
            let (Sharing::Group(group), amount) = (sharing, *amount) else { continue };
            let short = self.vault() < amount;
            let (fund, means) = (Fund::SimpanPinjam, counter());
            let action = PayKube { group: id(group), fund, amount: Sen::new(amount), means };
            let record = self.run(action, today);
            if short {
                assert!(matches!(record.outcome, Outcome::Refused(_)), "{record:?}");
                continue;
            }
            let told = Told::SharePaid { group: group.clone(), member: None, amount };
            self.told(told, &[group, "lkm"], today, &record);
            self.booked.pop();
            self.tally("shares of groups paid");
        }
    }

    /// What those who share have saved and paid, by what was told.
    fn shared(&self, whose: &str, end: Day) -> Shared {
        let members = self.members(whose).into_iter();
        let members = members.filter(|member| self.was_member(whose, member, end));
        let basis = |member: String| {
            let saved = [2103, 2104].map(|code| self.naive.savings(whose, &member, code));
            let jasa = self.naive.jasa(whose, &member, end);
            (Sharing::Member(member), [saved.iter().sum(), jasa])
        };
        let mut shared: Shared = members.map(basis).collect();
        if whose == "lkm" {
            let saved = self.groups.iter().map(|group| (group, self.naive.at_lkm(group)));
            let kubes = saved.filter(|(_, saved)| *saved != 0).map(|(group, saved)| {
                (Sharing::Group(group.clone()), [saved, self.naive.jasa(whose, group, end)])
            });
            shared.extend(kubes);
        }
        shared
    }

    /// The same, by the entries, and by the facts of loans.
    fn sharers(&self, whose: &str, end: Day) -> Sharers {
        let known = self.village.records.len() as u64;
        let mut members: BTreeMap<String, Basis> = BTreeMap::new();
        let mut kubes: BTreeMap<String, Basis> = BTreeMap::new();
        let mut shared: BTreeMap<String, Sum> = BTreeMap::new();
        for member in self.members(whose) {
            if self.was_member(whose, &member, end) {
                members.insert(member, Basis { counts: true, ..Basis::default() });
            }
        }
        for record in &self.village.records {
            let Outcome::Done(effect) = &record.outcome else { continue };
            if effect.effective_on > end {
                continue;
            }
            for entry in effect.entries.iter().filter(|one| of_entity(one, whose)) {
                let subject = entry.account.subject.as_str();
                if entry.account.code.number() == 4317 {
                    let party = entry.party.rsplit('/').next().unwrap_or_default().to_owned();
                    let sum: &mut Sum = shared.entry(party).or_default();
                    *sum -= entry.amount.get();
                    continue;
                }
                let basis = match entry.account.code.number() {
                    2102 => {
                        let group = subject.split('/').next().expect("a group").to_owned();
                        kubes.entry(group).or_default()
                    }
                    2103 | 2104 => match members.get_mut(subject) {
                        Some(basis) => basis,
                        None => continue,
                    },
                    _ => continue,
                };
                basis.savings = basis.savings.minus(entry.amount).expect("fits");
            }
        }
        kubes.retain(|_, basis| !basis.savings.is_zero());
        for (party, sum) in shared {
            if let Some(basis) = members.get_mut(&party).or(kubes.get_mut(&party)) {
                basis.interest = basis.interest.plus(Sen::new(sum)).expect("fits");
            }
        }
        let before = Point { day: day("2024-12-31"), known };
        for loan in self.naive.loans.iter().filter(|loan| loan.lender == whose) {
            let row = row(&self.village, &entity(whose), &loan.id);
            let paid = interest_paid(&row, before, Point { day: end, known }).expect("reckoned");
            let among = if loan.to_group { &mut kubes } else { &mut members };
            if let Some(basis) = among.get_mut(&loan.borrower) {
                basis.interest = basis.interest.plus(paid).expect("fits");
            }
        }
        let member = |(name, basis): (String, Basis)| (Sharer::Member(id(&name)), basis);
        let kube =
            |(name, basis): (String, Basis)| (Sharer::Kube(id(&name), Fund::SimpanPinjam), basis);
        let people = members.into_iter().map(member).chain(kubes.into_iter().map(kube));
        Sharers { people: people.collect(), known }
    }
}

/// A part of a sum, half a sen up.
fn half_up(sum: Sum, part: Sum, whole: Sum) -> Sum {
    let (sum, part, whole) = (i128::from(sum), i128::from(part), i128::from(whole));
    i64::try_from((2 * sum * part + whole).div_euclid(2 * whole)).expect("fits")
}

/// What each gets: of seven tenths by savings, of the rest by jasa; nobody less than nothing.
fn shares(members: Sum, shared: &Shared) -> Vec<(Sharing, Sum)> {
    let by_savings = half_up(members, 70, 100);
    let mut shares: Vec<(Sharing, Sum)> = shared.iter().map(|(who, _)| (who.clone(), 0)).collect();
    for (at, amount) in [by_savings, members - by_savings].into_iter().enumerate() {
        let whole: Sum = shared.iter().map(|(_, basis)| basis[at].max(0)).sum();
        let (mut reached, mut given) = (0, 0);
        for ((_, basis), (_, share)) in shared.iter().zip(&mut shares) {
            reached += basis[at].max(0);
            let until = half_up(amount, reached, whole);
            *share += until - given;
            given = until;
        }
    }
    shares
}
