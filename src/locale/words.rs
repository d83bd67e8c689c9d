//! Terbilang: amounts in Indonesian words, as receipts carry them beside the digits.

use crate::domain::money::Sen;

const UNITS: [&str; 12] = [
    "", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh",
    "sebelas",
];

const SCALES: [(u64, &str); 5] = [
    (1_000_000_000_000_000, "kuadriliun"),
    (1_000_000_000_000, "triliun"),
    (1_000_000_000, "miliar"),
    (1_000_000, "juta"),
    (1_000, "ribu"),
];

/// An amount in words, e.g. `satu juta dua ratus lima puluh ribu rupiah`, with `... sen` when
/// there are any, and `minus` before what is below zero.
pub fn terbilang(amount: Sen) -> String {
    let (rupiah, sen) = (amount.get().unsigned_abs() / 100, amount.get().unsigned_abs() % 100);
    let mut words = Vec::new();
    if amount.is_negative() {
        words.push("minus");
    }
    if rupiah > 0 || sen == 0 {
        push_number(rupiah, &mut words);
        words.push("rupiah");
    }
    if sen > 0 {
        push_number(sen, &mut words);
        words.push("sen");
    }
    words.join(" ")
}

fn push_number(number: u64, words: &mut Vec<&'static str>) {
    if number == 0 {
        words.push("nol");
    }
    let mut rest = number;
    for (scale, name) in SCALES {
        match rest / scale {
            0 => {}
            // A thousand is one word; a million is "one million".
            1 if name == "ribu" => words.push("seribu"),
            count => {
                push_hundreds(count, words);
                words.push(name);
            }
        }
        rest %= scale;
    }
    push_hundreds(rest, words);
}

/// Numbers below a thousand; nothing for zero.
fn push_hundreds(number: u64, words: &mut Vec<&'static str>) {
    match number / 100 {
        0 => {}
        1 => words.push("seratus"),
        hundreds => words.extend([unit(hundreds), "ratus"]),
    }
    match number % 100 {
        0 => {}
        small @ 1..=11 => words.push(unit(small)),
        teen @ 12..=19 => words.extend([unit(teen - 10), "belas"]),
        more => {
            words.extend([unit(more / 10), "puluh"]);
            if more % 10 > 0 {
                words.push(unit(more % 10));
            }
        }
    }
}

fn unit(number: u64) -> &'static str {
    usize::try_from(number).ok().and_then(|at| UNITS.get(at)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rupiah(rupiah: i64) -> String {
        terbilang(Sen::from_rupiah(rupiah).expect("it fits"))
    }

    #[test]
    fn amounts_are_spelled_as_on_receipts() {
        let cases = [
            (0, "nol rupiah"),
            (1, "satu rupiah"),
            (10, "sepuluh rupiah"),
            (11, "sebelas rupiah"),
            (12, "dua belas rupiah"),
            (19, "sembilan belas rupiah"),
            (20, "dua puluh rupiah"),
            (21, "dua puluh satu rupiah"),
            (100, "seratus rupiah"),
            (111, "seratus sebelas rupiah"),
            (200, "dua ratus rupiah"),
            (999, "sembilan ratus sembilan puluh sembilan rupiah"),
            (1_000, "seribu rupiah"),
            (1_001, "seribu satu rupiah"),
            (1_100, "seribu seratus rupiah"),
            (2_000, "dua ribu rupiah"),
            (11_000, "sebelas ribu rupiah"),
            (50_000, "lima puluh ribu rupiah"),
            (101_000, "seratus satu ribu rupiah"),
            (1_000_000, "satu juta rupiah"),
            (1_001_000, "satu juta seribu rupiah"),
            (1_250_000, "satu juta dua ratus lima puluh ribu rupiah"),
            (1_000_000_000, "satu miliar rupiah"),
            (100_000_000_000_000, "seratus triliun rupiah"),
            (-7_500, "minus tujuh ribu lima ratus rupiah"),
        ];
        for (amount, words) in cases {
            assert_eq!(rupiah(amount), words);
        }
        assert_eq!(terbilang(Sen::new(150)), "satu rupiah lima puluh sen");
        assert_eq!(terbilang(Sen::new(11)), "sebelas sen");
        assert!(terbilang(Sen::new(i64::MIN)).starts_with("minus sembilan puluh dua kuadriliun"));
    }

    /// Reads number words back, by other means than writing them.
    fn read(words: &str) -> u64 {
        let (mut total, mut part, mut last) = (0, 0, 0);
        for word in words.split(' ') {
            let scale = SCALES.iter().find(|(_, name)| *name == word);
            match word {
                "nol" => {}
                "sepuluh" => last = 10,
                "sebelas" => last = 11,
                "seratus" => part += 100,
                "seribu" => total += 1_000,
                "belas" => last += 10,
                "puluh" => (part, last) = (part + 10 * last, 0),
                "ratus" => (part, last) = (part + 100 * last, 0),
                _ => match scale {
                    Some((scale, _)) => (total, part, last) = (total + scale * (part + last), 0, 0),
                    None => {
                        last = UNITS.iter().position(|unit| *unit == word).expect("a unit") as u64
                    }
                },
            }
        }
        total + part + last
    }

    proptest! {
        #[test]
        fn words_read_back(rupiah in 0..=Sen::MAX_REQUEST.get() / 100) {
            let words = terbilang(Sen::new(rupiah * 100));
            let number = words.strip_suffix(" rupiah").expect("ends in rupiah");
            prop_assert_eq!(read(number), rupiah.unsigned_abs());
        }
    }
}
