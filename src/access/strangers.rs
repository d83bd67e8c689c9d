//! Callers whom nobody knows: how often they were refused.
//!
//! **Invariant**: however often they call, the access log gains at most two lines an hour for each
//! reason: the first refusal at once, and all others of that hour in one.

use std::collections::BTreeMap;

const HOUR: i64 = 60 * 60 * 1_000_000;

/// What a line of the log says of callers whom nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// When the last of them was, in microseconds since 1970.
    pub at: i64,
    /// Why.
    pub reason: &'static str,
    /// How many.
    pub times: u64,
}

/// The refusals of the hour that no line says yet; by reason, when the last one was and how many.
#[derive(Clone, Debug, Default)]
pub struct Strangers {
    hour: i64,
    counted: BTreeMap<&'static str, (i64, u64)>,
}

impl Strangers {
    /// Counts a refusal; answers the lines that are due.
    pub fn refused(&mut self, at: i64, reason: &'static str) -> Vec<Refusals> {
        let hour = at.div_euclid(HOUR);
        let mut due = Vec::new();
        if self.hour != hour {
            due = self.told();
            self.hour = hour;
            self.counted.clear();
        }
        match self.counted.get_mut(reason) {
            Some((last, times)) => {
                *last = at;
                *times = times.saturating_add(1);
            }
            None => {
                self.counted.insert(reason, (at, 0));
                due.push(Refusals { at, reason, times: 1 });
            }
        }
        due
    }

    /// What was counted and not told yet.
    pub fn told(&mut self) -> Vec<Refusals> {
        let counted = self.counted.iter_mut().filter(|(_, (_, times))| *times > 0);
        let tell = |(reason, (at, times)): (&&'static str, &mut (i64, u64))| Refusals {
            at: *at,
            reason,
            times: std::mem::take(times),
        };
        counted.map(tell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, reason: &'static str, times: u64) -> Refusals {
        Refusals { at, reason, times }
    }

    #[test]
    fn the_first_of_an_hour_is_told_at_once_and_the_rest_together() {
        let mut strangers = Strangers::default();
        assert_eq!(strangers.refused(5, "TOKEN_UNKNOWN"), [line(5, "TOKEN_UNKNOWN", 1)]);
        for at in 6..1_000_006 {
            assert_eq!(strangers.refused(at, "TOKEN_UNKNOWN"), []);
        }
        assert_eq!(strangers.refused(7, "CODE_UNKNOWN"), [line(7, "CODE_UNKNOWN", 1)]);
        let next = [line(1_000_005, "TOKEN_UNKNOWN", 1_000_000), line(HOUR, "CODE_UNKNOWN", 1)];
        assert_eq!(strangers.refused(HOUR, "CODE_UNKNOWN"), next);
        assert_eq!(strangers.refused(HOUR + 1, "CODE_UNKNOWN"), []);
        assert_eq!(strangers.told(), [line(HOUR + 1, "CODE_UNKNOWN", 1)]);
        assert_eq!(strangers.told(), []);
        assert_eq!(strangers.refused(HOUR + 2, "CODE_UNKNOWN"), []);
    }
}
