//! Everything the records say of one grant, as an inspector asks for it: where it came from, what
//! it was spent on and on what paper, the animals and things, what was passed on, what is left.
//!
//! **Invariant**: the text is made from records alone, so that whoever holds the same records makes
//! the same text. It names groups as they were registered, and people by their ids only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::domain::account::Ledger;
use crate::domain::day::Day;
use crate::domain::id::{Entity, Id, RowName};
use crate::domain::money::Sen;
use crate::domain::record::proto::{
    Attachment, Grant, LossCause, Lot, Pass, PassState, ReceiverKind,
};
use crate::domain::record::{Effect, Event, Outcome, Record, Row};
use crate::domain::refusal::Language;
use crate::locale::date::format_day;
use crate::locale::event::event_text;
use crate::locale::number::{format_amount, format_plain, format_quantity};

/// One grant's file, while records come in journal order.
#[derive(Clone, Debug)]
pub struct GrantFile {
    group: Id,
    grant: Id,
    records: Vec<Record>,
    row: Option<Grant>,
    lots: BTreeMap<String, Lot>,
    passes: BTreeMap<String, Pass>,
    /// Where files are attached: the transactions, and the meetings they belong to.
    papers: BTreeSet<String>,
    attachments: Vec<(String, Attachment)>,
    /// The records in which each pass was delivered, released, confirmed or excused.
    steps: BTreeMap<String, Vec<Step>>,
    /// The record that registered each group of the book, by its id, and its name then.
    groups: BTreeMap<String, (String, Record)>,
}

/// What was done about a pass, and the number of the paper behind it.
#[derive(Clone, Debug)]
struct Step {
    event: Event,
    day: Day,
    paper: String,
}

impl GrantFile {
    /// Nothing read yet.
    pub fn new(group: Id, grant: Id) -> GrantFile {
        GrantFile {
            group,
            grant,
            records: Vec::new(),
            row: None,
            lots: BTreeMap::new(),
            passes: BTreeMap::new(),
            papers: BTreeSet::new(),
            attachments: Vec::new(),
            steps: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Reads the next record, and keeps it if it belongs to the grant.
    pub fn read(&mut self, record: Record) {
        let Outcome::Done(effect) = &record.outcome else { return };
        if record.request.is_none() {
            return;
        }
        if self.belongs(effect) {
            self.take_in(record);
        } else if let Some((id, name)) = registered(&record) {
            self.groups.entry(id).or_insert((name, record));
        }
    }

    /// The records that the text is made of, in journal order: the grant's own, and those that
    /// registered its group and the groups it was passed on to.
    pub fn records(&self) -> Vec<&Record> {
        let receivers = self.passes.values().map(|pass| pass.receiver.as_str());
        let named: BTreeSet<&str> = receivers.chain([self.group.as_str()]).collect();
        let registered = named.into_iter().filter_map(|id| self.groups.get(id));
        let mut records: Vec<&Record> = registered.map(|(_, record)| record).collect();
        records.extend(&self.records);
        records.sort_by_key(|record| record.position);
        records
    }

    /// What further records of the grant may be about: the lots it paid, its passes, and the groups
    /// that these went to.
    pub fn subjects(&self) -> BTreeSet<RowName> {
        let entity = self.entity();
        let lots = self.lots.keys().map(|lot| RowName::of(&entity, "lots", lot));
        let passes = self.passes.keys().map(|pass| RowName::of(&entity, "passes", pass));
        let receivers = self.passes.values().filter_map(|pass| Id::new(&pass.receiver));
        let groups = receivers.map(|group| RowName::group(&group));
        lots.chain(passes).chain(groups).collect()
    }

    /// Where files of the grant may be attached: transactions and meetings.
    pub fn papers(&self) -> &BTreeSet<String> {
        &self.papers
    }

    /// The grant as the last of its records left it; `None` before the first.
    pub fn grant(&self) -> Option<&Grant> {
        self.row.as_ref()
    }

    /// The photos and scans, each with the name of what it is attached to.
    pub fn attachments(&self) -> &[(String, Attachment)] {
        &self.attachments
    }

    fn belongs(&self, effect: &Effect) -> bool {
        let name = RowName::of(&self.entity(), "grants", self.grant.as_str());
        let moved = &effect.lot_moves;
        effect.grant == name.to_string()
            || effect.rows.iter().any(|(row, value)| *row == name || self.is_own(row, value))
            || moved
                .iter()
                .any(|one| one.entity == self.group.as_str() && self.lots.contains_key(&one.lot))
    }

    /// Whether a row is of a lot that the grant paid, a pass of the grant, or a paper of these.
    fn is_own(&self, name: &RowName, row: &Row) -> bool {
        let of = |collection: &str| name.parent == format!("{}/{collection}", self.entity().path());
        match row {
            Row::Lot(_) => of("lots") && self.lots.contains_key(&name.id),
            Row::Pass(pass) => of("passes") && pass.grant == self.grant.as_str(),
            Row::Attachment(_) => {
                name.parent.strip_suffix("/attachments").is_some_and(|to| self.papers.contains(to))
            }
            _ => false,
        }
    }

    fn entity(&self) -> Entity {
        Entity::Kube(self.group.clone())
    }

    fn take_in(&mut self, record: Record) {
        if let (Some(request), Outcome::Done(effect)) = (&record.request, &record.outcome) {
            self.papers.insert(format!("transactions/{request}"));
            if !effect.meeting.is_empty() {
                self.papers.insert(effect.meeting.clone());
            }
            for (name, row) in &effect.rows {
                self.take_in_row(name, row, effect);
                if let (Row::Pass(_), true) = (row, self.passes.contains_key(&name.id)) {
                    let paper = effect.evidence.as_ref().map(|paper| paper.number.clone());
                    let (event, day) = (record.event, record.happened_on);
                    let step = Step { event, day, paper: paper.unwrap_or_default() };
                    self.steps.entry(name.id.clone()).or_default().push(step);
                }
            }
        }
        self.records.push(record);
    }

    fn take_in_row(&mut self, name: &RowName, row: &Row, effect: &Effect) {
        let entity = self.entity();
        match row {
            Row::Grant(grant) if *name == RowName::of(&entity, "grants", self.grant.as_str()) => {
                self.row = Some(grant.clone());
            }
            Row::Lot(lot) if name.parent == format!("{}/lots", entity.path()) => {
                let came = |one: &crate::domain::record::proto::LotMove| {
                    one.lot == name.id && one.quantity_milli > 0
                };
                if self.lots.contains_key(&name.id) || effect.lot_moves.iter().any(came) {
                    self.lots.insert(name.id.clone(), lot.clone());
                }
            }
            Row::Pass(pass) if self.is_own(name, row) => {
                self.passes.insert(name.id.clone(), pass.clone());
            }
            Row::Attachment(attachment) => {
                let to = name.parent.trim_end_matches("/attachments").to_owned();
                self.attachments.push((to, attachment.clone()));
            }
            _ => {}
        }
    }

    /// The file as people read it; `None` before the grant's first record.
    pub fn text(&self, language: Language) -> Option<String> {
        let grant = self.row.as_ref()?;
        let say = Say(language);
        let mut text = String::new();
        self.heading(grant, say, &mut text);
        text.push_str(say.of("\nTRANSAKSI\n", "\nTRANSACTIONS\n"));
        for record in &self.records {
            self.transaction(record, say, &mut text);
        }
        self.things(say, &mut text);
        self.passed(say, &mut text);
        left(grant, say, &mut text);
        Some(text)
    }

    fn heading(&self, grant: &Grant, say: Say, text: &mut String) {
        let GrantFile { group, grant: id, .. } = self;
        let group = self.named(group.as_str());
        let _ = writeln!(text, "{} {id}, {group}\n", say.of("BERKAS HIBAH", "GRANT FILE"));
        let lpj = match grant.lpj_accepted_on {
            0 => say.of("belum", "not yet").to_owned(),
            day => say.day(day),
        };
        let facts = [
            (say.of("Program", "Programme"), grant.programme.clone()),
            (say.of("Nomor SK", "Decree"), grant.decree_number.clone()),
            (say.of("Nomor SP2D", "Payment order"), grant.payment_order.clone()),
            (say.of("Baris rekening koran", "Bank line"), grant.bank_line.clone()),
            (say.of("Bentuk bantuan", "Kind of aid"), grant.aid_kind.clone()),
            (say.of("Diterima tanggal", "Received on"), say.day(grant.received_on)),
            (say.of("Nilai", "Value"), rupiah(grant.amount)),
            (say.of("LPJ diterima", "LPJ accepted"), lpj),
        ];
        for (what, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "{what:<22}{value}");
        }
        for line in &grant.plan {
            let what = say.of("Rencana", "Plan");
            let _ = writeln!(text, "{what:<22}{}: {}", line.label, rupiah(line.amount));
        }
    }

    fn transaction(&self, record: &Record, say: Say, text: &mut String) {
        let Outcome::Done(effect) = &record.outcome else { return };
        let day = say.day(record.happened_on.get());
        let event = event_text(record.event, say.0);
        let amount = format_amount(moved(effect));
        let _ = writeln!(text, "{:>6}  {day:<20}{event:<28}{amount:>18}", record.position);
        if let Some(paper) = &effect.evidence {
            let _ = writeln!(text, "        {}: {}", say.of("bukti", "paper"), paper.number);
        }
        for moved in &effect.lot_moves {
            let Some(cause) = cause(moved.cause(), say) else { continue };
            // A loss that is taken back shows with the other sign.
            let lost = format_quantity(moved.quantity_milli.saturating_neg());
            let _ = writeln!(text, "        {cause}: {lost} ({})", moved.lot);
        }
        let own = record.request.as_ref().map(|id| format!("transactions/{id}"));
        let photos = self.attachments.iter().filter(|(to, _)| Some(to) == own.as_ref());
        for (_, photo) in photos {
            let what = say.of("lampiran", "attachment");
            let _ = writeln!(text, "        {what}: {}", hex(&photo.sha256));
        }
    }

    fn things(&self, say: Say, text: &mut String) {
        text.push_str(say.of("\nTERNAK DAN BARANG\n", "\nANIMALS AND THINGS\n"));
        for (id, lot) in &self.lots {
            let left = lot.quantity_in_milli.saturating_sub(lot.quantity_out_milli);
            let _ = write!(text, "{id:<20}{:<20}", lot.label);
            let (came, left) = (format_quantity(lot.quantity_in_milli), format_quantity(left));
            let _ = write!(
                text,
                "{} {came}, {} {left}",
                say.of("masuk", "came"),
                say.of("ada", "left")
            );
            let _ = write!(text, " {}", lot.unit);
            for (lost, why) in
                [(lot.died_milli, LossCause::Died), (lot.stolen_milli, LossCause::Stolen)]
            {
                if let Some(why) = cause(why, say).filter(|_| lost != 0) {
                    let _ = write!(text, "; {why} {}", format_quantity(lost));
                }
            }
            if lot.counted_on != 0 {
                let (counted, day) = (say.of("dihitung", "counted"), say.day(lot.counted_on));
                let _ = write!(text, "; {counted} {} ({day})", lot.counted_heads);
            }
            text.push('\n');
        }
    }

    fn passed(&self, say: Say, text: &mut String) {
        text.push_str(say.of("\nGULIRAN\n", "\nPASSED ON\n"));
        for (id, pass) in &self.passes {
            let state = match pass.state() {
                PassState::Review => say.of("perlu diperiksa", "for review"),
                PassState::Reversed => say.of("dibatalkan", "reversed"),
                _ if pass.word.as_ref().is_some_and(|word| word.returned) => {
                    say.of("dikirim balik", "sent back")
                }
                _ if !pass.broken.is_empty() => say.of("ditolak di sana", "refused there"),
                _ if pass.arrivals.is_empty() => say.of("dalam perjalanan", "in transit"),
                _ => say.of("sampai", "arrived"),
            };
            let (day, amount) = (say.day(pass.delivered_on), rupiah(pass.amount));
            let to = self.receiver(pass, say);
            let _ = writeln!(text, "{id:<20}{to:<32}{day:<20}{amount:>18}  {state}");
            for item in &pass.items {
                let quantity = format_quantity(item.quantity_milli);
                let value = rupiah(item.value);
                let _ = writeln!(text, "        {}: {quantity} {}, {value}", item.label, item.unit);
            }
            for step in self.steps.get(id).into_iter().flatten() {
                let (event, day) = (event_text(step.event, say.0), say.day(step.day.get()));
                let paper = match step.paper.as_str() {
                    "" => say.of("tanpa nomor", "without a number"),
                    paper => paper,
                };
                let minute = say.of("berita acara", "minute");
                let _ = writeln!(text, "        {event}, {day}; {minute} {paper}");
            }
        }
    }

    /// A group as it was registered, with its id.
    fn named(&self, id: &str) -> String {
        match self.groups.get(id) {
            Some((name, _)) => format!("{name} ({id})"),
            None => id.to_owned(),
        }
    }

    /// To whom a pass went. The name of whoever is in no book is sealed.
    fn receiver(&self, pass: &Pass, say: Say) -> String {
        match pass.receiver_kind() {
            ReceiverKind::Pool => say.of("dana guliran LKM", "the LKM's pool").to_owned(),
            ReceiverKind::Family => say.of("keluarga", "a family").to_owned(),
            ReceiverKind::UnbookedGroup => {
                say.of("kelompok tanpa buku", "a group without books").to_owned()
            }
            _ => self.named(&pass.receiver),
        }
    }

    /// The records as a table for other programs.
    pub fn csv(&self) -> String {
        let mut text = "position,happened_on,event,request_id,paper,moved_rupiah\n".to_owned();
        for record in &self.records {
            let Outcome::Done(effect) = &record.outcome else { continue };
            let request = record.request.as_ref().map_or("", |id| id.as_str());
            let paper = effect.evidence.as_ref().map_or("", |paper| paper.number.as_str());
            let (event, moved) = (record.event.as_str_name(), format_plain(moved(effect)));
            let _ = writeln!(
                text,
                "{},{},{event},{request},\"{}\",{moved}",
                record.position,
                record.happened_on,
                paper.replace('"', "\"\"")
            );
        }
        text
    }
}

fn left(grant: &Grant, say: Say, text: &mut String) {
    let gone = [grant.passed, grant.returned, grant.lost, grant.moved];
    let left = gone.into_iter().fold(grant.amount, i64::saturating_sub);
    let _ = writeln!(text, "\n{}", say.of("SISA", "WHAT IS LEFT"));
    for (what, sen) in [
        (say.of("Dibelanjakan", "Spent"), grant.spent),
        (say.of("Belum dibelanjakan", "Not spent yet"), grant.amount.saturating_sub(grant.spent)),
        (say.of("Dikembalikan", "Given back"), grant.returned),
        (say.of("Hilang", "Lost"), grant.lost),
        (say.of("Digulirkan", "Passed on"), grant.passed),
        (say.of("Dibebaskan", "Excused"), grant.excused),
        (say.of("Pindah buku", "Moved"), grant.moved),
        (say.of("Modal yang tersisa", "Capital left"), left),
    ] {
        let _ = writeln!(text, "{what:<22}{:>18}", rupiah(sen));
    }
}

/// Why animals or things were lost, in words; none where nobody said.
const fn cause(cause: LossCause, say: Say) -> Option<&'static str> {
    match cause {
        LossCause::Unspecified => None,
        LossCause::Died => Some(say.of("mati", "died")),
        LossCause::Stolen => Some(say.of("dicuri", "stolen")),
    }
}

/// The group that a record registers, by its id, and its name.
fn registered(record: &Record) -> Option<(String, String)> {
    let Outcome::Done(effect) = &record.outcome else { return None };
    effect.rows.iter().find_map(|(name, row)| match row {
        Row::Group(group) if name.parent == "groups" => Some((name.id.clone(), group.name.clone())),
        _ => None,
    })
}

/// What a record moved: the sum of what it debited in the ledger in which that is most, as the same
/// money stands in several.
fn moved(effect: &Effect) -> Sen {
    let mut debits: BTreeMap<&Ledger, i64> = BTreeMap::new();
    for entry in &effect.entries {
        let sum = debits.entry(&entry.account.ledger).or_default();
        *sum = sum.saturating_add(entry.amount.get().max(0));
    }
    Sen::new(debits.into_values().max().unwrap_or_default())
}

fn rupiah(sen: i64) -> String {
    format_amount(Sen::new(sen))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A language.
#[derive(Clone, Copy)]
struct Say(Language);

impl Say {
    const fn of<'t>(self, indonesian: &'t str, english: &'t str) -> &'t str {
        match self.0 {
            Language::Indonesian => indonesian,
            Language::English => english,
        }
    }

    fn day(self, day: i32) -> String {
        format_day(Day::new(day), self.0)
    }
}
