//! The kuitansi: the paper on which somebody signs for money received.
//!
//! **Invariants**
//! - What it says of money follows from the record's entries: who received is whose money at hand
//!   or in the bank grew.
//! - What people have written is text on the page, never markup.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::domain::chart::{Code, SubjectKind};
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::{Effect, Entry};
use crate::domain::refusal::Language;
use crate::locale::date::format_day;
use crate::locale::number::format_amount;
use crate::locale::words::terbilang;
use crate::report::qr::Squares;

/// Above this a receipt of money bears stamp duty (UU 10/2020).
const STAMPED_ABOVE: Sen = Sen::new(500_000_000);

/// One side of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// A ledger of the book.
    Entity(Entity),
    /// Somebody in its registers: a member, a third party, a group.
    Party(RowName),
    /// So many of them at once.
    Several(usize),
    /// The record does not say.
    Unsaid,
}

/// What a record says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who paid.
    pub payer: Side,
    /// Who received, and signs.
    pub receiver: Side,
    /// How much.
    pub amount: Sen,
    /// Whether it was paid into or out of savings, whose receipts bear no stamp duty.
    pub is_savings: bool,
}

impl Payment {
    /// The payment in a record, or in one line of it (0 for all); `None` where no money was paid.
    pub fn of(effect: &Effect, line: u32) -> Option<Payment> {
        let entries: Vec<&Entry> =
            effect.entries.iter().filter(|entry| line == 0 || entry.line == line).collect();
        let mut moved: BTreeMap<&Entity, i64> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.account.code.is_money()) {
            let sum = moved.entry(&entry.account.ledger.entity).or_default();
            *sum = sum.saturating_add(entry.amount.get());
        }
        let received = moved.iter().find(|(_, sum)| **sum > 0);
        let paid = moved.iter().find(|(_, sum)| **sum < 0);
        let (entity, sum) = received.or(paid)?;
        let other = || counterpart(&entries, entity);
        let own = |side: (&&Entity, &i64)| Side::Entity((*side.0).clone());
        Some(Payment {
            payer: paid.map_or_else(other, own),
            receiver: received.map_or_else(other, own),
            amount: Sen::new(sum.saturating_abs()),
            is_savings: is_savings(&entries, entity),
        })
    }

    /// Whether stamp duty is due on the receipt.
    pub fn is_stamped(&self) -> bool {
        self.amount > STAMPED_ABOVE && !self.is_savings
    }
}

/// Whom an entity's entries besides money are about.
fn counterpart(entries: &[&Entry], entity: &Entity) -> Side {
    let others = entries
        .iter()
        .filter(|entry| entry.account.ledger.entity == *entity && !entry.account.code.is_money());
    let found: BTreeSet<RowName> = others.filter_map(|entry| party(entry)).collect();
    match found.len() {
        0 => Side::Unsaid,
        1 => found.into_iter().next().map_or(Side::Unsaid, Side::Party),
        several => Side::Several(several),
    }
}

fn party(entry: &Entry) -> Option<RowName> {
    if !entry.party.is_empty() {
        return RowName::parse(&entry.party);
    }
    let (entity, subject) = (&entry.account.ledger.entity, entry.account.subject.as_str());
    match entry.account.code.line().subject {
        SubjectKind::Member => Some(RowName::of(entity, "members", subject)),
        SubjectKind::Party => Some(RowName::of(entity, "parties", subject)),
        SubjectKind::KubeFund | SubjectKind::KubeDeposit => {
            let (group, _) = subject.split_once('/')?;
            Id::new(group).map(|group| RowName::group(&group))
        }
        _ => None,
    }
}

fn is_savings(entries: &[&Entry], entity: &Entity) -> bool {
    let mut others = entries
        .iter()
        .filter(|entry| entry.account.ledger.entity == *entity && !entry.account.code.is_money());
    let saved = |entry: &&&Entry| {
        matches!(
            entry.account.code,
            Code::KubeSavings
                | Code::MemberSavings
                | Code::MandatorySavings
                | Code::PrincipalSavings
                | Code::MandatoryCapital
                | Code::PrincipalCapital
                | Code::TermDeposits
                | Code::SavingsAtLkm
                | Code::TermDepositAtLkm
        )
    };
    others.clone().next().is_some() && others.all(|entry| saved(&entry))
}

/// A kuitansi, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kuitansi {
    /// Its number.
    pub number: String,
    /// Whose paper it is.
    pub issuer: String,
    /// Who paid; empty to be written by hand.
    pub payer: String,
    /// Who received; empty to be written by hand.
    pub receiver: String,
    /// How much.
    pub amount: Sen,
    /// What for.
    pub purpose: String,
    /// Where; empty to be written by hand.
    pub place: String,
    /// When.
    pub day: Day,
    /// Whether stamp duty is due.
    pub is_stamped: bool,
    /// Whether it was taken back since.
    pub is_reversed: bool,
    /// The texts of the QR codes that prove it; none when it is too large for them.
    pub codes: Vec<String>,
}

const STYLE: &str = "@page{size:A5;margin:10mm}body{font:11pt sans-serif;margin:0}\
    h1{font-size:15pt;margin:0 0 2mm}table{border-spacing:0}td{padding:1mm 3mm 1mm 0;\
    vertical-align:top}.amount{font-size:14pt;font-weight:bold;border:1px solid;padding:2mm 4mm;\
    display:inline-block;margin:3mm 0}.sign{display:flex;justify-content:space-between;\
    margin:4mm 0 0;text-align:center}.sign div{width:45%}.line{border-top:1px solid;margin-top:18mm}\
    .qr{width:60mm;height:60mm}.void{color:#b00;border:3px solid;padding:2mm;font-weight:bold;\
    text-align:center}small{font-size:8pt}";

impl Kuitansi {
    /// The facts in the order in which they stand on the paper, each with what it is called.
    pub fn facts(&self, language: Language) -> Vec<(&'static str, String)> {
        let say = |id, en| match language {
            Language::Indonesian => id,
            Language::English => en,
        };
        let mut facts = vec![
            (say("Nomor", "Number"), self.number.clone()),
            (say("Sudah terima dari", "Received from"), self.payer.clone()),
            (say("Penerima", "Received by"), self.receiver.clone()),
            (say("Banyaknya uang", "Amount"), format_amount(self.amount)),
            (say("Terbilang", "In words"), terbilang(self.amount)),
            (say("Untuk pembayaran", "Paid for"), self.purpose.clone()),
            (say("Tanggal", "Date"), format_day(self.day, language)),
        ];
        if self.is_stamped {
            let due = say("tempelkan meterai Rp10.000", "affix a stamp of Rp10.000");
            facts.push((say("Meterai", "Stamp duty"), due.to_owned()));
        }
        if self.is_reversed {
            facts.push((say("DIBATALKAN", "TAKEN BACK"), say("ya", "yes").to_owned()));
        }
        facts
    }

    /// A page of its own, A5, that any browser prints.
    pub fn html(&self, language: Language) -> String {
        let say = |id: &'static str, en: &'static str| match language {
            Language::Indonesian => id,
            Language::English => en,
        };
        let (code, title) = (say("id", "en"), say("KUITANSI", "RECEIPT"));
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"{code}\"><head><meta charset=\"utf-8\">\
             <title>{title} {}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\
             <div>{}</div>\n",
            escaped(&self.number),
            escaped(&self.issuer)
        );
        if self.is_reversed {
            let void = say("DIBATALKAN", "TAKEN BACK");
            let _ = writeln!(page, "<div class=\"void\">{void}</div>");
        }
        page.push_str("<table>\n");
        for (what, value) in self.facts(language) {
            let value = if value.is_empty() { DOTS.to_owned() } else { escaped(&value) };
            let _ = writeln!(page, "<tr><td>{what}</td><td>{value}</td></tr>");
        }
        page.push_str("</table>\n");
        let _ = writeln!(page, "<div class=\"amount\">{}</div>", format_amount(self.amount));
        self.signatures(say, language, &mut page);
        for text in &self.codes {
            page.push_str(&Squares::of(text).map(|squares| squares.svg()).unwrap_or_default());
        }
        let proof = match self.codes.is_empty() {
            true => say(
                "Buktinya terlalu besar untuk kode QR: simpul audit tanda-terima.",
                "The proof is too large for a QR code: simpul audit receipt.",
            ),
            false => say(
                "Kode QR membuktikan catatan ini tanpa server: simpul audit periksa-tanda-terima.",
                "The QR code proves this record without a server: simpul audit verify-receipt.",
            ),
        };
        let _ = writeln!(page, "\n<div><small>{proof}</small></div>\n</body></html>");
        page
    }

    fn signatures(
        &self,
        say: impl Fn(&'static str, &'static str) -> &'static str,
        language: Language,
        page: &mut String,
    ) {
        let place = if self.place.is_empty() { DOTS.to_owned() } else { escaped(&self.place) };
        let stamp = match self.is_stamped {
            true => say("meterai Rp10.000", "stamp Rp10.000"),
            false => "",
        };
        let _ = writeln!(
            page,
            "<div>{place}, {}</div><div class=\"sign\"><div>{}<div class=\"line\">{}</div></div>\
             <div>{}<br><small>{stamp}</small><div class=\"line\">{}</div></div></div>",
            format_day(self.day, language),
            say("Pembayar", "Payer"),
            escaped(&self.payer),
            say("Penerima", "Receiver"),
            escaped(&self.receiver)
        );
    }
}

/// Room to write by hand.
const DOTS: &str = "........................";

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}
