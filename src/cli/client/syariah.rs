//! What a syariah LKM does beside its loans: goods of a murabahah, capital in businesses, alms.

use clap::{Args, Subcommand};

use super::args::{When, percent};
use super::loan_args::Purse;
use super::transactions::request;
use super::{Answer, Client};
use crate::api::google_type::Decimal;
use crate::api::v1::{self, AlmsKind, LotKind, SyirkahKind};
use crate::cli::convert::{amount, decimal_text, fund, last_part, money, money_text};
use crate::cli::table::{Column, Table, number, text};
use crate::cli::words::{ALMS, LOTS, SYIRKAHS};
use crate::domain::money::Sen;

const LIST: &[Column] = &[
    text("syirkah", "Syirkah", "Syirkah"),
    text("partner", "Mitra", "Partner"),
    text("kind", "Akad", "Contract"),
    number("amount", "Modal", "Capital"),
    number("nisbah", "Nisbah %", "Nisbah %"),
    number("left", "Sisa modal", "Left"),
    number("profit", "Laba usaha", "Profit"),
    number("shared", "Bagi hasil", "Shared"),
    number("projected", "Proyeksi bagi hasil", "Projected share"),
    number("lost", "Rugi", "Lost"),
];

/// What can be asked of a syariah LKM.
#[derive(Clone, Debug, Subcommand)]
pub enum SyariahAsk {
    /// Serahkan barang murabahah yang disetujui / sell a murabahah's goods
    #[command(name = "murabahah")]
    Murabahah(Murabahah),
    /// Danai usaha: mudharabah atau musyarakah / put capital into a business
    #[command(name = "danai", alias = "fund")]
    Fund(Fund),
    /// Bagi laba usaha menurut nisbah / share a profit
    #[command(name = "bagi-hasil", alias = "share")]
    Share(OfSyirkah),
    /// Tanggung rugi usaha / bear a loss
    #[command(name = "rugi", alias = "loss")]
    Loss(Loss),
    /// Modal kembali / capital comes back
    #[command(name = "kembali", alias = "return")]
    Return(OfSyirkah),
    /// Daftar syirkah / list
    #[command(name = "daftar", alias = "list")]
    List,
    /// Terima zakat atau infak / take alms in
    #[command(name = "terima", alias = "receive")]
    Receive(Receive),
    /// Salurkan zakat atau infak / give alms out
    #[command(name = "salurkan", alias = "give")]
    Give(Give),
}

/// Goods of a murabahah.
#[derive(Args, Clone, Debug)]
pub struct Murabahah {
    /// Akad / the contract
    loan: String,
    /// Lot barang penjual / the seller's lot
    lot: String,
    /// Penjual: lkm atau kelompok / who sells
    #[arg(long = "penjual", alias = "seller", default_value = "lkm")]
    seller: String,
    /// Lot baru pada kelompok / a group's new lot
    #[arg(long = "lot-baru", alias = "new-lot", requires = "kind")]
    new_lot: Option<String>,
    /// Isi lot baru: stok, ternak, alat / what it is
    #[arg(long = "sebagai", alias = "as", value_parser = LOTS.parser())]
    kind: Option<LotKind>,
    #[command(flatten)]
    when: When,
}

/// Capital for a business.
#[derive(Args, Clone, Debug)]
pub struct Fund {
    /// Syirkah / its id
    syirkah: String,
    /// Mitra: anggota LKM, atau kelompok dengan --kelompok / partner
    partner: String,
    /// Modal LKM / the LKM's capital
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Mitranya kelompok / the partner is a group
    #[arg(long = "kelompok", alias = "group")]
    group: bool,
    /// Akad: mudharabah, musyarakah / contract
    #[arg(long = "akad", alias = "contract", value_parser = SYIRKAHS.parser())]
    kind: SyirkahKind,
    /// Nisbah LKM dalam persen / the LKM's part of the profit
    #[arg(long = "nisbah", value_parser = percent)]
    nisbah: Decimal,
    /// Modal mitra, untuk musyarakah / the partner's capital
    #[arg(long = "modal-mitra", alias = "own", value_parser = amount)]
    own: Option<Sen>,
    /// Proyeksi laba sebulan / profit projected for a month
    #[arg(long = "proyeksi", alias = "projected", value_parser = amount)]
    projected: Option<Sen>,
    #[command(flatten)]
    purse: Purse,
    #[command(flatten)]
    when: When,
}

/// Money of one contract.
#[derive(Args, Clone, Debug)]
pub struct OfSyirkah {
    /// Syirkah / its id
    syirkah: String,
    /// Laba usaha, atau modal yang kembali / profit, or capital
    #[arg(value_parser = amount)]
    amount: Sen,
    #[command(flatten)]
    purse: Purse,
    #[command(flatten)]
    when: When,
}

/// A loss.
#[derive(Args, Clone, Debug)]
pub struct Loss {
    /// Syirkah / its id
    syirkah: String,
    /// Rugi usaha / the loss
    #[arg(value_parser = amount)]
    amount: Sen,
    #[command(flatten)]
    when: When,
}

/// Alms that come in.
#[derive(Args, Clone, Debug)]
pub struct Receive {
    /// zakat atau infak
    #[arg(value_parser = ALMS.parser())]
    kind: AlmsKind,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Tempat uang di LKM / the LKM's place
    #[arg(long = "tempat", alias = "place", default_value = "brankas")]
    place: String,
    /// Kelompok yang memberi / the group that gives
    #[arg(long = "dari", alias = "from")]
    giver: Option<String>,
    /// Dana kelompok itu / its fund
    #[arg(long = "dana", alias = "fund", default_value = "uep", value_parser = fund)]
    fund: v1::Fund,
    /// Tempat uang kelompok itu / its place
    #[arg(long = "tempat-kelompok", alias = "giver-place", default_value = "kas")]
    giver_place: String,
    /// Siapa lain yang memberi / who else gives
    #[command(flatten)]
    donor: Person,
    #[command(flatten)]
    when: When,
}

/// Somebody whom the LKM knows.
#[derive(Args, Clone, Debug)]
pub struct Person {
    /// Anggota LKM / a member of the LKM
    #[arg(long = "anggota", alias = "member")]
    member: Option<String>,
    /// Pihak yang terdaftar di LKM / a third party registered at the LKM
    #[arg(long = "pihak", alias = "party", conflicts_with = "member")]
    party: Option<String>,
}

/// Alms that are given out.
#[derive(Args, Clone, Debug)]
pub struct Give {
    /// zakat atau infak
    #[arg(value_parser = ALMS.parser())]
    kind: AlmsKind,
    /// Jumlah / amount
    #[arg(value_parser = amount)]
    amount: Sen,
    /// Tempat uang di LKM / the LKM's place
    #[arg(long = "tempat", alias = "place", default_value = "brankas")]
    place: String,
    /// Siapa yang menerima / who is given it
    #[command(flatten)]
    recipient: Person,
    #[command(flatten)]
    when: When,
}

impl Client {
    pub(super) async fn syariah(&self, ask: &SyariahAsk) -> Answer {
        match ask {
            SyariahAsk::Murabahah(sale) => self.murabahah(sale).await,
            SyariahAsk::Fund(fund) => self.fund_syirkah(fund).await,
            SyariahAsk::Share(of) => {
                let request = request!(
                    self,
                    of.when,
                    v1::ShareProfitRequest {
                        syirkah: self.of("lkm", "syirkahs", &of.syirkah),
                        profit: money(of.amount),
                        purse: self.purse(&of.purse),
                    }
                );
                self.booked(self.remote.syariah().share_profit(request)).await
            }
            SyariahAsk::Loss(loss) => {
                let request = request!(
                    self,
                    loss.when,
                    v1::BearLossRequest {
                        syirkah: self.of("lkm", "syirkahs", &loss.syirkah),
                        loss: money(loss.amount),
                    }
                );
                self.booked(self.remote.syariah().bear_loss(request)).await
            }
            SyariahAsk::Return(of) => {
                let request = request!(
                    self,
                    of.when,
                    v1::ReturnSyirkahRequest {
                        syirkah: self.of("lkm", "syirkahs", &of.syirkah),
                        amount: money(of.amount),
                        purse: self.purse(&of.purse),
                    }
                );
                self.booked(self.remote.syariah().return_syirkah(request)).await
            }
            SyariahAsk::List => self.syirkahs().await,
            SyariahAsk::Receive(alms) => self.receive_alms(alms).await,
            SyariahAsk::Give(Give { kind, amount, place, recipient, when }) => {
                let request = request!(
                    self,
                    when,
                    v1::GiveAlmsRequest {
                        entity: self.entity("lkm"),
                        kind: *kind as i32,
                        amount: money(*amount),
                        place: self.place(place),
                        recipient: self.person(recipient),
                    }
                );
                self.booked(self.remote.syariah().give_alms(request)).await
            }
        }
    }

    async fn murabahah(&self, sale: &Murabahah) -> Answer {
        let request = request!(
            self,
            sale.when,
            v1::SellMurabahahRequest {
                loan: self.of(&sale.seller, "loans", &sale.loan),
                lot: self.of(&sale.seller, "lots", &sale.lot),
                new_lot_id: sale.new_lot.clone().unwrap_or_default(),
                new_lot_kind: sale.kind.unwrap_or_default() as i32,
            }
        );
        self.booked(self.remote.syariah().sell_murabahah(request)).await
    }

    async fn fund_syirkah(&self, fund: &Fund) -> Answer {
        let partner = match fund.group {
            true => self.entity(&fund.partner),
            false => self.of("lkm", "members", &fund.partner),
        };
        let request = request!(
            self,
            fund.when,
            v1::FundSyirkahRequest {
                entity: self.entity("lkm"),
                syirkah_id: fund.syirkah.clone(),
                partner,
                kind: fund.kind as i32,
                amount: money(fund.amount),
                own: fund.own.and_then(money),
                nisbah_percent: Some(fund.nisbah.clone()),
                projected: fund.projected.and_then(money),
                minute: fund.when.paper.minute.clone().unwrap_or_default(),
                purse: self.purse(&fund.purse),
            }
        );
        self.booked(self.remote.syariah().fund_syirkah(request)).await
    }

    async fn receive_alms(&self, alms: &Receive) -> Answer {
        let giver = alms.giver.as_ref().map(|group| v1::AlmsGiver {
            group: self.entity(group),
            fund: alms.fund as i32,
            place: self.place(&alms.giver_place),
        });
        let request = request!(
            self,
            alms.when,
            v1::ReceiveAlmsRequest {
                entity: self.entity("lkm"),
                kind: alms.kind as i32,
                amount: money(alms.amount),
                place: self.place(&alms.place),
                giver,
                donor: self.person(&alms.donor),
            }
        );
        self.booked(self.remote.syariah().receive_alms(request)).await
    }

    fn person(&self, person: &Person) -> String {
        match (&person.member, &person.party) {
            (Some(member), _) => self.of("lkm", "members", member),
            (None, Some(party)) => self.of("lkm", "parties", party),
            (None, None) => String::new(),
        }
    }

    async fn syirkahs(&self) -> Answer {
        let parent = self.entity("lkm");
        let ask = async |request: v1::ListSyirkahsRequest| {
            self.remote.syariah().list_syirkahs(request).await
        };
        let row = |one: v1::Syirkah| {
            vec![
                last_part(&one.name).to_owned(),
                last_part(&one.partner).to_owned(),
                SYIRKAHS.word(one.kind()).to_owned(),
                money_text(one.amount.as_ref()),
                decimal_text(one.nisbah_percent.as_ref()),
                money_text(one.left.as_ref()),
                money_text(one.profit.as_ref()),
                money_text(one.shared.as_ref()),
                one.projected_shared.as_ref().map_or_else(String::new, |sum| money_text(Some(sum))),
                money_text(one.lost.as_ref()),
            ]
        };
        Ok(vec![Table::of(LIST, self.list(parent, ask).await?.into_iter().map(row))])
    }
}
