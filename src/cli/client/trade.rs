//! The joint business: bought, sold, owed, paid, born and lost.

use clap::{Args, Subcommand};

use super::args::{Money, OfFund, When, Where, new_lot};
use super::transactions::{paid, request};
use super::{Answer, Client};
use crate::api::v1::{
    self, ExpenseKind, LossCause, NewLot, purchase_request::Payment, sell_request::Proceeds,
};
use crate::cli::convert::{decimal, decimal_text, fund_text, last_part, money_text, quantity};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{EXPENSES, LOTS};

const LOT_COLUMNS: &[Column] = &[
    text("lot", "Lot", "Lot"),
    text("kind", "Isi", "Kind"),
    text("label", "Nama", "What"),
    text("fund", "Dana", "Fund"),
    number("quantity", "Banyak", "Quantity"),
    text("unit", "Satuan", "Unit"),
    number("cost", "Harga perolehan", "Cost"),
    number("kept", "Digaduhkan", "With keepers"),
    number("counted", "Dihitung", "Counted"),
    text("counted_on", "Pada", "On"),
    number("died", "Mati", "Died"),
    number("stolen", "Dicuri", "Stolen"),
];

/// What can be asked about the joint business.
#[derive(Clone, Debug, Subcommand)]
pub enum TradeAsk {
    /// Beli barang, ternak atau alat / buy stock, livestock or tools
    #[command(name = "beli", alias = "buy")]
    Buy(Buy),
    /// Jual dari sebuah lot, atau jasa / sell from a lot, or a service
    #[command(name = "jual", alias = "sell")]
    Sell(Sell),
    /// Bayar biaya / pay a cost
    #[command(name = "biaya", alias = "expense")]
    Expense(Expense),
    /// Pembeli melunasi piutang / a buyer pays what it owes
    #[command(name = "terima-piutang", alias = "receivable")]
    Receivable(WithParty),
    /// Bayar utang kepada pemasok / pay a supplier what is owed
    #[command(name = "bayar-utang", alias = "payable")]
    Payable(WithParty),
    /// Bayar uang muka kepada pemasok / pay a supplier in advance
    #[command(name = "uang-muka", alias = "advance")]
    Advance(WithParty),
    /// Ternak lahir / animals are born
    #[command(name = "lahir", alias = "born")]
    Born(Born),
    /// Ternak mati atau dicuri / animals died or were stolen
    #[command(name = "mati", alias = "lost")]
    Lost(Lost),
    /// Klaim asuransi dibayar / an insurance has paid
    #[command(name = "klaim", alias = "claim")]
    Claim(Claim),
    /// Daftar lot, atau satu lot / list lots, or show one
    #[command(name = "lot", alias = "lots")]
    Lots {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Lot / lot
        lot: Option<String>,
    },
}

/// The grant that is spent.
#[derive(Args, Clone, Debug)]
pub struct OfGrant {
    /// Hibah yang dibelanjakan / the grant that is spent
    #[arg(long = "hibah", alias = "grant")]
    grant: Option<String>,
    /// Pos rencana hibah / line of the grant's plan
    #[arg(long = "pos", alias = "plan-line", default_value = "", hide_default_value = true)]
    plan_line: String,
}

/// A purchase.
#[derive(Args, Clone, Debug)]
pub struct Buy {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// LOT:ISI:NAMA:BANYAK:SATUAN:HARGA, misalnya induk:ternak:babi:8:ekor:8.000.000 / what
    #[arg(required = true, value_parser = new_lot)]
    items: Vec<NewLot>,
    #[command(flatten)]
    at: Where,
    /// Berutang kepada pemasok / on credit of a supplier
    #[arg(long = "utang", alias = "on-credit", conflicts_with = "advance")]
    credit: Option<String>,
    /// Dari uang muka kepada pemasok / from an advance to a supplier
    #[arg(long = "uang-muka", alias = "from-advance")]
    advance: Option<String>,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    grant: OfGrant,
    #[command(flatten)]
    when: When,
}

/// A sale.
#[derive(Args, Clone, Debug)]
pub struct Sell {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    #[command(flatten)]
    money: Money,
    /// Lot; kosong untuk jasa / the lot; none for a service
    #[arg(long = "lot", requires = "quantity")]
    lot: Option<String>,
    /// Banyaknya / how many
    #[arg(long = "banyak", alias = "quantity", value_parser = quantity)]
    quantity: Option<i64>,
    /// Pembeli yang berutang / the buyer who owes it
    #[arg(long = "piutang", alias = "on-credit")]
    credit: Option<String>,
    #[command(flatten)]
    of: OfFund,
}

/// A cost.
#[derive(Args, Clone, Debug)]
pub struct Expense {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Jenis biaya / sort of cost
    #[arg(value_parser = EXPENSES.parser())]
    kind: ExpenseKind,
    #[command(flatten)]
    money: Money,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    grant: OfGrant,
    /// Menambah harga lot ini / becomes part of this lot's cost
    #[arg(long = "lot")]
    lot: Option<String>,
}

/// Money from or to a third party.
#[derive(Args, Clone, Debug)]
pub struct WithParty {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Pihak ketiga / third party
    party: String,
    #[command(flatten)]
    money: Money,
    #[command(flatten)]
    of: OfFund,
}

/// A birth.
#[derive(Args, Clone, Debug)]
pub struct Born {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Id lot baru / id of the new lot
    lot: String,
    /// Banyaknya ekor / heads
    heads: i64,
    /// Nama ternak, misalnya babi / what they are
    #[arg(long = "nama", alias = "label")]
    label: String,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// A loss.
#[derive(Args, Clone, Debug)]
pub struct Lost {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    /// Lot / lot
    lot: String,
    /// Banyaknya ekor / heads
    heads: i64,
    /// Dicuri, tidak mati / stolen, rather than dead
    #[arg(long = "dicuri", alias = "stolen")]
    stolen: bool,
    #[command(flatten)]
    of: OfFund,
    #[command(flatten)]
    when: When,
}

/// An insurance payment.
#[derive(Args, Clone, Debug)]
pub struct Claim {
    /// Kelompok atau lkm / group or lkm
    entity: String,
    #[command(flatten)]
    money: Money,
    #[command(flatten)]
    of: OfFund,
}

impl Client {
    pub(super) async fn trade(&self, ask: &TradeAsk) -> Answer {
        let mut trade = self.remote.trade();
        match ask {
            TradeAsk::Buy(buy) => self.booked(trade.purchase(self.purchase(buy))).await,
            TradeAsk::Sell(sell) => self.booked(trade.sell(self.sale(sell))).await,
            TradeAsk::Expense(cost) => self.booked(trade.pay_expense(self.expense(cost))).await,
            TradeAsk::Receivable(WithParty { entity, party, money, of }) => {
                let party = self.of(entity, "parties", party);
                let fund = of.fund as i32;
                let request = paid!(self, money, v1::SettleReceivableRequest { party, fund });
                self.booked(trade.settle_receivable(request)).await
            }
            TradeAsk::Payable(WithParty { entity, party, money, of }) => {
                let party = self.of(entity, "parties", party);
                let fund = of.fund as i32;
                let request = paid!(self, money, v1::SettlePayableRequest { party, fund });
                self.booked(trade.settle_payable(request)).await
            }
            TradeAsk::Advance(WithParty { entity, party, money, of }) => {
                let party = self.of(entity, "parties", party);
                let fund = of.fund as i32;
                let request = paid!(self, money, v1::PayAdvanceRequest { party, fund });
                self.booked(trade.pay_advance(request)).await
            }
            TradeAsk::Born(Born { entity, lot, heads, label, of, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::RecordBirthRequest {
                        entity: self.entity(entity),
                        fund: of.fund as i32,
                        lot_id: lot.clone(),
                        label: label.clone(),
                        heads: *heads,
                    }
                );
                self.booked(trade.record_birth(request)).await
            }
            TradeAsk::Lost(Lost { entity, lot, heads, stolen, of, when }) => {
                let cause = if *stolen { LossCause::Stolen } else { LossCause::Died };
                let request = request!(
                    self,
                    when,
                    v1::RecordLossRequest {
                        lot: self.of(entity, "lots", lot),
                        fund: of.fund as i32,
                        heads: *heads,
                        cause: cause as i32,
                    }
                );
                self.booked(trade.record_loss(request)).await
            }
            TradeAsk::Claim(Claim { entity, money, of }) => {
                let entity = self.entity(entity);
                let fund = of.fund as i32;
                let request = paid!(self, money, v1::ClaimInsuranceRequest { entity, fund });
                self.booked(trade.claim_insurance(request)).await
            }
            TradeAsk::Lots { entity, lot } => self.lots(entity, lot.as_ref()).await,
        }
    }

    fn purchase(&self, buy: &Buy) -> v1::PurchaseRequest {
        let party = |party: &String| self.of(&buy.entity, "parties", party);
        let payment = match (&buy.credit, &buy.advance) {
            (Some(supplier), _) => Some(Payment::OnCreditOf(party(supplier))),
            (None, Some(supplier)) => Some(Payment::FromAdvanceTo(party(supplier))),
            (None, None) => self.place(&buy.at.place).map(Payment::PaidFrom),
        };
        request!(
            self,
            buy.when,
            v1::PurchaseRequest {
                entity: self.entity(&buy.entity),
                fund: buy.of.fund as i32,
                items: buy.items.clone(),
                payment,
                grant: self.maybe_of(&buy.entity, "grants", buy.grant.grant.as_ref()),
                plan_line: buy.grant.plan_line.clone(),
            }
        )
    }

    fn sale(&self, sell: &Sell) -> v1::SellRequest {
        let proceeds = match &sell.credit {
            Some(buyer) => Some(Proceeds::OnCreditTo(self.of(&sell.entity, "parties", buyer))),
            None => self.place(&sell.money.at.place).map(Proceeds::PaidTo),
        };
        request!(
            self,
            sell.money.when,
            v1::SellRequest {
                entity: self.entity(&sell.entity),
                fund: sell.of.fund as i32,
                price: crate::cli::convert::money(sell.money.amount),
                proceeds,
                lot: self.maybe_of(&sell.entity, "lots", sell.lot.as_ref()),
                quantity: sell.quantity.and_then(decimal),
            }
        )
    }

    fn expense(&self, cost: &Expense) -> v1::PayExpenseRequest {
        paid!(
            self,
            cost.money,
            v1::PayExpenseRequest {
                entity: self.entity(&cost.entity),
                fund: cost.of.fund as i32,
                kind: cost.kind as i32,
                grant: self.maybe_of(&cost.entity, "grants", cost.grant.grant.as_ref()),
                plan_line: cost.grant.plan_line.clone(),
                lot: self.maybe_of(&cost.entity, "lots", cost.lot.as_ref()),
            }
        )
    }

    async fn lots(&self, entity: &str, lot: Option<&String>) -> Answer {
        let lots = match lot {
            Some(lot) => {
                let name = self.of(entity, "lots", lot);
                let request = v1::GetLotRequest { name };
                let answer = self.get(self.remote.trade().get_lot(request)).await?;
                answer.lot.into_iter().collect()
            }
            None => {
                let ask = async |request: v1::ListLotsRequest| {
                    self.remote.trade().list_lots(request).await
                };
                self.list(self.entity(entity), ask).await?
            }
        };
        Ok(vec![Table::of(LOT_COLUMNS, lots.iter().map(|lot| self.lot_row(lot)))])
    }

    fn lot_row(&self, lot: &v1::Lot) -> Vec<String> {
        vec![
            last_part(&lot.name).to_owned(),
            LOTS.word(lot.kind()).to_owned(),
            lot.label.clone(),
            fund_text(lot.fund).to_owned(),
            decimal_text(lot.quantity.as_ref()),
            lot.unit.clone(),
            money_text(lot.cost.as_ref()),
            lot.kept_heads.to_string(),
            lot.counted_on.map_or_else(String::new, |_| lot.counted_heads.to_string()),
            self.date(lot.counted_on.as_ref()),
            decimal_text(lot.died.as_ref()),
            decimal_text(lot.stolen.as_ref()),
        ]
    }
}
