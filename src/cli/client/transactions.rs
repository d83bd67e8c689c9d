//! Money that moves: savings, dues and meeting sheets, each answered with what was booked.

use super::args::{Deposit, Dues, Sheet, WhichMember};
use super::{Client, Side, columns, last_part_account, note_warnings};
use crate::api::v1::{
    self, Transaction, iks_service_client::IksServiceClient,
    meeting_service_client::MeetingServiceClient, savings_service_client::SavingsServiceClient,
};
use crate::cli::convert::{date_text, entity, last_part, money, place};
use crate::cli::remote::Failure;
use crate::cli::sheet_csv;
use crate::cli::table::{Column, Table, number, text};

const TRANSACTION: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Nama", "Title"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

impl Client {
    pub(super) async fn deposit(&self, deposit: &Deposit) -> Result<Table, Failure> {
        let request = v1::DepositRequest {
            member: self.member_name(&deposit.who),
            request_id: deposit.when.request_id(),
            details: deposit.when.details(),
            kind: deposit.kind.kind() as i32,
            amount: money(deposit.amount),
            place: Some(place(&self.book, &deposit.place)),
        };
        let mut client = SavingsServiceClient::new(self.remote.line());
        let answer = client.deposit(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    pub(super) async fn dues(&self, dues: &Dues) -> Result<Table, Failure> {
        let request = v1::ReceiveDuesRequest {
            group: entity(&self.book, &dues.who.entity),
            request_id: dues.when.request_id(),
            details: dues.when.details(),
            payer: Some(v1::receive_dues_request::Payer::Member(self.member_name(&dues.who))),
            amount: money(dues.amount),
            place: Some(place(&self.book, &dues.place)),
            for_day: None,
        };
        let mut client = IksServiceClient::new(self.remote.line());
        let answer = client.receive_dues(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    fn member_name(&self, who: &WhichMember) -> String {
        format!("{}/members/{}", entity(&self.book, &who.entity), who.member)
    }

    pub(super) async fn sheet(&self, sheet: &Sheet) -> Result<Table, Failure> {
        let csv = self.file(&sheet.file)?;
        let request = v1::RecordSheetRequest {
            parent: entity(&self.book, &sheet.group),
            request_id: sheet.when.request_id(),
            details: sheet.when.details(),
            number: sheet.number.clone(),
            lines: sheet_csv::read(&csv, self.language)?,
            opening_cash: money(sheet.opening),
            closing_cash: money(sheet.closing),
        };
        let mut client = MeetingServiceClient::new(self.remote.line());
        let answer = client.record_sheet(request).await.map_err(self.failed())?.into_inner();
        self.transaction(answer.transaction)
    }

    pub(super) fn transaction(&self, transaction: Option<Transaction>) -> Result<Table, Failure> {
        let transaction = transaction.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(
            format!(
                "{} {} ({})",
                self.say("Dibukukan:", "Booked:"),
                last_part(&transaction.name),
                date_text(transaction.effective_on.as_ref(), self.language),
            ),
            TRANSACTION,
        );
        for entry in &transaction.entries {
            let (debit, credit) = columns(entry.side.as_ref().map(Side::signed));
            let account = last_part_account(&entry.account).to_owned();
            table.row(vec![account, entry.title.clone(), debit, credit]);
        }
        note_warnings(&mut table, &transaction.warnings);
        Ok(table)
    }
}
