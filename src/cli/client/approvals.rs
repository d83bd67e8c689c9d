//! Four eyes: what waits for a second person, and what that person says.

use clap::{Args, Subcommand};

use super::{Answer, Client};
use crate::api::v1::{self, ApprovalKind};
use crate::cli::convert::{amount, date, day, last_part, money, money_text};
use crate::cli::remote::{Failure, fresh_request_id};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{APPROVAL_KINDS, APPROVAL_STATES, ROLES};
use crate::domain::day::Day;
use crate::domain::money::Sen;

const APPROVALS: &[Column] = &[
    text("approval", "Permintaan", "Request"),
    text("kind", "Jenis", "Kind"),
    text("entity", "Entitas", "Entity"),
    number("amount", "Jumlah", "Amount"),
    text("asked_by", "Diminta oleh", "Asked by"),
    text("role", "Sebagai", "As"),
    text("expires_on", "Sampai", "Until"),
    text("state", "Keadaan", "State"),
    text("decided_by", "Diputuskan oleh", "Decided by"),
];

const FIELDS: &[Column] = &[text("field", "Isian", "Field"), text("value", "Nilai", "Value")];

const RULES: &[Column] = &[
    text("since", "Sejak", "Since"),
    text("kind", "Jenis", "Kind"),
    number("limit", "Di atas", "Above"),
    number("days", "Menunggu (hari)", "Waits (days)"),
];

/// What can be asked about what waits.
#[derive(Clone, Debug, Subcommand)]
pub enum ApprovalAsk {
    /// Daftar yang menunggu orang kedua / list what waits
    #[command(name = "daftar", alias = "list")]
    List {
        /// Kelompok atau lkm; kosong untuk semua / group or lkm; all if left out
        entity: Option<String>,
        /// Juga yang sudah diputuskan / also what was decided
        #[arg(long = "semua", alias = "all")]
        all: bool,
    },
    /// Lihat apa yang diminta / show what was asked
    #[command(name = "lihat", alias = "show")]
    Show {
        /// Id permintaan / the request
        request: String,
    },
    /// Setujui permintaan orang lain / agree to what another asked
    #[command(name = "setujui", alias = "approve")]
    Approve {
        /// Id permintaan / the request
        request: String,
        /// Ulangi perintah yang sama / repeat the same command safely
        #[arg(long = "id-permintaan", alias = "request-id")]
        request_id: Option<String>,
    },
    /// Tolak permintaan orang lain / turn down what another asked
    #[command(name = "tolak", alias = "reject")]
    Reject {
        /// Id permintaan / the request
        request: String,
        /// Sebabnya / why
        #[arg(long = "sebab", alias = "reason", default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Tarik permintaan sendiri / take back what one asked oneself
    #[command(name = "tarik", alias = "withdraw")]
    Withdraw {
        /// Id permintaan / the request
        request: String,
    },
    /// Aturan: batas jumlah dan lamanya menunggu; tanpa --sejak hanya ditampilkan / the rules
    #[command(name = "aturan", alias = "rules")]
    Rules(Rules),
}

/// Rules of approval.
#[derive(Args, Clone, Debug)]
pub struct Rules {
    /// JENIS:JUMLAH, misalnya pencairan:5.000.000 / above which amount a kind waits
    #[arg(value_parser = limit, requires = "since")]
    limits: Vec<(ApprovalKind, Sen)>,
    /// Hari pertama / the first day
    #[arg(long = "sejak", alias = "since", value_parser = day, requires = "days")]
    since: Option<Day>,
    /// Berapa hari sebuah permintaan menunggu / how many days a request waits
    #[arg(long = "hari", alias = "days", requires = "since")]
    days: Option<u32>,
}

fn limit(typed: &str) -> Result<(ApprovalKind, Sen), String> {
    let known = "JENIS:JUMLAH, misalnya pencairan:5.000.000; jenis: putusan-pinjaman, pencairan, \
                 pembatalan";
    let (word, much) = typed.split_once(':').ok_or(known)?;
    let kind = APPROVAL_KINDS.value(word).ok_or(known)?;
    Ok((kind, amount(much).map_err(|mistyped| mistyped.to_string())?))
}

impl Client {
    pub(super) async fn approval(&self, ask: &ApprovalAsk) -> Answer {
        let mut approvals = self.remote.approvals();
        match ask {
            ApprovalAsk::List { entity, all } => {
                Ok(vec![self.waiting(entity.as_ref(), *all).await?])
            }
            ApprovalAsk::Show { request } => {
                let name = self.approval_name(request);
                let request = v1::GetApprovalRequest { name };
                let answer = self.get(approvals.get_approval(request)).await?;
                let asked = answer.approval.ok_or_else(|| self.incomplete())?;
                let field = |one: &v1::ApprovalField| vec![one.path.clone(), one.value.clone()];
                let mut fields = Table::of(FIELDS, asked.fields.iter().map(field));
                if !asked.reason.is_empty() {
                    fields.note(format!("{}: {}", self.say("Sebab", "Why"), asked.reason));
                }
                Ok(vec![self.approvals(std::slice::from_ref(&asked)), fields])
            }
            ApprovalAsk::Approve { request, request_id } => {
                let request_id = self.request_id(request_id.as_ref());
                let name = self.approval_name(request);
                let request = v1::ApproveRequest { name, request_id };
                let answer = self.book(approvals.approve(request)).await?;
                let done = answer.transaction.ok_or_else(|| self.incomplete())?;
                Ok(vec![self.with_facts(self.just_booked(&done), done)])
            }
            ApprovalAsk::Reject { request, reason } => {
                let request = v1::RejectApprovalRequest {
                    name: self.approval_name(request),
                    request_id: fresh_request_id(),
                    reason: reason.clone(),
                };
                let answer = self.get(approvals.reject_approval(request)).await?;
                Ok(vec![self.approvals(answer.approval.as_slice())])
            }
            ApprovalAsk::Withdraw { request } => {
                let name = self.approval_name(request);
                let request_id = fresh_request_id();
                let request = v1::WithdrawApprovalRequest { name, request_id };
                let answer = self.get(approvals.withdraw_approval(request)).await?;
                Ok(vec![self.approvals(answer.approval.as_slice())])
            }
            ApprovalAsk::Rules(rules) => Ok(vec![self.approval_rules(rules).await?]),
        }
    }

    async fn waiting(&self, entity: Option<&String>, all: bool) -> Result<Table, Failure> {
        let mut found = Vec::new();
        let ask = async |page_token| {
            let request = v1::ListApprovalsRequest {
                parent: self.scope(entity),
                page_size: super::PAGE,
                page_token,
                show_decided: all,
            };
            self.remote.approvals().list_approvals(request).await
        };
        let take = |page: v1::ListApprovalsResponse| {
            found.extend(page.approvals);
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(self.approvals(&found))
    }

    fn approvals(&self, approvals: &[v1::Approval]) -> Table {
        let row = |one: &v1::Approval| {
            vec![
                last_part(&one.name).to_owned(),
                APPROVAL_KINDS.word(one.kind()).to_owned(),
                last_part(&one.entity).to_owned(),
                money_text(one.amount.as_ref()),
                one.asked_by.clone(),
                ROLES.word(one.asked_as()).to_owned(),
                self.date(one.expires_on.as_ref()),
                APPROVAL_STATES.word(one.state()).to_owned(),
                one.decided_by.clone(),
            ]
        };
        Table::of(APPROVALS, approvals.iter().map(row))
    }

    async fn approval_rules(&self, rules: &Rules) -> Result<Table, Failure> {
        let book = self.whole_book();
        let rules = match rules.since {
            None => {
                let request = v1::ListApprovalRulesRequest { book };
                self.get(self.remote.approvals().list_approval_rules(request)).await?.rules
            }
            Some(since) => {
                let limit = |(kind, amount): &(ApprovalKind, Sen)| v1::ApprovalLimit {
                    kind: *kind as i32,
                    amount: money(*amount),
                };
                let rule = v1::ApprovalRule {
                    since: date(since),
                    limits: rules.limits.iter().map(limit).collect(),
                    days_waiting: rules.days.unwrap_or_default(),
                };
                let request_id = fresh_request_id();
                let request = v1::SetApprovalRulesRequest { book, request_id, rule: Some(rule) };
                self.get(self.remote.approvals().set_approval_rules(request)).await?.rules
            }
        };
        let mut table = Table::of(RULES, []);
        for rule in &rules {
            let (since, days) = (self.date(rule.since.as_ref()), rule.days_waiting.to_string());
            if rule.limits.is_empty() {
                table.row(vec![since.clone(), String::new(), String::new(), days.clone()]);
            }
            for limit in &rule.limits {
                let kind = APPROVAL_KINDS.word(limit.kind()).to_owned();
                let above = money_text(limit.amount.as_ref());
                table.row(vec![since.clone(), kind, above, days.clone()]);
            }
        }
        Ok(table)
    }

    fn approval_name(&self, request: &str) -> String {
        format!("books/{}/approvals/{request}", self.book)
    }
}
