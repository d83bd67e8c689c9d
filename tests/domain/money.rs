//! Sums that do not fit are refused, shares never drift.

use proptest::prelude::*;
use simpul::domain::account::{Account, Control};
use simpul::domain::chart::{CHART, Chart, FUNDS, fund_from_name, fund_name};
use simpul::domain::money::{Sen, cumulative_share};
use simpul::domain::refusal::Reason;

#[test]
fn sums_that_do_not_fit_are_refused() {
    let most = Sen::new(i64::MAX);
    for overflow in [most.plus(Sen::new(1)), Sen::new(i64::MIN).minus(Sen::new(1))] {
        assert_eq!(overflow.expect_err("does not fit").reason, Reason::Overflow);
    }
    assert!(Sen::new(i64::MIN).negated().is_err());
    assert_eq!(Sen::from_rupiah(i64::MAX), None);
}

#[test]
fn a_share_of_nothing_is_refused() {
    assert!(cumulative_share(Sen::new(1), 1, 0).is_err());
    assert!(cumulative_share(Sen::new(i64::MAX), 3, 1).is_err());
}

#[test]
fn the_chart_is_ordered_unique_and_named() {
    let numbers: Vec<u32> = CHART.iter().map(|line| line.code.number()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));
    for line in CHART {
        assert!(!line.name_id.is_empty() && !line.name_en.is_empty());
        assert_eq!(line.code.line().code, line.code);
    }
    let both = CHART.iter().filter(|line| line.chart == Chart::Both).count();
    assert!(both > 10);
    for fund in FUNDS {
        assert_eq!(fund_from_name(fund_name(*fund)), Some(*fund));
    }
}

#[test]
fn account_names_read_back() {
    for name in ["lkm.sp.2102.a/uep", "tunas-baru.umum.1902", "a.sp.2901.request-1_X/12"] {
        assert_eq!(Account::parse(name).expect("an account").to_string(), name);
    }
    for name in ["", "a", "a.sp", "a.sp.1", "a.sp.1101.", "A.sp.1101", "a.xx.1101", "a.sp.1101.x y"]
    {
        assert_eq!(Account::parse(name), None, "{name}");
    }
    assert_eq!(Control::parse("a.sp.2103.m01"), None);
    assert_eq!(Control::parse("a.sp.2103").expect("a control").to_string(), "a.sp.2103");
}

proptest! {
    /// Whatever order units leave in, the parts are never negative and sum to the whole cost.
    #[test]
    fn shares_sum_to_the_whole(
        cost in 0..=i64::MAX / 4,
        parts in prop::collection::vec(1..1_000_000_i64, 1..40),
    ) {
        let whole: i64 = parts.iter().sum();
        let (mut left, mut taken) = (0, 0);
        for part in parts {
            left += part;
            let share = cumulative_share(Sen::new(cost), left, whole).expect("fits").get();
            prop_assert!(share >= taken);
            // Within half a sen of the exact share.
            let exact = i128::from(cost) * i128::from(left);
            prop_assert!((i128::from(share) * i128::from(whole) - exact).abs() * 2 <= i128::from(whole));
            taken = share;
        }
        prop_assert_eq!(taken, cost);
    }
}
