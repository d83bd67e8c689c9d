//! Refusals and remarks as sentences: their values as people read them.

use crate::domain::account::Account;
use crate::domain::chart::fund_name;
use crate::domain::day::Day;
use crate::domain::money::Sen;
use crate::domain::record::proto::GuliranRule;
use crate::domain::refusal::{Language, Reason, Refusal};
use crate::locale::date::format_day;
use crate::locale::number::format_amount;

/// One plain sentence in a language: amounts as rupiah, days with the month's name, accounts by
/// their name in the chart. A value in no known form is shown as it is.
pub fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let shown = |(key, value): &(String, String)| {
        let text = value_text(refusal.reason, key, value, language);
        (key.clone(), text.unwrap_or_else(|| value.clone()))
    };
    let details = refusal.details.iter().map(shown).collect();
    Refusal { details, ..refusal.clone() }.text(language)
}

/// A value as people read it; `None` when it is not in the form its name promises.
fn value_text(reason: Reason, key: &str, value: &str, language: Language) -> Option<String> {
    match key {
        "held" | "asked" | "counted" if counts_units(reason) => match language {
            Language::Indonesian => Some(value.replace('.', ",")),
            Language::English => None,
        },
        "least" | "most" if reason == Reason::LoanAmount => {
            value.parse().ok().map(|sen| format_amount(Sen::new(sen)))
        }
        "held" | "asked" | "paid" | "cap" | "difference" | "amount" | "counted" | "received"
        | "spent" | "planned" => value.parse().ok().map(|sen| format_amount(Sen::new(sen))),
        "date" | "today" | "opened" | "last" | "effective" => {
            parse_iso(value).map(|day| format_day(day, language))
        }
        "account" => Account::parse(value).map(|account| account_text(&account, language)),
        "reason" => {
            Reason::from_name(value).map(|reason| suspense_text(reason, language).to_owned())
        }
        _ => None,
    }
}

/// Reasons whose `held` and `asked` are units of a lot rather than sen.
const fn counts_units(reason: Reason) -> bool {
    matches!(reason, Reason::LotExceeded | Reason::KeepingExceeded | Reason::HeadsMismatch)
}

fn parse_iso(text: &str) -> Option<Day> {
    let mut parts = text.splitn(3, '-').map(str::parse);
    let mut next = || parts.next()?.ok();
    Day::from_ymd(next()?, next()?, next()?)
}

/// An account for people, e.g. `Tabungan Anggota maria (tunas-baru, sp)`.
pub fn account_text(account: &Account, language: Language) -> String {
    let line = account.code.line();
    let name = match language {
        Language::Indonesian => line.name_id,
        Language::English => line.name_en,
    };
    let place = format!("({}, {})", account.ledger.entity, fund_name(account.ledger.fund.get()));
    match account.subject.as_str() {
        "" => format!("{name} {place}"),
        subject => format!("{name} {subject} {place}"),
    }
}

/// A group's rule for passing on; where none is set, none is assumed.
pub fn guliran_rule_text(rule: Option<&GuliranRule>, language: Language) -> String {
    let Some(GuliranRule { share_percent, due_months, .. }) = rule else {
        return match language {
            Language::Indonesian => "aturan belum ditetapkan".to_owned(),
            Language::English => "no rule has been set".to_owned(),
        };
    };
    match language {
        Language::Indonesian => {
            let share = share_percent.replace('.', ",");
            format!("{share}% dalam {due_months} bulan sesudah diterima")
        }
        Language::English => {
            format!("{share_percent}% within {due_months} months of receipt")
        }
    }
}

/// Why a line waits in suspense, as the end of a sentence.
const fn suspense_text(reason: Reason, language: Language) -> &'static str {
    match (reason, language) {
        (Reason::NotFound, Language::Indonesian) => "namanya tidak ditemukan",
        (Reason::NotFound, Language::English) => "an unknown name",
        (Reason::Floor | Reason::GrantExceeded, Language::Indonesian) => "saldonya tidak cukup",
        (Reason::Floor | Reason::GrantExceeded, Language::English) => {
            "a balance that does not suffice"
        }
        (Reason::NotMemberThen, Language::Indonesian) => "orangnya bukan anggota pada hari itu",
        (Reason::NotMemberThen, Language::English) => "a person who was not a member that day",
        (Reason::LotExceeded, Language::Indonesian) => "isi lot tidak cukup",
        (Reason::LotExceeded, Language::English) => "a lot that does not hold enough",
        (_, Language::Indonesian) => "tidak cocok dengan catatan yang ada",
        (_, Language::English) => "what is already on record",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(refusal: &Refusal) -> [String; 2] {
        [Language::Indonesian, Language::English].map(|language| refusal_text(refusal, language))
    }

    #[test]
    fn amounts_days_and_accounts_are_shown_as_people_read_them() {
        let floor = Refusal::new(Reason::Floor)
            .with("account", "tunas-baru.sp.2103.maria")
            .with("held", 5_000_000)
            .with("asked", 7_500_050);
        assert_eq!(
            both(&floor),
            [
                "Saldo Tabungan Anggota maria (tunas-baru, sp) tidak cukup: \
                 ada Rp50.000, diminta Rp75.000,50.",
                "Member savings maria (tunas-baru, sp) does not hold enough: \
                 Rp50.000 held, Rp75.000,50 asked.",
            ]
        );
        let late = Refusal::new(Reason::DateInFuture)
            .with("date", "2025-08-17")
            .with("today", "2025-05-01");
        assert_eq!(
            both(&late),
            [
                "Tanggal 17 Agustus 2025 belum tiba; hari ini 1 Mei 2025.",
                "The date 17 August 2025 has not come yet; today is 1 May 2025.",
            ]
        );
    }

    #[test]
    fn lots_count_units_and_not_money() {
        let lot = Refusal::new(Reason::LotExceeded)
            .with("lot", "beras-1")
            .with("held", "12.5")
            .with("asked", 20);
        assert_eq!(
            both(&lot),
            ["beras-1 hanya berisi 12,5, diminta 20.", "beras-1 only holds 12.5, 20 asked."]
        );
    }

    #[test]
    fn a_product_says_what_it_lends_and_how_often_it_is_paid() {
        let amount = Refusal::new(Reason::LoanAmount)
            .with("product", "usaha")
            .with("least", 10_000_000)
            .with("most", 200_000_000);
        assert_eq!(
            both(&amount),
            [
                "Produk usaha meminjamkan Rp100.000 sampai Rp2.000.000.",
                "The product usaha lends Rp100.000 to Rp2.000.000.",
            ]
        );
        let instalments =
            Refusal::new(Reason::LoanInstalments).with("product", "usaha").with("most", 12);
        assert_eq!(
            both(&instalments),
            [
                "Produk usaha paling banyak 12 angsuran.",
                "The product usaha allows 12 instalments at most.",
            ]
        );
    }

    #[test]
    fn suspense_says_why() {
        let remark =
            Refusal::new(Reason::InSuspense).with("amount", 100_000).with("reason", "NOT_FOUND");
        assert_eq!(
            both(&remark),
            [
                "Rp1.000 masuk Rekening Sementara karena namanya tidak ditemukan.",
                "Rp1.000 was put in suspense because of an unknown name.",
            ]
        );
    }

    #[test]
    fn values_in_no_known_form_stay() {
        let odd = Refusal::new(Reason::NotInChart).with("account", 9_999);
        assert_eq!(both(&odd)[0], "Akun 9999 tidak ada dalam bagan akun.");
        let odd = Refusal::new(Reason::CashDifference).with("difference", "-");
        assert_eq!(both(&odd)[1], "A cash difference of - was booked.");
    }
}
