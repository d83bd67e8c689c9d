//! Loans: products, from application to the last instalment, tanggung renteng, loans in trouble,
//! loans from outside.

use clap::Subcommand;

use super::args::{Part, When};
use super::loan_args::{
    Apply, Collateral, Decide, Disburse, List, Of, OnDay, Outside, Paid, Pay, Plan, Preview,
    Product, Purse, Quality, Quote, RepayClaim, RepayOutside, Reschedule, Rules, SellCollateral,
    Settle, StandIn, TakeCollateral, Turn, Waive, Which,
};
use super::portfolio::sum;
use super::transactions::request;
use super::{Answer, Client, PAGE};
use crate::api::google_type::Money;
use crate::api::v1::{self, DayCount, Handover, InterestGrace, Means, loan_purse, means};
use crate::cli::convert::{date, day, decimal, decimal_text, last_part, money, money_text, sen};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{FREQUENCIES, LOAN_FACTS, LOAN_METHODS, LOAN_STATES};
use crate::domain::day::Day;

const PRODUCTS: &[Column] = &[
    text("product", "Produk", "Product"),
    text("since", "Sejak", "Since"),
    text("label", "Nama", "Label"),
    text("method", "Cara", "Method"),
    text("frequency", "Angsuran", "Instalments"),
    number("rate", "Jasa %", "Jasa %"),
];

const SCHEDULE: &[Column] = &[
    number("number", "Ke", "No"),
    text("due_on", "Jatuh tempo", "Due"),
    number("principal", "Pokok", "Principal"),
    number("interest", "Jasa", "Jasa"),
    number("owed", "Belum dibayar", "Owed"),
];

const LOANS: &[Column] = &[
    text("loan", "Pinjaman", "Loan"),
    text("borrower", "Peminjam", "Borrower"),
    text("state", "Keadaan", "State"),
    number("amount", "Pinjaman", "Lent"),
    number("outstanding", "Sisa pokok", "Outstanding"),
    number("arrears", "Tunggakan", "Arrears"),
    number("days_late", "Hari lambat", "Days late"),
];

const FACTS: &[Column] = &[
    text("date", "Tanggal", "Date"),
    text("fact", "Yang terjadi", "What happened"),
    number("amount", "Jumlah", "Amount"),
    number("position", "Posisi jurnal", "Journal position"),
];

const OUTSIDE: &[Column] = &[
    text("loan", "Pinjaman luar", "Loan from outside"),
    text("lender", "Pemberi", "Lender"),
    number("amount", "Pinjaman", "Borrowed"),
    number("outstanding", "Sisa pokok", "Outstanding"),
    number("principal", "Pokok lewat", "Principal due"),
    number("interest", "Jasa lewat", "Jasa due"),
    number("days_late", "Hari lambat", "Days late"),
    text("next_due", "Jatuh tempo", "Next due"),
];

const COLLATERALS: &[Column] = &[
    text("collateral", "Agunan", "Collateral"),
    text("label", "Berupa", "What it is"),
    number("value", "Nilai", "Value"),
    text("since", "Sejak", "Since"),
    text("taken_on", "Diambil", "Taken"),
];

const CLAIMS: &[Column] = &[
    text("payer", "Penanggung", "Who stood in"),
    number("amount", "Talangan", "Paid for the borrower"),
    number("repaid", "Dikembalikan", "Given back"),
];

const QUOTE: &[Column] = &[
    number("principal", "Pokok", "Principal"),
    number("interest", "Jasa", "Jasa"),
    number("penalty", "Denda", "Penalties"),
    number("rebate", "Keringanan", "Rebate"),
    number("titipan", "Titipan", "Titipan"),
    number("total", "Dibayar", "To pay"),
];

const CLASSES: &[Column] = &[
    text("class", "Golongan", "Class"),
    number("from", "Mulai", "From"),
    number("rate", "Penyisihan %", "Provision %"),
];

/// What can be asked about loans.
#[derive(Clone, Debug, Subcommand)]
pub enum LoanAsk {
    /// Tetapkan produk pinjaman / set a loan product
    #[command(name = "produk", alias = "product")]
    Product(Box<Product>),
    /// Daftar produk pinjaman / list loan products
    #[command(name = "daftar-produk", alias = "products")]
    Products {
        /// Kelompok atau lkm / group or lkm
        entity: String,
    },
    /// Pratinjau jadwal angsuran / preview a schedule
    #[command(name = "pratinjau", alias = "preview")]
    Preview(Box<Preview>),
    /// Ajukan pinjaman / ask for a loan
    #[command(name = "ajukan", alias = "apply")]
    Apply(Apply),
    /// Peminjam membenarkan / the borrower confirms
    #[command(name = "benarkan", alias = "confirm")]
    Confirm(Of),
    /// Putuskan: setuju atau tolak / approve or turn down
    #[command(name = "putuskan", alias = "decide")]
    Decide(Decide),
    /// Cairkan pinjaman / pay a loan out
    #[command(name = "cairkan", alias = "disburse")]
    Disburse(Disburse),
    /// Bayar angsuran / pay on a loan
    #[command(name = "bayar", alias = "pay")]
    Pay(Pay),
    /// Kembalikan titipan / give titipan back
    #[command(name = "kembalikan-titipan", alias = "refund")]
    Refund(Pay),
    /// Hitung pelunasan / what settling takes
    #[command(name = "hitung-lunas", alias = "quote")]
    Quote(Quote),
    /// Lunasi sekaligus / settle at once
    #[command(name = "lunasi", alias = "settle")]
    Settle(Settle),
    /// Keringanan denda atau jasa / waive a part
    #[command(name = "ringankan", alias = "waive")]
    Waive(Waive),
    /// Bukukan jasa yang berjalan / accrue jasa
    #[command(name = "akru", alias = "accrue")]
    Accrue(Of),
    /// Insentif tepat waktu (IPTW) / reward for paying promptly
    #[command(name = "insentif", alias = "reward")]
    Reward(Paid),
    /// Tanggung renteng oleh anggota / members pay for one of them
    #[command(name = "tanggung", alias = "stand-in")]
    StandIn(StandIn),
    /// Tanggung renteng oleh kelompok / the group pays for a borrower
    #[command(name = "tanggung-kelompok", alias = "group-stands-in")]
    GroupStandsIn(Pay),
    /// Peminjam mengganti talangan / a claim is given back
    #[command(name = "ganti-talangan", alias = "repay-claim")]
    RepayClaim(RepayClaim),
    /// Jadwal ulang / reschedule
    #[command(name = "jadwal-ulang", alias = "reschedule")]
    Reschedule(Reschedule),
    /// Nyatakan lancar atau tidak lancar / turn performing or not
    #[command(name = "kelancaran", alias = "turn")]
    Turn(Turn),
    /// Tetapkan golongan mutu dan penyisihan / set quality classes
    #[command(name = "mutu", alias = "quality")]
    Quality(Quality),
    /// Bentuk atau lepas penyisihan / provide for a loan
    #[command(name = "sisihkan", alias = "provide")]
    Provide(Of),
    /// Hapus buku / write off
    #[command(name = "hapus-buku", alias = "write-off")]
    WriteOff(Of),
    /// Catat agunan / register collateral
    #[command(name = "agunan", alias = "collateral")]
    Collateral(Collateral),
    /// Ambil alih agunan / take collateral
    #[command(name = "ambil-agunan", alias = "take-collateral")]
    TakeCollateral(TakeCollateral),
    /// Jual agunan / sell collateral
    #[command(name = "jual-agunan", alias = "sell-collateral")]
    SellCollateral(SellCollateral),
    /// Pinjam dari luar / take a loan outside
    #[command(name = "luar", alias = "outside")]
    Outside(Box<Outside>),
    /// Bayar pinjaman luar / repay an outside lender
    #[command(name = "bayar-luar", alias = "repay-outside")]
    RepayOutside(RepayOutside),
    /// Kartu pinjaman luar: jadwal dan bayaran / a card of a loan from outside
    #[command(name = "lihat-luar", alias = "show-outside")]
    ShowOutside(OnDay),
    /// Daftar pinjaman luar / list loans from outside
    #[command(name = "daftar-luar", alias = "list-outside")]
    ListOutside {
        /// Kelompok atau lkm / group or lkm
        entity: String,
        /// Per tanggal / as of
        #[arg(long = "tanggal", alias = "on", value_parser = day)]
        on: Option<Day>,
    },
    /// Kartu pinjaman / a loan's card
    #[command(name = "lihat", alias = "show")]
    Show(OnDay),
    /// Daftar pinjaman / list loans
    #[command(name = "daftar", alias = "list")]
    List(List),
}

impl Client {
    pub(super) async fn loan(&self, ask: &LoanAsk) -> Answer {
        match ask {
            LoanAsk::Product(product) => self.loan_product(product).await,
            LoanAsk::Products { entity } => self.loan_products(entity).await,
            LoanAsk::Preview(preview) => self.preview(preview).await,
            LoanAsk::Quote(which) => self.quote(which).await,
            LoanAsk::Quality(quality) => self.quality(quality).await,
            LoanAsk::Show(which) => self.loan_card(which).await,
            LoanAsk::ShowOutside(which) => self.outside_card(which).await,
            LoanAsk::ListOutside { entity, on } => self.outside_loans(entity, *on).await,
            LoanAsk::List(list) => self.loans(list).await,
            LoanAsk::Apply(_)
            | LoanAsk::Confirm(_)
            | LoanAsk::Decide(_)
            | LoanAsk::Disburse(_)
            | LoanAsk::Pay(_)
            | LoanAsk::Refund(_)
            | LoanAsk::Settle(_) => self.loan_runs(ask).await,
            LoanAsk::StandIn(_) | LoanAsk::GroupStandsIn(_) | LoanAsk::RepayClaim(_) => {
                self.others_pay(ask).await
            }
            _ => self.loan_troubles(ask).await,
        }
    }

    fn loan_name(&self, which: &Which) -> String {
        self.of(&which.lender, "loans", &which.loan)
    }

    pub(super) fn purse(&self, purse: &Purse) -> Option<v1::LoanPurse> {
        let Purse { place, lkm_place, savings, bag } = purse;
        let money = || self.place(place);
        let purse = match (lkm_place, savings, bag) {
            (Some(lkm), _, _) => loan_purse::Purse::Means(Means {
                means: Some(means::Means::Money(Handover {
                    kube_place: money(),
                    lkm_place: self.place(lkm),
                })),
            }),
            (None, true, _) => {
                loan_purse::Purse::Means(Means { means: Some(means::Means::Savings(true)) })
            }
            (None, false, Some(bag)) => {
                loan_purse::Purse::Bag(format!("{}/drawers/{bag}", self.whole_book()))
            }
            (None, false, None) => loan_purse::Purse::Place(money()?),
        };
        Some(v1::LoanPurse { purse: Some(purse) })
    }

    async fn loan_product(&self, product: &Product) -> Answer {
        let version = v1::LoanVersion {
            since: date(product.since),
            label: product.label.clone(),
            minute: product.when.paper.minute.clone().unwrap_or_default(),
            terms: Some(terms(&product.rules)),
            least: product.least.and_then(money),
            most: product.most.and_then(money),
            most_instalments: product.most_instalments,
        };
        let request = v1::SetLoanProductRequest {
            entity: self.entity(&product.entity),
            request_id: self.request_id(product.when.request_id.as_ref()),
            product_id: product.product.clone(),
            version: Some(version),
        };
        let answer = self.get(self.remote.loans().set_loan_product(request)).await?;
        Ok(vec![self.product_table(answer.product.as_slice())])
    }

    async fn loan_products(&self, entity: &str) -> Answer {
        let ask = async |request: v1::ListLoanProductsRequest| {
            self.remote.loans().list_loan_products(request).await
        };
        let products = self.list(self.entity(entity), ask).await?;
        Ok(vec![self.product_table(&products)])
    }

    fn product_table(&self, products: &[v1::LoanProduct]) -> Table {
        let mut table = Table::new("", PRODUCTS);
        for product in products {
            for version in &product.versions {
                let terms = version.terms.clone().unwrap_or_default();
                table.row(vec![
                    last_part(&product.name).to_owned(),
                    self.date(version.since.as_ref()),
                    version.label.clone(),
                    LOAN_METHODS.word(terms.method()).to_owned(),
                    FREQUENCIES.word(terms.frequency()).to_owned(),
                    decimal_text(terms.rate_percent.as_ref()),
                ]);
            }
        }
        table
    }

    async fn preview(&self, preview: &Preview) -> Answer {
        let request = v1::PreviewScheduleRequest {
            product: String::new(),
            terms: Some(terms(&preview.rules)),
            plan: plan(&preview.plan),
            amount: money(preview.amount),
            disbursed_on: date(preview.disbursed),
        };
        let answer = self.get(self.remote.loans().preview_schedule(request)).await?;
        let mut table = Table::of(SCHEDULE, self.schedule_rows(&answer.instalments));
        table.note(format!(
            "{} {}",
            self.say("Jumlah jasa:", "Jasa in all:"),
            money_text(answer.interest.as_ref())
        ));
        Ok(vec![table])
    }

    fn schedule_rows(&self, rows: &[v1::Instalment]) -> Vec<Vec<String>> {
        let row = |row: &v1::Instalment| {
            let owed = row.owed.as_ref();
            vec![
                row.number.to_string(),
                self.date(row.due_on.as_ref()),
                money_text(row.principal.as_ref()),
                money_text(row.interest.as_ref()),
                owed.map_or_else(String::new, |owed| sum(Some(owed))),
            ]
        };
        rows.iter().map(row).collect()
    }

    async fn loan_runs(&self, ask: &LoanAsk) -> Answer {
        let mut loans = self.remote.loans();
        match ask {
            LoanAsk::Apply(wish) => {
                let request = self.application(wish);
                self.booked(loans.apply_for_loan(request)).await
            }
            LoanAsk::Confirm(Of { which, when }) => {
                let loan = self.loan_name(which);
                let request = request!(self, when, v1::ConfirmLoanRequest { loan });
                self.booked(loans.confirm_loan(request)).await
            }
            LoanAsk::Decide(Decide { which, reject, amount, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::DecideLoanRequest {
                        loan: self.loan_name(which),
                        approve: !reject,
                        amount: amount.and_then(money),
                        minute: when.paper.minute.clone().unwrap_or_default(),
                    }
                );
                self.booked(loans.decide_loan(request)).await
            }
            LoanAsk::Disburse(Disburse { which, amount, fee_beside, purse, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::DisburseLoanRequest {
                        loan: self.loan_name(which),
                        amount: amount.and_then(money),
                        fee_beside: *fee_beside,
                        purse: self.purse(purse),
                    }
                );
                self.booked(loans.disburse_loan(request)).await
            }
            LoanAsk::Pay(Pay { which, amount, purse, when }) => {
                let (loan, purse) = (self.loan_name(which), self.purse(purse));
                let amount = money(*amount);
                let request = request!(self, when, v1::PayLoanRequest { loan, amount, purse });
                self.booked(loans.pay_loan(request)).await
            }
            LoanAsk::Refund(Pay { which, amount, purse, when }) => {
                let (loan, purse) = (self.loan_name(which), self.purse(purse));
                let amount = money(*amount);
                let request =
                    request!(self, when, v1::RefundTitipanRequest { loan, amount, purse });
                self.booked(loans.refund_titipan(request)).await
            }
            LoanAsk::Settle(Settle { pay: Pay { which, amount, purse, when }, rebate }) => {
                let (loan, purse) = (self.loan_name(which), self.purse(purse));
                let (amount, rebate) = (money(*amount), rebate.and_then(money));
                let request =
                    request!(self, when, v1::SettleLoanRequest { loan, amount, purse, rebate });
                self.booked(loans.settle_loan(request)).await
            }
            _ => Ok(Vec::new()),
        }
    }

    fn application(&self, wish: &Apply) -> v1::ApplyForLoanRequest {
        let lender = &wish.which.lender;
        let borrower = match wish.group {
            true => self.entity(&wish.borrower),
            false => self.of(lender, "members", &wish.borrower),
        };
        request!(
            self,
            wish.when,
            v1::ApplyForLoanRequest {
                lender: self.entity(lender),
                loan_id: wish.which.loan.clone(),
                borrower,
                product_id: wish.product.clone(),
                amount: money(wish.amount),
                plan: plan(&wish.plan),
                purpose: wish.purpose.clone(),
                funded_by: self.maybe_of("lkm", "loans", wish.funded_by.as_ref()),
                surety: wish.surety.as_ref().map_or_else(String::new, |id| self.entity(id)),
                auto_debit: wish.auto_debit,
                margin: wish.margin.and_then(money),
            }
        )
    }

    async fn others_pay(&self, ask: &LoanAsk) -> Answer {
        let mut loans = self.remote.loans();
        match ask {
            LoanAsk::StandIn(StandIn { which, payers, at, when }) => {
                let payer = |(member, amount): &Part| v1::StandInPart {
                    member: self.of(&which.lender, "members", member),
                    amount: money(*amount),
                };
                let request = request!(
                    self,
                    when,
                    v1::StandInRequest {
                        loan: self.loan_name(which),
                        payers: payers.iter().map(payer).collect(),
                        place: self.place(&at.place),
                    }
                );
                self.booked(loans.stand_in(request)).await
            }
            LoanAsk::GroupStandsIn(Pay { which, amount, purse, when }) => {
                let means = match self.purse(purse).and_then(|purse| purse.purse) {
                    Some(loan_purse::Purse::Means(means)) => Some(means),
                    _ => None,
                };
                let (loan, amount) = (self.loan_name(which), money(*amount));
                let request =
                    request!(self, when, v1::GroupStandsInRequest { loan, amount, means });
                self.booked(loans.group_stands_in(request)).await
            }
            LoanAsk::RepayClaim(RepayClaim { which, payer, amount, group, at, when }) => {
                let payer = match group {
                    true => self.entity(payer),
                    false => self.of(&which.lender, "members", payer),
                };
                let request = request!(
                    self,
                    when,
                    v1::RepayClaimRequest {
                        loan: self.loan_name(which),
                        payer,
                        amount: money(*amount),
                        place: self.place(&at.place),
                    }
                );
                self.booked(loans.repay_claim(request)).await
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn loan_troubles(&self, ask: &LoanAsk) -> Answer {
        let mut loans = self.remote.loans();
        let minute = |when: &When| when.paper.minute.clone().unwrap_or_default();
        match ask {
            LoanAsk::Waive(Waive { which, part, amount, when }) => {
                let (loan, part) = (self.loan_name(which), *part as i32);
                let amount = money(*amount);
                let request = request!(self, when, v1::WaiveLoanRequest { loan, part, amount });
                self.booked(loans.waive_loan(request)).await
            }
            LoanAsk::Accrue(Of { which, when }) => {
                let loan = self.loan_name(which);
                let request = request!(self, when, v1::AccrueLoanRequest { loan });
                self.booked(loans.accrue_loan(request)).await
            }
            LoanAsk::Reward(Paid { which, purse, when }) => {
                let (loan, purse) = (self.loan_name(which), self.purse(purse));
                let request = request!(self, when, v1::RewardLoanRequest { loan, purse });
                self.booked(loans.reward_loan(request)).await
            }
            LoanAsk::Reschedule(Reschedule { which, plan: new, rate, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::RescheduleLoanRequest {
                        loan: self.loan_name(which),
                        plan: plan(new),
                        rate_percent: rate.clone(),
                        minute: minute(when),
                    }
                );
                self.booked(loans.reschedule_loan(request)).await
            }
            LoanAsk::Turn(Turn { which, performing, when }) => {
                let (loan, performing) = (self.loan_name(which), *performing);
                let request = request!(self, when, v1::TurnLoanRequest { loan, performing });
                self.booked(loans.turn_loan(request)).await
            }
            LoanAsk::Provide(Of { which, when }) => {
                let loan = self.loan_name(which);
                let request = request!(self, when, v1::ProvideForLoanRequest { loan });
                self.booked(loans.provide_for_loan(request)).await
            }
            LoanAsk::WriteOff(Of { which, when }) => {
                let (loan, minute) = (self.loan_name(which), minute(when));
                let request = request!(self, when, v1::WriteOffLoanRequest { loan, minute });
                self.booked(loans.write_off_loan(request)).await
            }
            _ => self.pledges_and_outside(ask).await,
        }
    }

    async fn pledges_and_outside(&self, ask: &LoanAsk) -> Answer {
        let mut loans = self.remote.loans();
        match ask {
            LoanAsk::Collateral(Collateral { which, collateral, value, label, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::RegisterCollateralRequest {
                        loan: self.loan_name(which),
                        collateral_id: collateral.clone(),
                        label: label.clone(),
                        value: money(*value),
                    }
                );
                self.booked(loans.register_collateral(request)).await
            }
            LoanAsk::TakeCollateral(taken) => {
                let TakeCollateral { which, collateral, amount, lot, quantity, when } = taken;
                let request = request!(
                    self,
                    when,
                    v1::TakeCollateralRequest {
                        loan: self.loan_name(which),
                        collateral_id: collateral.clone(),
                        amount: money(*amount),
                        lot_id: lot.clone(),
                        quantity: quantity.and_then(decimal),
                    }
                );
                self.booked(loans.take_collateral(request)).await
            }
            LoanAsk::SellCollateral(SellCollateral { which, price, at, when }) => {
                let (loan, place) = (self.loan_name(which), self.place(&at.place));
                let price = money(*price);
                let request =
                    request!(self, when, v1::SellCollateralRequest { loan, price, place });
                self.booked(loans.sell_collateral(request)).await
            }
            LoanAsk::Outside(taken) => {
                let Outside { which, party, amount, at, when, .. } = taken.as_ref();
                let (terms, plan) = outside_plan(taken).unzip();
                let request = request!(
                    self,
                    when,
                    v1::TakeOutsideLoanRequest {
                        entity: self.entity(&which.lender),
                        loan_id: which.loan.clone(),
                        lender: self.of(&which.lender, "parties", party),
                        amount: money(*amount),
                        place: self.place(&at.place),
                        terms,
                        plan,
                    }
                );
                self.booked(loans.take_outside_loan(request)).await
            }
            LoanAsk::RepayOutside(RepayOutside { which, principal, interest, at, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::RepayOutsideLoanRequest {
                        outside_loan: self.of(&which.lender, "outside-loans", &which.loan),
                        principal: money(*principal),
                        interest: interest.and_then(money),
                        place: self.place(&at.place),
                    }
                );
                self.booked(loans.repay_outside_loan(request)).await
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn quality(&self, quality: &Quality) -> Answer {
        let request = v1::SetLoanQualityRequest {
            entity: self.entity(&quality.entity),
            request_id: self.request_id(quality.when.request_id.as_ref()),
            since: date(quality.since),
            preset: quality.preset as i32,
            minute: quality.when.paper.minute.clone().unwrap_or_default(),
            non_performing_from: quality.non_performing_from,
            ..Default::default()
        };
        let answer = self.get(self.remote.loans().set_loan_quality(request)).await?;
        let classes = answer.versions.last().map(|last| last.classes.clone()).unwrap_or_default();
        let row = |class: v1::QualityClass| {
            let rate = decimal_text(class.rate_percent.as_ref());
            vec![class.name, class.from.to_string(), rate]
        };
        Ok(vec![Table::of(CLASSES, classes.into_iter().map(row))])
    }

    async fn quote(&self, Quote { of: OnDay { which, on }, rebate }: &Quote) -> Answer {
        let request = v1::QuoteSettlementRequest {
            loan: self.loan_name(which),
            on: on.and_then(date),
            rebate: rebate.and_then(money),
        };
        let answer = self.get(self.remote.loans().quote_settlement(request)).await?;
        let owed = answer.owed.unwrap_or_default();
        let amounts = [
            owed.principal,
            owed.interest,
            owed.penalty,
            answer.rebate,
            answer.titipan,
            answer.total,
        ];
        let row = amounts.iter().map(|amount| money_text(amount.as_ref())).collect();
        Ok(vec![Table::of(QUOTE, [row])])
    }

    async fn loan_card(&self, OnDay { which, on }: &OnDay) -> Answer {
        let request = v1::GetLoanRequest { name: self.loan_name(which), on: on.and_then(date) };
        let answer = self.get(self.remote.loans().get_loan(request)).await?;
        let (loan, standing, unreckoned) = (answer.loan, answer.standing, answer.unreckoned);
        let summary = v1::LoanSummary { loan, standing, unreckoned };
        let mut head = Table::of(LOANS, [self.loan_row(&summary)]);
        self.note_unreckoned_loan(&mut head, &summary);
        let loan = summary.loan.unwrap_or_default();
        if !loan.purpose.is_empty() || loan.erased {
            head.note(self.say("Untuk: ", "For: ") + &self.name(&loan.purpose, loan.erased));
        }
        let schedule = Table::of(SCHEDULE, self.schedule_rows(&answer.instalments));
        let mut tables = vec![head, schedule];
        if !answer.facts.is_empty() {
            let facts = answer.facts.iter().map(|fact| self.fact_row(fact));
            tables.push(Table::of(FACTS, facts));
        }
        if !loan.collaterals.is_empty() {
            let things = loan.collaterals.iter().map(|thing| self.collateral_row(thing));
            tables.push(Table::of(COLLATERALS, things));
        }
        if !loan.claims.is_empty() {
            let claim = |claim: &v1::LoanClaim| {
                let amounts = [&claim.amount, &claim.repaid].map(|some| money_text(some.as_ref()));
                [vec![last_part(&claim.payer).to_owned()], amounts.to_vec()].concat()
            };
            tables.push(Table::of(CLAIMS, loan.claims.iter().map(claim)));
        }
        Ok(tables)
    }

    fn collateral_row(&self, thing: &v1::Collateral) -> Vec<String> {
        vec![
            thing.collateral_id.clone(),
            self.name(&thing.label, thing.erased),
            money_text(thing.value.as_ref()),
            self.date(thing.since.as_ref()),
            self.date(thing.taken_on.as_ref()),
        ]
    }

    fn fact_row(&self, fact: &v1::LoanFact) -> Vec<String> {
        let amount = fact.amount.as_ref().filter(|amount| !sen(Some(*amount)).is_zero());
        vec![
            self.date(fact.on.as_ref()),
            LOAN_FACTS.word(fact.kind()).to_owned(),
            amount.map_or_else(String::new, |amount| money_text(Some(amount))),
            fact.position.to_string(),
        ]
    }

    fn loan_row(&self, summary: &v1::LoanSummary) -> Vec<String> {
        let loan = summary.loan.clone().unwrap_or_default();
        let standing = summary.standing.as_ref();
        let due = standing.and_then(|standing| standing.due.as_ref());
        let outstanding = standing.and_then(|standing| standing.outstanding.as_ref());
        vec![
            last_part(&loan.name).to_owned(),
            last_part(&loan.borrower).to_owned(),
            LOAN_STATES.word(loan.state()).to_owned(),
            money_text(loan.amount.as_ref()),
            outstanding.map_or_else(String::new, |amount| money_text(Some(amount))),
            due.map_or_else(String::new, |due| sum(Some(due))),
            standing.map_or_else(String::new, |standing| standing.days_late.to_string()),
        ]
    }

    async fn outside_card(&self, OnDay { which, on }: &OnDay) -> Answer {
        let name = self.of(&which.lender, "outside-loans", &which.loan);
        let request = v1::GetOutsideLoanRequest { name, on: on.and_then(date), as_known_at: 0 };
        let answer = self.get(self.remote.loans().get_outside_loan(request)).await?;
        let summary = v1::OutsideSummary { loan: answer.loan, standing: answer.standing };
        let head = Table::of(OUTSIDE, [self.outside_row(&summary)]);
        Ok(vec![head, Table::of(SCHEDULE, self.schedule_rows(&answer.instalments))])
    }

    async fn outside_loans(&self, entity: &str, on: Option<Day>) -> Answer {
        let mut table = Table::new("", OUTSIDE);
        let ask = async |page_token| {
            let request = v1::ListOutsideLoansRequest {
                parent: self.entity(entity),
                on: on.and_then(date),
                page_size: PAGE,
                page_token,
            };
            self.remote.loans().list_outside_loans(request).await
        };
        let take = |page: v1::ListOutsideLoansResponse| {
            page.loans.iter().for_each(|loan| table.row(self.outside_row(loan)));
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(vec![table])
    }

    fn outside_row(&self, summary: &v1::OutsideSummary) -> Vec<String> {
        let loan = summary.loan.clone().unwrap_or_default();
        let standing = summary.standing.as_ref();
        let due = standing.and_then(|standing| standing.due.as_ref());
        let of = |amount: Option<&Money>| money_text(amount);
        vec![
            last_part(&loan.name).to_owned(),
            last_part(&loan.lender).to_owned(),
            money_text(loan.amount.as_ref()),
            standing.map_or_else(String::new, |one| of(one.outstanding.as_ref())),
            due.map_or_else(String::new, |due| of(due.principal.as_ref())),
            due.map_or_else(String::new, |due| of(due.interest.as_ref())),
            standing.map_or_else(String::new, |one| one.days_late.to_string()),
            self.date(standing.and_then(|one| one.next_due_on.as_ref())),
        ]
    }

    /// Says of a loan that its amounts are too large to be shown.
    fn note_unreckoned_loan(&self, table: &mut Table, summary: &v1::LoanSummary) {
        let name = summary.loan.as_ref().map(|loan| last_part(&loan.name));
        if let Some(name) = name.filter(|_| summary.unreckoned) {
            let words = self.say(
                "jumlahnya melampaui batas; periksa aturan dendanya",
                "its amounts are too large; look at what being late costs",
            );
            table.note(format!("! {name}: {words}"));
        }
    }

    async fn loans(&self, List { lender, on, arrears }: &List) -> Answer {
        let mut table = Table::new("", LOANS);
        let ask = async |page_token| {
            let request = v1::ListLoansRequest {
                parent: self.entity(lender),
                on: on.and_then(date),
                only_arrears: *arrears,
                page_size: PAGE,
                page_token,
            };
            self.remote.loans().list_loans(request).await
        };
        let take = |page: v1::ListLoansResponse| {
            for loan in &page.loans {
                table.row(self.loan_row(loan));
                self.note_unreckoned_loan(&mut table, loan);
            }
            page.next_page_token
        };
        self.pages(ask, take).await?;
        Ok(vec![table])
    }
}

/// The lender's rules and plan, if they were typed.
fn outside_plan(taken: &Outside) -> Option<(v1::LoanTerms, v1::LoanPlan)> {
    let terms = v1::LoanTerms {
        method: taken.method? as i32,
        frequency: taken.frequency? as i32,
        rate_percent: taken.rate.clone(),
        ..v1::LoanTerms::default()
    };
    let plan = v1::LoanPlan {
        instalments: taken.instalments?,
        first_due_on: taken.first_due.and_then(date),
        due_days: Vec::new(),
    };
    Some((terms, plan))
}

fn terms(rules: &Rules) -> v1::LoanTerms {
    let grace = match (rules.interest_grace, rules.deferred) {
        (0, _) => InterestGrace::Unspecified,
        (_, true) => InterestGrace::Deferred,
        (_, false) => InterestGrace::Waived,
    };
    v1::LoanTerms {
        method: rules.method as i32,
        frequency: rules.frequency as i32,
        rate_percent: Some(rules.rate.clone()),
        day_count: rules.day_count.unwrap_or(DayCount::Unspecified) as i32,
        principal_grace: rules.principal_grace,
        interest_grace: rules.interest_grace,
        interest_grace_rule: grace as i32,
        rounding_rupiah: rules.rounding,
        fee_percent: rules.fee_percent.clone(),
        fee: rules.fee.and_then(money),
        penalty: rules.penalty.as_ref().map(|percent| v1::LoanPenalty {
            per: rules.penalty_per as i32,
            percent: Some(percent.clone()),
            grace_days: rules.penalty_grace,
            cap_percent: rules.penalty_cap.clone(),
        }),
        allocation: rules.order.iter().map(|part| *part as i32).collect(),
        by_instalment: rules.by_instalment,
        overpayment: rules.overpayment as i32,
        rebate_percent: rules.rebate.clone(),
        recognition: rules.recognition as i32,
        reward_percent: rules.reward.clone(),
        contract: rules.contract.unwrap_or_default() as i32,
        margin: rules.planned_margin.and_then(money),
    }
}

fn plan(plan: &Plan) -> Option<v1::LoanPlan> {
    Some(v1::LoanPlan {
        instalments: plan.instalments,
        first_due_on: plan.first_due.and_then(date),
        due_days: plan.due_days.iter().filter_map(|day| date(*day)).collect(),
    })
}
