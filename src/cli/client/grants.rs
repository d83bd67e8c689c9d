//! Grants and where they go: lists, the LPJ, the tree of generations, and passing on.

use super::grant_args::{GrantAsk, GuliranAsk, Pass, Receive, Rule, WhichGrant};
use super::{Client, PAGE};
use crate::api::google_type::Decimal;
use crate::api::v1::{
    self, deliver_guliran_request::Receiver, grant_service_client::GrantServiceClient,
    guliran_service_client::GuliranServiceClient,
};
use crate::cli::convert::{date, date_text, decimal, entity, last_part, money, money_text};
use crate::cli::remote::{Failure, Line, fresh_request_id};
use crate::cli::table::{Column, Table, number, text};
use crate::domain::money::Sen;

const GRANTS: &[Column] = &[
    text("grant", "Hibah", "Grant"),
    text("programme", "Program", "Programme"),
    text("received_on", "Diterima", "Received"),
    number("amount", "Nilai", "Value"),
    number("spent", "Dibelanjakan", "Spent"),
    number("owed", "Diputuskan digulirkan", "Decided to pass on"),
    number("passed", "Sudah digulirkan", "Passed on"),
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

impl Client {
    pub(super) async fn grant(&self, ask: &GrantAsk) -> Result<Vec<Table>, Failure> {
        Ok(match ask {
            GrantAsk::List { group } => vec![self.grants(group).await?],
            GrantAsk::Receive(grant) => vec![self.receive(grant).await?],
            GrantAsk::AcceptLpj { which, when } => {
                let mut client = GrantServiceClient::new(self.remote.line());
                let request = v1::AcceptLpjRequest {
                    grant: self.grant_name(which),
                    request_id: when.request_id(),
                    details: when.details(),
                };
                let answer = client.accept_lpj(request).await.map_err(self.failed())?;
                vec![self.transaction(answer.into_inner().transaction)?]
            }
            GrantAsk::Lpj(which) => self.lpj(which).await?,
            GrantAsk::Lineage(which) => vec![self.lineage(&which.group, &which.grant).await?],
        })
    }

    pub(super) async fn guliran(&self, ask: &GuliranAsk) -> Result<Vec<Table>, Failure> {
        let mut client: GuliranServiceClient<Line> = GuliranServiceClient::new(self.remote.line());
        Ok(match ask {
            GuliranAsk::Rule(rule) => vec![self.rule(rule).await?],
            GuliranAsk::Decide { which, amount, due, when } => {
                let request = v1::DecideGuliranRequest {
                    grant: self.grant_name(which),
                    request_id: when.request_id(),
                    details: when.details(),
                    amount: amount.and_then(money),
                    due_on: due.and_then(date),
                };
                let answer = client.decide_guliran(request).await.map_err(self.failed())?;
                vec![self.transaction(answer.into_inner().transaction)?]
            }
            GuliranAsk::Deliver(pass) => {
                let request = self.delivery(pass)?;
                let answer = client.deliver_guliran(request).await.map_err(self.failed())?;
                vec![self.transaction(answer.into_inner().transaction)?]
            }
            GuliranAsk::Excuse { which, amount, when } => {
                let request = v1::ExcuseGuliranRequest {
                    grant: self.grant_name(which),
                    request_id: when.request_id(),
                    details: when.details(),
                    amount: money(*amount),
                };
                let answer = client.excuse_guliran(request).await.map_err(self.failed())?;
                vec![self.transaction(answer.into_inner().transaction)?]
            }
            GuliranAsk::Confirm { receiver, giver, pass, disputed, when } => {
                let state = match disputed {
                    true => v1::ArrivalState::Disputed,
                    false => v1::ArrivalState::Confirmed,
                };
                let request = v1::ConfirmGuliranRequest {
                    pass: format!("{}/passes/{pass}", entity(&self.book, giver)),
                    request_id: when.request_id(),
                    details: when.details(),
                    receiver: entity(&self.book, receiver),
                    state: state as i32,
                };
                let answer = client.confirm_guliran(request).await.map_err(self.failed())?;
                vec![self.passes_table(answer.into_inner().pass.as_slice())]
            }
            GuliranAsk::Passes { group } => vec![self.passes(group).await?],
            GuliranAsk::Transit => vec![self.transit().await?],
        })
    }

    fn grant_name(&self, which: &WhichGrant) -> String {
        format!("{}/grants/{}", entity(&self.book, &which.group), which.grant)
    }

    async fn receive(&self, grant: &Receive) -> Result<Table, Failure> {
        let amount = money(grant.amount);
        let request = v1::ReceiveGrantRequest {
            group: entity(&self.book, &grant.which.group),
            request_id: grant.when.request_id(),
            details: grant.when.details(),
            grant_id: grant.which.grant.clone(),
            programme: grant.programme.clone(),
            source: grant.source.source() as i32,
            decree_number: grant.decree.clone(),
            restricted: grant.restricted,
            channel: match grant.direct {
                true => amount.map(v1::receive_grant_request::Channel::Bank),
                false => amount.map(v1::receive_grant_request::Channel::Lkm),
            },
            ..v1::ReceiveGrantRequest::default()
        };
        let mut client = GrantServiceClient::new(self.remote.line());
        let answer = client.receive_grant(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    async fn grants(&self, group: &str) -> Result<Table, Failure> {
        let mut client = GrantServiceClient::new(self.remote.line());
        let mut table = Table::new("", GRANTS);
        let ask = async |page_token| {
            let parent = entity(&self.book, group);
            client.list_grants(v1::ListGrantsRequest { parent, page_size: PAGE, page_token }).await
        };
        let take = |page: v1::ListGrantsResponse| {
            for grant in page.grants.iter().filter(|grant| !grant.reversed) {
                table.row(vec![
                    last_part(&grant.name).to_owned(),
                    grant.programme.clone(),
                    date_text(grant.received_on.as_ref(), self.language),
                    money_text(grant.amount.as_ref()),
                    money_text(grant.spent.as_ref()),
                    money_text(grant.decided.as_ref()),
                    money_text(grant.passed.as_ref()),
                ]);
            }
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(table)
    }

    /// A grant's accountability report: its plan, then each spending.
    ///
    /// Errors: one plain sentence.
    pub async fn lpj(&self, which: &WhichGrant) -> Result<Vec<Table>, Failure> {
        let mut client = GrantServiceClient::new(self.remote.line());
        let mut plan = Table::new("", PLAN);
        let mut spendings = Table::new(self.say("Belanja:", "Spendings:"), SPENDINGS);
        let mut totals = None;
        let ask = async |page_token| {
            let grant = self.grant_name(which);
            client.get_lpj(v1::GetLpjRequest { grant, page_size: PAGE, page_token }).await
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
        let accepted = date_text(grant.lpj_accepted_on.as_ref(), self.language);
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
            date_text(one.happened_on.as_ref(), self.language),
            one.plan_line.clone(),
            one.evidence.as_ref().map(|paper| paper.number.clone()).unwrap_or_default(),
            money_text(one.amount.as_ref()),
            remark,
        ]
    }

    /// The tree of generations of a grant.
    ///
    /// Errors: one plain sentence.
    pub async fn lineage(&self, group: &str, grant: &str) -> Result<Table, Failure> {
        let mut client = GuliranServiceClient::new(self.remote.line());
        let grant = format!("{}/grants/{grant}", entity(&self.book, group));
        let request = v1::GetLineageRequest { grant };
        let tree = client.get_lineage(request).await.map_err(self.failed())?.into_inner();
        let mut table = Table::new(self.say("Silsilah hibah", "Where the grant went"), LINEAGE);
        for node in &tree.nodes {
            let depth = usize::try_from(node.generation.saturating_sub(1)).unwrap_or_default();
            table.row(vec![
                format!("{}{}", "· ".repeat(depth), node.holder),
                node.generation.to_string(),
                date_text(node.received_on.as_ref(), self.language),
                money_text(node.received.as_ref()),
                money_text(node.held.as_ref()),
                money_text(node.owed.as_ref()),
                date_text(node.owed_since.as_ref(), self.language),
                money_text(node.passed.as_ref()),
                money_text(node.lost.as_ref()),
                node.rule.clone(),
            ]);
        }
        let [original, held, transit, returned, lost, rest] = [
            &tree.original,
            &tree.held,
            &tree.in_transit,
            &tree.returned,
            &tree.lost,
            &tree.unexplained,
        ]
        .map(|amount| money_text(amount.as_ref()));
        table.note(self.say(
            &format!(
                "Hibah {original} = dipegang {held} + dalam perjalanan {transit} + dikembalikan \
                 {returned} + hilang {lost}; belum dijelaskan {rest}."
            ),
            &format!(
                "The grant of {original} = held {held} + in transit {transit} + returned \
                 {returned} + lost {lost}; unexplained {rest}."
            ),
        ));
        Ok(table)
    }

    async fn rule(&self, rule: &Rule) -> Result<Table, Failure> {
        let mut client = GuliranServiceClient::new(self.remote.line());
        let group = entity(&self.book, &rule.group);
        if let (Some(percent), Some(since)) = (&rule.percent, rule.since) {
            let request = v1::SetGuliranRuleRequest {
                group: group.clone(),
                request_id: rule.when.request_id(),
                details: rule.when.details(),
                rule: Some(v1::GuliranRule {
                    since: date(since),
                    share_percent: Some(Decimal { value: percent.replace(',', ".") }),
                    due_months: rule.months,
                }),
            };
            client.set_guliran_rule(request).await.map_err(self.failed())?;
        }
        let request = v1::ListGuliranRulesRequest { group };
        let rules = client.list_guliran_rules(request).await.map_err(self.failed())?.into_inner();
        let mut table = Table::new("", &[]);
        table.note(rules.text);
        Ok(table)
    }

    fn delivery(&self, pass: &Pass) -> Result<v1::DeliverGuliranRequest, Failure> {
        let items = pass.things.iter().map(|thing| v1::PassItem {
            lot: format!("{}/lots/{}", entity(&self.book, &pass.which.group), thing.lot),
            quantity: decimal(thing.quantity_milli),
            value: money(thing.value),
            new_lot_id: match &pass.to {
                Some(_) => thing.new_lot.clone(),
                None => String::new(),
            },
        });
        Ok(v1::DeliverGuliranRequest {
            grant: self.grant_name(&pass.which),
            request_id: pass.when.request_id.clone().unwrap_or_else(fresh_request_id),
            details: pass.when.details(),
            pass_id: pass.id.clone(),
            receiver: Some(self.receiver(pass)?),
            channel: pass.road.channel() as i32,
            cash: money(pass.cash.unwrap_or(Sen::ZERO)),
            items: items.collect(),
            before_books: pass.before_books,
            reported: pass.reported,
        })
    }

    fn receiver(&self, pass: &Pass) -> Result<Receiver, Failure> {
        match (&pass.to, &pass.family, pass.pool) {
            (Some(other), None, false) if other.starts_with("books/") => {
                Ok(Receiver::ToOtherBook(other.clone()))
            }
            (Some(group), None, false) => Ok(Receiver::ToGroup(v1::ReceivingGroup {
                group: entity(&self.book, group),
                grant_id: format!("guliran-{}", pass.which.group),
            })),
            (None, Some(family), false) => Ok(Receiver::ToFamily(family.clone())),
            (None, None, true) => Ok(Receiver::ToPool(true)),
            _ => Err(Failure(self.say(
                "Sebutkan satu penerima: --kepada, --keluarga atau --kolam.",
                "Name one receiver: --to, --family or --pool.",
            ))),
        }
    }

    async fn passes(&self, group: &str) -> Result<Table, Failure> {
        let mut client = GuliranServiceClient::new(self.remote.line());
        let mut all = Vec::new();
        let ask = async |page_token| {
            let parent = entity(&self.book, group);
            client.list_passes(v1::ListPassesRequest { parent, page_size: PAGE, page_token }).await
        };
        let take = |page: v1::ListPassesResponse| {
            all.extend(page.passes);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(self.passes_table(&all))
    }

    async fn transit(&self) -> Result<Table, Failure> {
        let mut client = GuliranServiceClient::new(self.remote.line());
        let mut all = Vec::new();
        let ask = async |page_token| {
            let parent = format!("books/{}", self.book);
            client
                .list_transit(v1::ListTransitRequest { parent, page_size: PAGE, page_token })
                .await
        };
        let take = |page: v1::ListTransitResponse| {
            all.extend(page.passes);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(self.passes_table(&all))
    }

    fn passes_table(&self, passes: &[v1::Pass]) -> Table {
        let mut table = Table::new("", PASSES);
        for pass in passes {
            let to = if pass.receiver.is_empty() { &pass.receiver_name } else { &pass.receiver };
            let confirmed =
                pass.arrivals.iter().all(|one| one.state() == v1::ArrivalState::Confirmed);
            let state = match pass.state() {
                v1::PassState::Review => self.say("perlu diperiksa", "for review"),
                v1::PassState::Reversed => self.say("dibatalkan", "reversed"),
                _ if !pass.broken.is_empty() => self.say("ditolak di sana", "refused there"),
                _ if pass.arrivals.is_empty() => self.say("dalam perjalanan", "in transit"),
                _ if confirmed => self.say("dikonfirmasi", "confirmed"),
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
