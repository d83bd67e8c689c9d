//! What was booked: the one answer of everything that moves money or things.

use tonic::{Response, Status};

use super::{Answer, Client, Side, columns, last_part_account, note_warnings};
use crate::api::v1::{self, Transaction};
use crate::cli::convert::{decimal_text, last_part, money_text};
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::CAUSES;
use crate::domain::chart::Code;
use crate::domain::money::Sen;
use crate::domain::refusal::Reason;
use crate::domain::review::is_for_review;
use crate::locale::number::format_amount;

const TRANSACTION: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Nama", "Title"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

/// A request that is recorded under an id of its own, with when, why and on what paper.
macro_rules! request {
    ($client:expr, $when:expr, v1::$message:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        v1::$message {
            request_id: $client.request_id($when.request_id.as_ref()),
            details: $when.details(),
            $($field $(: $value)?,)*
        }
    };
}

/// Such a request for money that goes to, or comes from, one place.
macro_rules! paid {
    ($client:expr, $sum:expr, v1::$message:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        $crate::cli::client::transactions::request!($client, $sum.when, v1::$message {
            amount: $crate::cli::convert::money($sum.amount),
            place: $client.place(&$sum.at.place),
            $($field $(: $value)?,)*
        })
    };
}
pub(super) use {paid, request};

/// An answer that says what was booked.
pub(super) trait Booked {
    /// What was booked.
    fn transaction(self) -> Option<Transaction>;
}

macro_rules! booked {
    ($($answer:ident),+ $(,)?) => {$(
        impl Booked for v1::$answer {
            fn transaction(self) -> Option<Transaction> {
                self.transaction
            }
        }
    )+};
}

booked!(
    OpenMemberDepositResponse,
    CloseMemberDepositResponse,
    AcceptLpjResponse,
    AcceptSheetResponse,
    AccrueLoanResponse,
    ApplyForLoanResponse,
    AssignLoanResponse,
    AttachFileResponse,
    BearLossResponse,
    BlockKubeSavingsResponse,
    BlockSavingsResponse,
    BuyStakeResponse,
    ClaimInsuranceResponse,
    ClearSuspenseResponse,
    CloseDrawerResponse,
    CloseTermDepositResponse,
    CollectResponse,
    ConfirmLoanResponse,
    ConfirmReportResponse,
    ConsolidateSurplusResponse,
    CountCashResponse,
    CountLivestockResponse,
    CoverLossResponse,
    DecideDifferenceResponse,
    DecideGuliranResponse,
    DecideLoanResponse,
    DecideReviewResponse,
    DeliverGuliranResponse,
    DepositAtLkmResponse,
    DepositResponse,
    DepreciateToolResponse,
    DisburseLoanResponse,
    DisputeReportResponse,
    DivideCapitalResponse,
    ExcuseGuliranResponse,
    FundSyirkahResponse,
    GetTransactionResponse,
    GiveAlmsResponse,
    GiveLivestockResponse,
    GroupStandsInResponse,
    HandInCollectionResponse,
    LendGuliranResponse,
    LoseGrantResponse,
    MoveCashResponse,
    MoveFundsResponse,
    NameOfficerResponse,
    OpenBalancesResponse,
    OpenDrawerResponse,
    OpenTermDepositResponse,
    OweIncomeTaxResponse,
    PayAdvanceResponse,
    PayBackStakeResponse,
    PayExpenseResponse,
    PayFromSurplusFundResponse,
    PayInCapitalResponse,
    PayInKindResponse,
    PayIntoArisanResponse,
    PayKubeSurplusResponse,
    PayLoanResponse,
    PayOutArisanResponse,
    PayReliefResponse,
    PaySurplusResponse,
    PayTaxResponse,
    PayWithheldTaxResponse,
    PostJournalResponse,
    ProvideForLoanResponse,
    PurchaseResponse,
    ReceiveAlmsResponse,
    ReceiveDuesResponse,
    ReceiveGrantResponse,
    ReceiveProgrammeStakeResponse,
    RecordBankChargeResponse,
    RecordBankInterestResponse,
    RecordBirthResponse,
    RecordLossResponse,
    RecordSheetResponse,
    RefundTitipanResponse,
    RegisterCollateralResponse,
    ReleaseGuliranResponse,
    RepayClaimResponse,
    RepayGuliranResponse,
    RepayOutsideLoanResponse,
    RequestReliefResponse,
    RescheduleLoanResponse,
    ReturnCapitalResponse,
    ReturnGrantResponse,
    ReturnProgrammeStakeResponse,
    ReturnSyirkahResponse,
    ReverseTransactionResponse,
    RewardLoanResponse,
    SellCollateralResponse,
    SellMurabahahResponse,
    SellResponse,
    SetDrawerLimitResponse,
    SetGrantPlanResponse,
    SetToolLifeResponse,
    SettleLoanResponse,
    SettleMemberResponse,
    WakeSavingsResponse,
    SettlePayableResponse,
    SettleReceivableResponse,
    ShareProceedsResponse,
    ShareProfitResponse,
    ShareResultResponse,
    StandInResponse,
    StartEpochResponse,
    TakeCollateralResponse,
    TakeLivestockBackResponse,
    TakeOutsideLoanResponse,
    TurnLoanResponse,
    UnblockSavingsResponse,
    WaiveLoanResponse,
    WithdrawAtLkmResponse,
    WithdrawResponse,
    WriteOffLoanResponse,
);

impl Client {
    /// Asks, and shows what was booked.
    pub(super) async fn booked<B: Booked>(
        &self,
        call: impl Future<Output = Result<Response<B>, Status>>,
    ) -> Answer {
        let transaction = self.book(call).await?.transaction();
        Ok(vec![self.transaction(transaction)?])
    }

    /// The answer to a call that books something.
    pub(super) async fn book<P>(
        &self,
        call: impl Future<Output = Result<Response<P>, Status>>,
    ) -> Result<P, Failure> {
        let failed = |status| self.remote.explain_booking(&status, &self.last_asked());
        Ok(call.await.map_err(failed)?.into_inner())
    }

    /// What was moved of a lot, and why, where animals or things were lost.
    fn lot_change(&self, moved: &v1::LotChange) -> String {
        let mut text = format!(
            "Lot {}: {}, {}",
            last_part(&moved.lot),
            decimal_text(moved.quantity.as_ref()),
            money_text(moved.cost.as_ref()),
        );
        if moved.cause() != v1::LossCause::Unspecified {
            text.push_str(&format!(" ({})", CAUSES.word(moved.cause())));
        }
        text
    }

    pub(super) fn transaction(&self, transaction: Option<Transaction>) -> Result<Table, Failure> {
        transaction.map(|one| self.just_booked(&one)).ok_or_else(|| self.incomplete())
    }

    /// What was just booked, and what is to be done then.
    pub(super) fn just_booked(&self, transaction: &Transaction) -> Table {
        let mut table = self.entry_table(&self.outcome(transaction), transaction);
        let suspended = |warning: &&v1::Warning| warning.reason == Reason::InSuspense.name();
        for warning in transaction.warnings.iter().filter(suspended) {
            table.note(self.how_to_place(last_part(&transaction.name), warning));
        }
        table
    }

    /// What a transaction moved, under its id and day.
    pub(super) fn entry_table(&self, title: &str, transaction: &Transaction) -> Table {
        let id = last_part(&transaction.name);
        let day = self.date(transaction.effective_on.as_ref());
        let mut table = Table::new(format!("{title} {id} ({day})"), TRANSACTION);
        for entry in &transaction.entries {
            let (debit, credit) = columns(entry.side.as_ref().map(Side::signed));
            let account = last_part_account(&entry.account).to_owned();
            table.row(vec![account, entry.title.clone(), debit, credit]);
        }
        for moved in &transaction.lots {
            table.note(self.lot_change(moved));
        }
        note_warnings(&mut table, &transaction.warnings);
        table
    }

    /// What became of it: the first words that are read must be the true ones.
    fn outcome(&self, transaction: &Transaction) -> String {
        let reasons = transaction.warnings.iter().filter_map(|one| Reason::from_name(&one.reason));
        let reasons: Vec<Reason> = reasons.collect();
        let found_its_place = |entry: &v1::Entry| {
            let code = Code::from_number(entry.code);
            code.is_some_and(|code| code != Code::Suspense && !code.is_money())
        };
        // What a regime bounds is remarked on in requests too, and they wait for nobody.
        let bounds = [Reason::RateAboveBound, Reason::OfficerExposure];
        let for_review = |reason: &Reason| is_for_review(*reason) && !bounds.contains(reason);
        if reasons.contains(&Reason::SheetPending) {
            self.say("Belum dibukukan, menunggu diperiksa:", "Not booked yet, to be looked at:")
        } else if !reasons.contains(&Reason::InSuspense) {
            match reasons.iter().any(for_review) {
                true => self.say("Dicatat untuk diperiksa:", "Recorded, to be looked at:"),
                // An application, a confirmation: nothing has moved.
                false if transaction.entries.is_empty() && transaction.lots.is_empty() => {
                    self.say("Dicatat:", "Recorded:")
                }
                false => self.say("Dibukukan:", "Booked:"),
            }
        } else if transaction.entries.iter().any(found_its_place) {
            self.say("Sebagian menunggu di Rekening Sementara:", "Partly waits in suspense:")
        } else {
            self.say("Menunggu di Rekening Sementara:", "Waits in suspense:")
        }
    }

    /// The command that places what waits in suspense.
    fn how_to_place(&self, transaction: &str, warning: &v1::Warning) -> String {
        let amount = warning.details.get("amount").and_then(|sen| sen.parse().ok());
        let amount = format_amount(Sen::new(amount.unwrap_or_default()));
        let line = match warning.line {
            0 => String::new(),
            line => format!(" {} {line}", self.say("--baris", "--line")),
        };
        let (id, en) = ("simpul jurnal tempatkan", "simpul journal clear");
        self.say(
            &format!("  Pembuku menempatkannya: {id} {transaction} AKUN {amount}{line}"),
            &format!("  A bookkeeper places it: {en} {transaction} ACCOUNT {amount}{line}"),
        )
    }
}
