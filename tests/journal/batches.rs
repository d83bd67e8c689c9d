//! What a batch costs: round trips do not grow with the number of commands in it.

use std::sync::Arc;

use simpul::domain::cash::Place;
use simpul::domain::id::{Entity, Id, RequestId};
use simpul::domain::money::Sen;
use simpul::domain::record::proto::{SheetLine, SheetLineKind};
use simpul::domain::savings::{Deposit, Kind};
use simpul::domain::sheet::RecordSheet;

use crate::town::{Town, Trips};
use crate::village::{self, Wish};

fn deposit(book: &Id, number: usize) -> Wish {
    let member = ["ani", "budi", "citra", "dewi"][number % 4];
    let group = ["melati", "mawar"][number / 4 % 2];
    let action = Deposit {
        entity: Entity::Kube(Id::new(group).unwrap()),
        member: Id::new(member).unwrap(),
        kind: Kind::Voluntary,
        amount: Sen::new(5_000_000),
        place: Place::Cash,
    };
    let request = RequestId::new(&format!("setoran-{number}")).unwrap();
    village::plain(book, request, Arc::new(action))
}

fn sheet(book: &Id, lines: usize) -> Wish {
    let line = |number: usize| SheetLine {
        kind: SheetLineKind::Wajib as i32,
        member: ["ani", "budi", "citra", "dewi"][number % 4].to_owned(),
        amount: 5_000,
        ..SheetLine::default()
    };
    let action = RecordSheet {
        group: Id::new("melati").unwrap(),
        number: "1".to_owned(),
        lines: (0..lines).map(line).collect(),
        opening_cash: Sen::ZERO,
        closing_cash: Sen::new(5_000 * i64::try_from(lines).unwrap()),
        meeting: String::new(),
    };
    village::plain(book, RequestId::new("lembar-1").unwrap(), Arc::new(action))
}

#[test]
fn a_batch_of_many_takes_the_round_trips_of_one() {
    let (mut cold, book) = Town::founded();
    cold.submit(&[deposit(&book, 0)]);
    assert_eq!(cold.trips(), Trips { loads: 1, appends: 1 });
    let many: Vec<Wish> = (1..1_001).map(|number| deposit(&book, number)).collect();
    cold.submit(&many);
    assert!(cold.trips().loads <= 1 && cold.trips().appends == 1, "{:?}", cold.trips());
}

#[test]
fn a_warm_batch_takes_one_append() {
    let (mut town, book) = Town::founded();
    let warm: Vec<Wish> = (0..8).map(|number| deposit(&book, number)).collect();
    town.submit(&warm);
    let many: Vec<Wish> = (8..508).map(|number| deposit(&book, number)).collect();
    town.submit(&many);
    assert_eq!(town.trips(), Trips { loads: 0, appends: 1 });
}

#[test]
fn a_sheet_of_many_lines_takes_the_round_trips_of_a_short_one() {
    let sheet = |lines: usize| {
        let (mut town, book) = Town::founded();
        town.submit(&[sheet(&book, lines)]);
        town.trips()
    };
    assert_eq!(sheet(40), sheet(2));
}

#[test]
fn a_retry_of_all_takes_one_append_that_is_refused() {
    let (mut town, book) = Town::founded();
    let all: Vec<Wish> = (0..100).map(|number| deposit(&book, number)).collect();
    town.submit(&all);
    town.submit(&all);
    assert_eq!(town.trips(), Trips { loads: 2, appends: 1 });
}

#[test]
fn a_whole_founding_at_once_takes_rounds_by_depth_not_by_count() {
    let mut town = Town::new(simpul::journal::Limits::default());
    town.submit(&village::founding(&village::book(0)));
    let trips = town.trips();
    assert!(trips.loads <= 6 && trips.appends == 1, "{trips:?}");
}
