//! Who sees which sort of personal text in full: one table for all methods.
//!
//! **Invariant**: text is shown by [`Opened`](crate::api::desk::Opened) alone, which asks here. What
//! is masked keeps its length hidden, but for identity numbers, which all have sixteen digits.

use crate::domain::access::Role;

/// Sorts of personal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The name of a person, or of what may be one.
    Name,
    /// An identity number.
    Nik,
    /// What happened to somebody, such as an illness.
    Health,
    /// What was written about one person.
    Remark,
    /// Minutes, notes and memos of a group or of the LKM.
    Memo,
}

impl Sort {
    /// The roles that see it in full; all others, and whoever holds none, see it masked.
    const fn shown_to(self) -> &'static [Role] {
        use Role::{
            Auditor, Bookkeeper, Chair, Collector, Facilitator, Manager, Member, Teller, Treasurer,
        };
        match self {
            Sort::Name | Sort::Memo => &[
                Manager,
                Bookkeeper,
                Teller,
                Collector,
                Treasurer,
                Chair,
                Member,
                Facilitator,
                Auditor,
            ],
            Sort::Nik => &[],
            Sort::Health => &[Manager, Treasurer, Chair],
            Sort::Remark => &[Manager, Teller, Collector, Treasurer, Chair, Facilitator, Auditor],
        }
    }

    fn masked(self, text: &str) -> String {
        match self {
            _ if text.is_empty() => String::new(),
            Sort::Name => initials(text),
            Sort::Nik => masked_nik(text),
            Sort::Health | Sort::Remark | Sort::Memo => "***".to_owned(),
        }
    }
}

/// As what somebody looks.
#[derive(Clone, Debug, Default)]
pub(crate) enum Sight {
    /// By the roles held where the call is about.
    By(Vec<Role>),
    /// By any role there is: where nobody has to sign in.
    #[default]
    Common,
    /// Everything in full: for what is compared, and for what was asked to be revealed.
    Full,
}

impl Sight {
    /// A text, in full or masked.
    pub(crate) fn show(&self, sort: Sort, text: &str) -> String {
        let shown_to = sort.shown_to();
        let in_full = match self {
            Sight::Full => true,
            Sight::Common => !shown_to.is_empty(),
            Sight::By(roles) => roles.iter().any(|role| shown_to.contains(role)),
        };
        if in_full { text.to_owned() } else { sort.masked(text) }
    }
}

/// The first letters of a name's words, at most five: `Maria Bere (contoh)` is `M. B.`
fn initials(name: &str) -> String {
    let letters = name.split_whitespace().filter_map(|word| word.chars().next());
    let letters = letters.filter(|letter| letter.is_alphabetic()).take(5);
    let dotted: Vec<String> = letters.map(|letter| format!("{letter}.")).collect();
    if dotted.is_empty() { "***".to_owned() } else { dotted.join(" ") }
}

/// `31************01`.
fn masked_nik(nik: &str) -> String {
    match (nik.get(..2), nik.get(14..16)) {
        (Some(first), Some(last)) if nik.len() == 16 => format!("{first}{}{last}", "*".repeat(12)),
        _ => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SORTS: [Sort; 5] = [Sort::Name, Sort::Nik, Sort::Health, Sort::Remark, Sort::Memo];

    /// How one text looks as each of the sorts.
    fn seen(sight: &Sight) -> [bool; 5] {
        SORTS.map(|sort| sight.show(sort, "5301010101010001") == "5301010101010001")
    }

    #[test]
    fn each_role_sees_what_the_table_says() {
        let table = [
            (Role::Administrator, [false, false, false, false, false]),
            (Role::Manager, [true, false, true, true, true]),
            (Role::Bookkeeper, [true, false, false, false, true]),
            (Role::Teller, [true, false, false, true, true]),
            (Role::Collector, [true, false, false, true, true]),
            (Role::Treasurer, [true, false, true, true, true]),
            (Role::Chair, [true, false, true, true, true]),
            (Role::Member, [true, false, false, false, true]),
            (Role::Facilitator, [true, false, false, true, true]),
            (Role::Dinas, [false, false, false, false, false]),
            (Role::Auditor, [true, false, false, true, true]),
        ];
        for (role, sees) in table {
            assert_eq!(seen(&Sight::By(vec![role])), sees, "{role:?}");
        }
        assert_eq!(seen(&Sight::By(Vec::new())), [false; 5]);
        assert_eq!(seen(&Sight::Common), [true, false, true, true, true]);
        assert_eq!(seen(&Sight::Full), [true; 5]);
    }

    #[test]
    fn what_is_masked_tells_little() {
        let nobody = Sight::By(Vec::new());
        let cases = [
            (Sort::Name, "Maria Goreti Bere (contoh)", "M. G. B."),
            (Sort::Name, "(contoh)", "***"),
            (Sort::Nik, "5301014501900001", "53************01"),
            (Sort::Nik, "belum ada", "***"),
            (Sort::Health, "sakit", "***"),
            (Sort::Memo, "untuk Maria", "***"),
            (Sort::Nik, "", ""),
            (Sort::Memo, "", ""),
        ];
        for (sort, text, masked) in cases {
            assert_eq!(nobody.show(sort, text), masked);
        }
    }
}
