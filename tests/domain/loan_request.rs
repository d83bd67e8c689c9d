//! Who confirms a loan where people sign in.

use simpul::domain::access::{Assignment, Author, Role};
use simpul::domain::loan::case::Borrower;
use simpul::domain::loan::request::{ConfirmLoan, Confirmer};
use simpul::domain::record::proto::{LoanFrequency, LoanMethod};
use simpul::domain::record::{Outcome, Row};
use simpul::domain::refusal::Reason;

use crate::loan_schedule::plain_terms;
use crate::loans::{apply, set_product, village};
use crate::village::{Village, id, k, kube};

fn role(role: Role, entity: &str, member: &str) -> Assignment {
    Assignment {
        role: role as i32,
        entity: entity.to_owned(),
        member: member.to_owned(),
        since: 0,
        until: None,
        ..Assignment::default()
    }
}

/// What comes of a confirmation of `p1`, which `bu-maria` has applied for in the name of m01.
fn confirmed(actor: &str, held: &[Assignment], paper: bool) -> Result<i32, Reason> {
    let mut v: Village = village();
    set_product(&mut v, &kube("a"), plain_terms(LoanMethod::Flat, LoanFrequency::Monthly, "1"));
    let wish = apply(&kube("a"), "p1", Borrower::Member(id("m01")), k(500), 5);
    let mut command = v.command(wish, None);
    command.author = Author { role: Role::Treasurer, ..Author::named("bu-maria") };
    assert!(matches!(v.run(&command).outcome, Outcome::Done(_)));
    let by = Confirmer::new(held);
    let mut command = v.command(ConfirmLoan { lender: kube("a"), loan: id("p1"), by, paper }, None);
    let role = held.first().map(Assignment::role).unwrap_or_default();
    command.author = Author { role, ..Author::named(actor) };
    match v.run(&command).outcome {
        Outcome::Refused(refusal) => Err(refusal.reason),
        Outcome::Done(effect) => {
            let loan = effect.rows.iter().find_map(|(_, row)| match row {
                Row::Loan(loan) => Some(loan.confirmed_on),
                _ => None,
            });
            Ok(loan.expect("the loan"))
        }
    }
}

#[test]
fn a_borrower_needs_no_paper_and_an_officer_does() {
    let member = [role(Role::Member, "a", "m01")];
    assert!(confirmed("ibu-satu", &member, false).is_ok());
    let officer = [role(Role::Chair, "a", "")];
    assert_eq!(confirmed("ketua", &officer, false), Err(Reason::ConfirmationNeedsPaper));
    assert!(confirmed("ketua", &officer, true).is_ok());
    let clerk = [role(Role::Teller, "", "")];
    assert_eq!(confirmed("teller", &clerk, false), Err(Reason::ConfirmationNeedsPaper));
    assert!(confirmed("teller", &clerk, true).is_ok());
    assert!(confirmed("siapa-saja", &[], false).is_ok(), "where nobody has to sign in");
}

#[test]
fn neither_others_nor_whoever_applied_confirm() {
    let others = [role(Role::Member, "a", "m02"), role(Role::Member, "b", "m01")];
    for other in others {
        assert_eq!(confirmed("lain", &[other], true), Err(Reason::NotFound));
    }
    let elsewhere = [role(Role::Treasurer, "b", "")];
    assert_eq!(confirmed("lain", &elsewhere, true), Err(Reason::NotFound));
    let maker = [role(Role::Treasurer, "a", ""), role(Role::Member, "a", "m01")];
    assert_eq!(confirmed("bu-maria", &maker, true), Err(Reason::OwnApplication));
}
