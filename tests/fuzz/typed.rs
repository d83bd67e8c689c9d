//! What people type: amounts, quantities, dates, names of accounts and of books.

use simpul::cli::convert;
use simpul::domain::account::{Account, Subject};
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::refusal::Language;
use simpul::locale::date::{format_day, parse_day};
use simpul::locale::number::{format_amount, format_quantity, parse_amount, parse_quantity};
use simpul::locale::words::terbilang;
use simpul::report::plaintext::{account_name, parse_account};

use crate::hunt_text;

const AMOUNTS: &[&str] =
    &["Rp1.250.000", "Rp 1.250.000,-", "1250000", "1.250.000,00", "0", "92.233.720.368.547.758,07"];

#[test]
fn amounts() {
    hunt_text("amounts", AMOUNTS, |text| {
        if let Ok(amount) = parse_amount(text) {
            assert_eq!(parse_amount(&format_amount(amount)), Ok(amount));
            assert!(!terbilang(amount).is_empty());
            assert_eq!(convert::sen(convert::money(amount).as_ref()), amount);
        }
    });
}

#[test]
fn quantities() {
    hunt_text("quantities", &["8", "2,5", "1.000,125", "0,001"], |text| {
        if let Ok(milli) = parse_quantity(text) {
            assert_eq!(parse_quantity(&format_quantity(milli)), Ok(milli));
        }
    });
}

#[test]
fn dates() {
    let seeds = ["17-8-2025", "17/08/2025", "2025-08-17", "17 Agustus 2025", "29 Feb 2024"];
    hunt_text("dates", &seeds, |text| {
        if let Ok(day) = parse_day(text) {
            assert_eq!(parse_day(&format_day(day, Language::Indonesian)), Ok(day));
            assert!(convert::date(day).is_some());
        }
    });
}

#[test]
fn names() {
    let seeds = ["mawar.sp.2103.m01", "lkm.sp.1101", "mawar", "permintaan-0001", "lkm"];
    hunt_text("names", &seeds, |text| {
        if let Some(account) = Account::parse(text) {
            assert_eq!(account.to_string(), text);
        }
        if let Some(id) = Id::new(text) {
            assert_eq!(id.as_str(), text);
        }
        if let Some(id) = RequestId::new(text) {
            assert_eq!(id.as_str(), text);
        }
        let _read = (Entity::new(text), Subject::parse(text));
    });
    let account = Account::parse("mawar.sp.2103.m01").expect("an account");
    let name = account_name(&account);
    hunt_text("accounts of other programs", &[name.as_str()], |text| {
        if let Some(account) = parse_account(text) {
            assert_eq!(account_name(&account), text);
        }
    });
}
