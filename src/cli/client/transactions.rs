//! What was booked: the one answer of everything that moves money or things.

use tonic::{Response, Status};

use super::{Answer, Client, Side, columns, last_part_account, note_warnings};
use crate::api::v1::{self, Transaction};
use crate::cli::convert::{decimal_text, last_part, money_text};
use crate::cli::remote::Failure;
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::CAUSES;

const TRANSACTION: &[Column] = &[
    text("account", "Akun", "Account"),
    text("title", "Nama", "Title"),
    number("debit", "Debit", "Debit"),
    number("credit", "Kredit", "Credit"),
];

/// A request that is recorded under an id of its own, with when, why and on what paper.
macro_rules! request {
    ($when:expr, v1::$message:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        v1::$message {
            request_id: $when.request_id(),
            details: $when.details(),
            $($field $(: $value)?,)*
        }
    };
}

/// Such a request for money that goes to, or comes from, one place.
macro_rules! paid {
    ($client:expr, $sum:expr, v1::$message:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        $crate::cli::client::transactions::request!($sum.when, v1::$message {
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
        let transaction = self.get(call).await?.transaction();
        Ok(vec![self.transaction(transaction)?])
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
        let transaction = transaction.ok_or_else(|| self.incomplete())?;
        let mut table = Table::new(
            format!(
                "{} {} ({})",
                self.say("Dibukukan:", "Booked:"),
                last_part(&transaction.name),
                self.date(transaction.effective_on.as_ref()),
            ),
            TRANSACTION,
        );
        for entry in &transaction.entries {
            let (debit, credit) = columns(entry.side.as_ref().map(Side::signed));
            let account = last_part_account(&entry.account).to_owned();
            table.row(vec![account, entry.title.clone(), debit, credit]);
        }
        for moved in &transaction.lots {
            table.note(self.lot_change(moved));
        }
        note_warnings(&mut table, &transaction.warnings);
        Ok(table)
    }
}
