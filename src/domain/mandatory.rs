//! Simpanan pokok and wajib: what a member owes of them, by the products' versions. What has been
//! brought is the account itself; what is missing is the difference.

use crate::domain::day::Day;
use crate::domain::effective::in_force;
use crate::domain::iks_rule::period_of;
use crate::domain::money::Sen;
use crate::domain::record::proto::{DuesPeriod, SavingsProduct};
use crate::domain::refusal::Refusal;

/// What falls due for a member from the day they joined through a day: an amount for each month or
/// year begun, or each meeting held. Before the first version nothing is due.
///
/// Errors: `OVERFLOW`.
pub fn due(
    versions: &[SavingsProduct],
    joined: Day,
    through: Day,
    meetings: &[Day],
) -> Result<Sen, Refusal> {
    let Some(first) = versions.first() else { return Ok(Sen::ZERO) };
    let mut due = Sen::ZERO;
    let mut day = joined.max(Day::new(first.since));
    let held = meetings.iter().filter(|held| day <= **held && **held <= through);
    for held in held {
        let version = in_force(versions, *held);
        if let Some(version) = version.filter(|it| it.period() == DuesPeriod::PerMeeting) {
            due = due.plus(Sen::new(version.amount))?;
        }
    }
    while day <= through {
        let Some(version) = in_force(versions, day) else { return Ok(due) };
        let (_, last) = match version.period() {
            DuesPeriod::PerMeeting | DuesPeriod::Unspecified => period_of(DuesPeriod::Monthly, day),
            period => {
                due = due.plus(Sen::new(version.amount))?;
                period_of(period, day)
            }
        };
        day = last.next();
    }
    Ok(due)
}

/// What a member owes of simpanan pokok, once: what was asked on the day they joined. Of who joined
/// before the first version nothing is known to be due.
pub fn due_on_joining(versions: &[SavingsProduct], joined: Day) -> Sen {
    in_force(versions, joined).map_or(Sen::ZERO, |version| Sen::new(version.amount))
}
