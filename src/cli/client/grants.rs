//! Grants and where they go: lists, the LPJ, the tree of generations, and passing on.

use std::path::Path;

use super::args::Part;
use super::grant_args::{GrantAsk, GuliranAsk, Lose, Pass, Plan, Receive, Rule, WhichGrant};
use super::transactions::{paid, request};
use super::{Answer, Client, PAGE};
use crate::api::v1::{
    self, deliver_guliran_request::Receiver, lose_grant_request::Loss,
    receive_grant_request::Channel,
};
use crate::cli::convert::{date, decimal, last_part, money, money_text, sen};
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{ROLES, SOURCES};
use crate::domain::money::Sen;

const GRANTS: &[Column] = &[
    text("grant", "Hibah", "Grant"),
    text("programme", "Program", "Programme"),
    text("received_on", "Diterima", "Received"),
    number("amount", "Nilai", "Value"),
    number("spent", "Dibelanjakan", "Spent"),
    number("owed", "Diputuskan digulirkan", "Decided to pass on"),
    number("passed", "Sudah digulirkan", "Passed on"),
    text("from", "Dari", "From"),
];

const PLAN: &[Column] = &[
    text("line", "Pos", "Line"),
    text("label", "Untuk", "For"),
    number("planned", "Rencana", "Planned"),
    number("spent", "Dibelanjakan", "Spent"),
];

const SPENDINGS: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("line", "Pos", "Line"),
    text("evidence", "Bukti", "Evidence"),
    number("amount", "Jumlah", "Amount"),
    text("remark", "Keterangan", "Remark"),
];

const LINEAGE: &[Column] = &[
    text("holder", "Pemegang", "Holder"),
    number("generation", "Generasi", "Generation"),
    text("received_on", "Diterima", "Received"),
    number("received", "Nilai", "Value"),
    number("held", "Dipegang", "Held"),
    number("owed", "Wajib digulirkan", "Owed onward"),
    text("since", "Sejak", "Since"),
    number("passed", "Digulirkan", "Passed on"),
    number("lost", "Hilang", "Lost"),
    text("rule", "Aturan", "Rule"),
];

const PASSES: &[Column] = &[
    text("pass", "Guliran", "Pass"),
    text("to", "Kepada", "To"),
    number("amount", "Nilai", "Value"),
    number("in_transit", "Dalam perjalanan", "In transit"),
    text("state", "Keadaan", "State"),
];

const PASSED: &[Column] = &[
    text("grant", "Menjadi hibah", "Became grant"),
    text("date", "Tanggal", "Date"),
    number("amount", "Nilai", "Value"),
];

impl Client {
    pub(super) async fn grant(&self, ask: &GrantAsk) -> Answer {
        let mut grants = self.remote.grants();
        match ask {
            GrantAsk::List { group, grant: None } => {
                let ask = async |request: v1::ListGrantsRequest| {
                    self.remote.grants().list_grants(request).await
                };
                let grants = self.list(self.entity(group), ask).await?;
                let standing = grants.iter().filter(|grant| !grant.reversed);
                Ok(vec![Table::of(GRANTS, standing.map(|grant| self.grant_row(grant)))])
            }
            GrantAsk::List { group, grant: Some(grant) } => {
                let name = self.of(group, "grants", grant);
                let answer = self.get(grants.get_grant(v1::GetGrantRequest { name })).await?;
                Ok(vec![self.one_grant(&answer.grant.ok_or_else(|| self.incomplete())?)])
            }
            GrantAsk::Receive(grant) => {
                self.booked(grants.receive_grant(self.received(grant))).await
            }
            GrantAsk::Plan(plan) => self.booked(grants.set_grant_plan(self.plan(plan))).await,
            GrantAsk::Lose(lose) => {
                let loss = self.loss(lose);
                let grant = self.grant_name(&lose.which);
                let request = request!(self, lose.when, v1::LoseGrantRequest { grant, loss });
                self.booked(grants.lose_grant(request)).await
            }
            GrantAsk::Return { which, money } => {
                let grant = self.grant_name(which);
                let request = paid!(self, money, v1::ReturnGrantRequest { grant });
                self.booked(grants.return_grant(request)).await
            }
            GrantAsk::AcceptLpj { which, when } => {
                let grant = self.grant_name(which);
                let request = request!(self, when, v1::AcceptLpjRequest { grant });
                self.booked(grants.accept_lpj(request)).await
            }
            GrantAsk::Lpj(which) => self.lpj(which).await,
            GrantAsk::Lineage(which) => Ok(vec![self.lineage(&which.group, &which.grant).await?]),
        }
    }

    pub(super) async fn guliran(&self, ask: &GuliranAsk) -> Answer {
        let mut guliran = self.remote.guliran();
        match ask {
            GuliranAsk::Rule(rule) => Ok(vec![self.rule(rule).await?]),
            GuliranAsk::Decide { which, amount, due, when } => {
                let request = request!(
                    self,
                    when,
                    v1::DecideGuliranRequest {
                        grant: self.grant_name(which),
                        amount: amount.and_then(money),
                        due_on: due.and_then(date),
                    }
                );
                self.booked(guliran.decide_guliran(request)).await
            }
            GuliranAsk::Deliver(pass) => {
                self.booked(guliran.deliver_guliran(self.delivery(pass)?)).await
            }
            GuliranAsk::Excuse { which, amount, when } => {
                let grant = self.grant_name(which);
                let amount = money(*amount);
                let request = request!(self, when, v1::ExcuseGuliranRequest { grant, amount });
                self.booked(guliran.excuse_guliran(request)).await
            }
            GuliranAsk::Confirm { receiver, giver, pass, disputed, when } => {
                let state = match disputed {
                    true => v1::ArrivalState::Disputed,
                    false => v1::ArrivalState::Confirmed,
                };
                let request = request!(
                    self,
                    when,
                    v1::ConfirmGuliranRequest {
                        pass: self.of(giver, "passes", pass),
                        receiver: self.entity(receiver),
                        state: state as i32,
                    }
                );
                let answer = self.get(guliran.confirm_guliran(request)).await?;
                Ok(vec![self.passes_table(answer.pass.as_slice())])
            }
            GuliranAsk::Release { giver, pass, amount, to, becomes, when } => {
                let request = request!(
                    self,
                    when,
                    v1::ReleaseGuliranRequest {
                        pass: self.of(giver, "passes", pass),
                        receiver: Some(self.receiving(to, giver, becomes.as_ref())),
                        amount: money(*amount),
                    }
                );
                self.booked(guliran.release_guliran(request)).await
            }
            GuliranAsk::Lend { loan, to, due } => {
                let request = request!(
                    self,
                    loan.when,
                    v1::LendGuliranRequest {
                        lender: self.entity(&loan.lender),
                        loan_id: loan.loan.clone(),
                        borrower: self.entity(to),
                        amount: money(loan.amount),
                        due_on: due.and_then(date),
                    }
                );
                self.booked(guliran.lend_guliran(request)).await
            }
            GuliranAsk::Repay(loan) => {
                let request = request!(
                    self,
                    loan.when,
                    v1::RepayGuliranRequest {
                        lender: self.entity(&loan.lender),
                        loan_id: loan.loan.clone(),
                        amount: money(loan.amount),
                    }
                );
                self.booked(guliran.repay_guliran(request)).await
            }
            GuliranAsk::Passes { group, pass: None } => {
                let ask = async |request: v1::ListPassesRequest| {
                    self.remote.guliran().list_passes(request).await
                };
                Ok(vec![self.passes_table(&self.list(self.entity(group), ask).await?)])
            }
            GuliranAsk::Passes { group, pass: Some(pass) } => {
                let name = self.of(group, "passes", pass);
                let answer = self.get(guliran.get_pass(v1::GetPassRequest { name })).await?;
                let arrivals = answer.pass.iter().flat_map(|pass| &pass.arrivals);
                let mut arrived = Table::of(PASSED, arrivals.map(|one| self.arrival_row(one)));
                let word = answer.pass.as_ref().and_then(|pass| pass.word.as_ref());
                word.into_iter().for_each(|word| arrived.note(self.word_text(word)));
                Ok(vec![self.passes_table(answer.pass.as_slice()), arrived])
            }
            GuliranAsk::Transit => {
                let ask = async |request: v1::ListTransitRequest| {
                    self.remote.guliran().list_transit(request).await
                };
                Ok(vec![self.passes_table(&self.list(self.whole_book(), ask).await?)])
            }
            GuliranAsk::Export { group, pass, file } => {
                let pass = self.of(group, "passes", pass);
                let request = v1::ExportTransferRequest { pass };
                let answer = self.get(guliran.export_transfer(request)).await?;
                self.write(file, &answer.file)?;
                Ok(vec![self.letter(file, &answer.code)])
            }
            GuliranAsk::Import { letter, receipt } => {
                let request = request!(
                    self,
                    letter.when,
                    v1::ImportTransferRequest {
                        book: self.whole_book(),
                        file: self.read(&letter.file)?,
                        code: letter.code.clone(),
                    }
                );
                let answer = self.book(guliran.import_transfer(request)).await?;
                self.write(receipt, &answer.receipt)?;
                let booked = self.transaction(answer.transaction)?;
                Ok(vec![booked, self.letter(receipt, &answer.receipt_code)])
            }
            GuliranAsk::Receipt { which, file } => {
                let request = v1::ExportReceiptRequest { grant: self.grant_name(which) };
                let answer = self.get(guliran.export_receipt(request)).await?;
                self.write(file, &answer.receipt)?;
                Ok(vec![self.letter(file, &answer.code)])
            }
            GuliranAsk::Acknowledge(letter) => {
                let request = request!(
                    self,
                    letter.when,
                    v1::AcknowledgeTransferRequest {
                        book: self.whole_book(),
                        receipt: self.read(&letter.file)?,
                        code: letter.code.clone(),
                    }
                );
                let answer = self.get(guliran.acknowledge_transfer(request)).await?;
                Ok(vec![self.passes_table(answer.pass.as_slice())])
            }
        }
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, Failure> {
        std::fs::read(file).map_err(|error| self.unusable(file, &error))
    }

    /// Where a letter was written, and the code that goes onto the minute.
    fn letter(&self, file: &Path, code: &str) -> Table {
        let mut table = Table::new("", &[]);
        table.note(self.say(
            &format!("Tertulis di {}. Kode untuk berita acara: {code}", file.display()),
            &format!("Written to {}. Code for the minute: {code}", file.display()),
        ));
        table
    }

    fn grant_name(&self, which: &WhichGrant) -> String {
        self.of(&which.group, "grants", &which.grant)
    }

    fn received(&self, grant: &Receive) -> v1::ReceiveGrantRequest {
        let amount = grant.amount.and_then(money);
        let channel = match (&grant.things[..], grant.direct, grant.before_books) {
            ([], false, false) => amount.map(Channel::Lkm),
            ([], true, _) => amount.map(Channel::Bank),
            ([], false, true) => amount.map(Channel::BeforeBooks),
            (things, ..) => Some(Channel::InKind(v1::GrantItems { items: things.to_vec() })),
        };
        request!(
            self,
            grant.when,
            v1::ReceiveGrantRequest {
                group: self.entity(&grant.which.group),
                grant_id: grant.which.grant.clone(),
                programme: grant.programme.clone(),
                source: grant.source as i32,
                decree_number: grant.decree.clone(),
                restricted: grant.restricted,
                channel,
                payment_order: grant.payment_order.clone(),
                bank_line: grant.bank_line.clone(),
                aid_kind: grant.aid_kind.clone(),
            }
        )
    }

    fn plan(&self, plan: &Plan) -> v1::SetGrantPlanRequest {
        let line = |(what, much): &Part| {
            let (line_id, label) = what.split_once(':').unwrap_or((what, what));
            v1::PlanLine {
                line_id: line_id.to_owned(),
                label: label.to_owned(),
                amount: money(*much),
                spent: None,
            }
        };
        request!(
            self,
            plan.when,
            v1::SetGrantPlanRequest {
                grant: self.grant_name(&plan.which),
                plan: plan.lines.iter().map(line).collect(),
            }
        )
    }

    fn loss(&self, lose: &Lose) -> Option<Loss> {
        let group = &lose.which.group;
        let officer = self.maybe_of(group, "members", lose.officer.as_ref());
        let things = |lot: &String| {
            let lot = self.of(group, "lots", lot);
            let cause = lose.cause.unwrap_or_default() as i32;
            Loss::Things(v1::LostThings { lot, quantity: lose.quantity.and_then(decimal), cause })
        };
        match (&lose.lot, lose.misused, lose.given_up) {
            (Some(lot), ..) => Some(things(lot)),
            (None, Some(amount), _) => {
                let (amount, place) = (money(amount), self.place(&lose.place));
                Some(Loss::Misused(v1::MisusedMoney { officer, amount, place }))
            }
            (None, None, amount) => {
                let amount = amount.and_then(money);
                Some(Loss::GivenUp(v1::GivenUpClaim { officer, amount }))
            }
        }
    }

    fn grant_row(&self, grant: &v1::Grant) -> Vec<String> {
        vec![
            last_part(&grant.name).to_owned(),
            grant.programme.clone(),
            self.date(grant.received_on.as_ref()),
            money_text(grant.amount.as_ref()),
            money_text(grant.spent.as_ref()),
            money_text(grant.decided.as_ref()),
            money_text(grant.passed.as_ref()),
            self.where_from(grant),
        ]
    }

    /// The groups that a grant's capital came through, the first one first.
    fn where_from(&self, grant: &v1::Grant) -> String {
        let group = |name: &String| {
            let group = name.split_once("/groups/").and_then(|(_, rest)| rest.split_once('/'));
            group.map_or(name.clone(), |(group, _)| group.to_owned())
        };
        let groups: Vec<String> = grant.came_through.iter().map(group).collect();
        groups.join(" > ")
    }

    /// A grant with its papers.
    fn one_grant(&self, grant: &v1::Grant) -> Table {
        let mut table = Table::of(GRANTS, [self.grant_row(grant)]);
        let facts = [
            (self.say("Sumber", "Source"), SOURCES.word(grant.source()).to_owned()),
            ("SK".to_owned(), grant.decree_number.clone()),
            ("SP2D".to_owned(), grant.payment_order.clone()),
            (self.say("Baris bank", "Bank line"), grant.bank_line.clone()),
            (self.say("Jenis bantuan", "Kind of aid"), grant.aid_kind.clone()),
            (self.say("Generasi", "Generation"), grant.generation.to_string()),
            (self.say("Dikembalikan", "Returned"), money_text(grant.returned.as_ref())),
            (self.say("Hilang", "Lost"), money_text(grant.lost.as_ref())),
        ];
        for (title, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
            table.note(format!("{title}: {text}"));
        }
        table
    }

    fn arrival_row(&self, arrival: &v1::Arrival) -> Vec<String> {
        vec![
            last_part(&arrival.grant).to_owned(),
            self.date(arrival.arrived_on.as_ref()),
            money_text(arrival.amount.as_ref()),
        ]
    }

    /// A grant's accountability report: its plan, then each spending.
    async fn lpj(&self, which: &WhichGrant) -> Result<Vec<Table>, Failure> {
        let mut plan = Table::new("", PLAN);
        let mut spendings = Table::new(self.say("Belanja:", "Spendings:"), SPENDINGS);
        let mut totals = None;
        let ask = async |page_token| {
            let grant = self.grant_name(which);
            self.remote
                .grants()
                .get_lpj(v1::GetLpjRequest { grant, page_size: PAGE, page_token })
                .await
        };
        let take = |page: v1::GetLpjResponse| {
            page.spendings.iter().for_each(|one| spendings.row(self.spending(one)));
            let token = page.next_page_token.clone();
            totals = Some(page);
            token
        };
        self.pages(ask, take).await?;
        let totals = totals.ok_or_else(|| self.incomplete())?;
        let grant = totals.grant.ok_or_else(|| self.incomplete())?;
        for line in &grant.plan {
            plan.row(vec![
                line.line_id.clone(),
                line.label.clone(),
                money_text(line.amount.as_ref()),
                money_text(line.spent.as_ref()),
            ]);
        }
        let [received, spent, left] = [&totals.received, &totals.spent, &totals.left]
            .map(|amount| money_text(amount.as_ref()));
        plan.note(self.say(
            &format!("Diterima {received}, dibelanjakan {spent}, sisa {left}."),
            &format!("Received {received}, spent {spent}, left {left}."),
        ));
        let accepted = self.date(grant.lpj_accepted_on.as_ref());
        plan.note(match accepted.as_str() {
            "" => self.say("LPJ belum diterima.", "The report is not accepted yet."),
            day => self.say(
                &format!("LPJ diterima {day}."),
                &format!("The report was accepted on {day}."),
            ),
        });
        Ok(vec![plan, spendings])
    }

    fn spending(&self, one: &v1::Spending) -> Vec<String> {
        let remark = match one.reversed {
            true => self.say("dibatalkan", "reversed"),
            false => String::new(),
        };
        vec![
            self.date(one.happened_on.as_ref()),
            one.plan_line.clone(),
            one.evidence.as_ref().map(|paper| paper.number.clone()).unwrap_or_default(),
            money_text(one.amount.as_ref()),
            remark,
        ]
    }

    /// The tree of generations of a grant.
    async fn lineage(&self, group: &str, grant: &str) -> Result<Table, Failure> {
        let request = v1::GetLineageRequest { grant: self.of(group, "grants", grant) };
        let tree = self.get(self.remote.guliran().get_lineage(request)).await?;
        let mut table = Table::new(self.say("Silsilah hibah", "Where the grant went"), LINEAGE);
        for node in &tree.nodes {
            let depth = usize::try_from(node.generation.saturating_sub(1)).unwrap_or_default();
            table.row(vec![
                format!("{}{}", "· ".repeat(depth), node.holder),
                node.generation.to_string(),
                self.date(node.received_on.as_ref()),
                money_text(node.received.as_ref()),
                money_text(node.held.as_ref()),
                money_text(node.owed.as_ref()),
                self.date(node.owed_since.as_ref()),
                money_text(node.passed.as_ref()),
                money_text(node.lost.as_ref()),
                match sen(node.beyond.as_ref()).is_positive() {
                    true => self.say("berlanjut di buku lain", "goes on in another book"),
                    false => node.rule.clone(),
                },
            ]);
        }
        let [original, held, transit, returned, lost, beyond, rest] = [
            &tree.original,
            &tree.held,
            &tree.in_transit,
            &tree.returned,
            &tree.lost,
            &tree.beyond,
            &tree.unexplained,
        ]
        .map(|amount| money_text(amount.as_ref()));
        table.note(self.say(
            &format!(
                "Hibah {original} = dipegang {held} + dalam perjalanan {transit} + dikembalikan \
                 {returned} + hilang {lost} + di buku lain yang tidak terbuka bagi Anda {beyond}; \
                 belum dijelaskan {rest}."
            ),
            &format!(
                "The grant of {original} = held {held} + in transit {transit} + returned \
                 {returned} + lost {lost} + in other books, not open to you {beyond}; unexplained \
                 {rest}."
            ),
        ));
        Ok(table)
    }

    async fn rule(&self, rule: &Rule) -> Result<Table, Failure> {
        let mut guliran = self.remote.guliran();
        let group = self.entity(&rule.group);
        if let (Some(percent), Some(since)) = (&rule.percent, rule.since) {
            let set = v1::GuliranRule {
                since: date(since),
                share_percent: Some(percent.clone()),
                due_months: rule.months,
            };
            let request = request!(
                self,
                rule.when,
                v1::SetGuliranRuleRequest { group: group.clone(), rule: Some(set) }
            );
            self.get(guliran.set_guliran_rule(request)).await?;
        }
        let request = v1::ListGuliranRulesRequest { group };
        let rules = self.get(guliran.list_guliran_rules(request)).await?;
        let mut table = Table::new("", &[]);
        table.note(rules.text);
        Ok(table)
    }

    fn delivery(&self, pass: &Pass) -> Result<v1::DeliverGuliranRequest, Failure> {
        let items = pass.things.iter().map(|thing| v1::PassItem {
            lot: self.of(&pass.which.group, "lots", &thing.lot),
            quantity: decimal(thing.quantity_milli),
            value: money(thing.value),
            new_lot_id: match &pass.to {
                Some(_) => thing.new_lot.clone(),
                None => String::new(),
            },
        });
        Ok(request!(
            self,
            pass.when,
            v1::DeliverGuliranRequest {
                grant: self.grant_name(&pass.which),
                pass_id: pass.id.clone(),
                receiver: Some(self.receiver(pass)?),
                channel: pass.road as i32,
                cash: money(pass.cash.unwrap_or(Sen::ZERO)),
                items: items.collect(),
                before_books: pass.before_books,
                reported: pass.reported,
            }
        ))
    }

    fn receiver(&self, pass: &Pass) -> Result<Receiver, Failure> {
        match (&pass.to, &pass.family, pass.pool) {
            (Some(other), None, false) if other.starts_with("books/") => {
                Ok(Receiver::ToOtherBook(other.clone()))
            }
            (Some(group), None, false) => Ok(Receiver::ToGroup(self.receiving(
                group,
                &pass.which.group,
                pass.becomes.as_ref(),
            ))),
            (None, Some(family), false) => Ok(Receiver::ToFamily(family.clone())),
            (None, None, true) => Ok(Receiver::ToPool(true)),
            _ => Err(Failure(self.say(
                "Sebutkan satu penerima: --kepada, --keluarga atau --kolam.",
                "Name one receiver: --to, --family or --pool.",
            ))),
        }
    }

    /// A receiving group, which knows the grant by this id, or else by its giver's name.
    fn receiving(&self, group: &str, giver: &str, becomes: Option<&String>) -> v1::ReceivingGroup {
        let grant_id = becomes.cloned().unwrap_or_else(|| format!("guliran-{giver}"));
        v1::ReceivingGroup { group: self.entity(group), grant_id }
    }

    /// Whether a receiver's book is another one.
    fn is_elsewhere(&self, receiver: &str) -> bool {
        let book = receiver.strip_prefix("books/").and_then(|rest| rest.split('/').next());
        book.is_some_and(|book| book != self.book)
    }

    /// What a receiver in another book says, when and as what, and where that stands.
    fn word_text(&self, word: &v1::ReceiverWord) -> String {
        let said = match (word.returned, word.state()) {
            (true, _) => self.say("dikirim balik, tidak diterima", "sent back as not received"),
            (_, v1::ArrivalState::Confirmed) => self.say("dikonfirmasi", "confirmed"),
            (_, v1::ArrivalState::Disputed) => self.say("disanggah", "disputed"),
            (_, v1::ArrivalState::Unspecified) => self.say("tercatat masuk", "taken in"),
        };
        let title = self.say("Kata penerima", "The receiver's word");
        let (day, role) = (self.date(word.said_on.as_ref()), ROLES.word(word.role()));
        let when = [day.as_str(), role].into_iter().filter(|text| !text.is_empty());
        let when = when.collect::<Vec<_>>().join(", ");
        format!("{title}: {said} ({when}); {}", word.transaction)
    }

    fn passes_table(&self, passes: &[v1::Pass]) -> Table {
        let mut table = Table::new("", PASSES);
        for pass in passes {
            let to = if pass.receiver.is_empty() { &pass.receiver_name } else { &pass.receiver };
            let confirmed =
                pass.arrivals.iter().all(|one| one.state() == v1::ArrivalState::Confirmed);
            let disputed =
                pass.arrivals.iter().any(|one| one.state() == v1::ArrivalState::Disputed);
            let returned = pass.word.as_ref().is_some_and(|word| word.returned);
            let state = match pass.state() {
                v1::PassState::Review => self.say("perlu diperiksa", "for review"),
                v1::PassState::Reversed => self.say("dibatalkan", "reversed"),
                _ if returned => self.say("dikirim balik", "sent back"),
                _ if !pass.broken.is_empty() => self.say("ditolak di sana", "refused there"),
                _ if pass.arrivals.is_empty() => self.say("dalam perjalanan", "in transit"),
                _ if confirmed => self.say("dikonfirmasi", "confirmed"),
                _ if disputed => self.say("disanggah", "disputed"),
                _ if self.is_elsewhere(&pass.receiver) => {
                    self.say("diterima di buku lain", "received in another book")
                }
                _ => self.say("menunggu konfirmasi", "not confirmed yet"),
            };
            table.row(vec![
                last_part(&pass.name).to_owned(),
                to.clone(),
                money_text(pass.amount.as_ref()),
                money_text(pass.in_transit.as_ref()),
                state,
            ]);
        }
        table
    }
}
