//! Fajar, which has and gives what syariah contracts bring: it sells a mill to one of its members at
//! cost and margin, buys an oven so itself, is late once, but not twice, and settles early, and gives
//! zakat. Alms go on to those whom they are for.

use super::credit::{MINUTE, at, by_hand, customer, flat, lkm_loan, version, wish};
use super::requests::{MonthDay, Purse, Told, done, lkm, on, one, place, request, rupiah};
use super::small::Small;
use super::trouble::GOODS;
use super::{BOOK, Year};
use crate::api::v1::{
    self, AlmsGiver, AlmsKind, Fund, LoanContract, LoanTerms, LotKind, PartyKind, PlaceKind,
};

/// The group.
pub(super) const FAJAR: Small = Small {
    book: BOOK,
    id: "fajar",
    name: "Fajar (contoh)",
    business: "roti dan giling tepung",
    households: 5,
    since: (1, 1),
    linked: true,
    members: &["Hadijah", "Usman", "Salma", "Ibrahim", "Fatimah"],
};

/// What a member buys of the group.
const MILL: &str = "fajar-gilingan";
/// What the group buys of the LKM.
const OVEN: &str = "fajar-oven";

/// The group's tin, and the LKM's vault.
pub(super) fn hands() -> Option<v1::LoanPurse> {
    by_hand(PlaceKind::Cash)
}

impl Year<'_> {
    /// What a month brings of it.
    pub(super) async fn fajar(&self, month: i32) -> Told {
        match month {
            1 => {
                self.found(&FAJAR).await?;
                self.bring_pokok(&FAJAR, 300_000).await?;
            }
            3 => {
                self.sell_mill().await?;
                self.zakat().await?;
            }
            5 => self.buy_oven().await?,
            7 => {
                self.found_receipt_of_oven().await?;
                // Infak for a customer whose roof a storm took.
                self.give((7, 20), AlmsKind::Infak, 100_000, customer(1)).await?;
            }
            9 => {
                // August's instalment too, and 1% of it for the fund KEBAJIKAN.
                let with_fine = 2 * 105_000 + 1_050;
                self.instalment((9, 16), &lkm_loan(OVEN), with_fine, hands()).await?;
            }
            10 => self.settle_oven().await?,
            _ => {}
        }
        if month < 4 {
            return Ok(());
        }
        self.instalment((month, 16), &FAJAR.loan(MILL), 36_000, at(PlaceKind::Cash)).await
    }

    /// Bought for 300.000, sold for 360.000 in ten months.
    async fn sell_mill(&self) -> Told {
        let tin = Purse::of(FAJAR.path(), Fund::SimpanPinjam, PlaceKind::Cash);
        let mill = one("gilingan", LotKind::Stock, "gilingan tepung", 300_000);
        self.buy(tin, request(MILL, "beli"), (3, 14), mill).await?;
        let terms = LoanTerms { contract: LoanContract::Murabahah as i32, ..flat("0") };
        let version = version("Jual beli dengan anggota", MINUTE, terms);
        self.loan_product(MILL, &FAJAR.path(), "jual", version).await?;
        let wish = v1::ApplyForLoanRequest {
            margin: rupiah(60_000),
            ..wish((&FAJAR.path(), MILL), FAJAR.member(1), "jual", 300_000, 10)
        };
        self.agree((3, 15), wish, MINUTE).await?;
        let sale = v1::SellMurabahahRequest {
            loan: FAJAR.loan(MILL),
            request_id: request(MILL, "jual"),
            details: on(3, 16),
            lot: FAJAR.lot("gilingan"),
            ..v1::SellMurabahahRequest::default()
        };
        done(self.remote.syariah().sell_murabahah(sale).await)
    }

    /// For 525.000 in five months, of the product that the engine was sold on.
    async fn buy_oven(&self) -> Told {
        self.buy_goods((5, 14), "oven", "oven roti", 500_000).await?;
        let wish = v1::ApplyForLoanRequest {
            margin: rupiah(25_000),
            ..wish((&lkm(), OVEN), FAJAR.path(), GOODS, 500_000, 5)
        };
        self.agree((5, 15), wish, MINUTE).await?;
        self.hand_over((5, 16), OVEN, "oven", true).await
    }

    /// July's instalment was reckoned with a fine, before June's receipt was found: then neither the
    /// LKM nor the fund KEBAJIKAN has it, and Fajar has not borne it.
    async fn found_receipt_of_oven(&self) -> Told {
        for (month, step) in [(7, "angsuran-7"), (6, "angsuran-6")] {
            self.pay((month, 16), &lkm_loan(OVEN), step, 105_000, hands()).await?;
        }
        Ok(())
    }

    /// What is left of it two weeks before it falls due; 2.000 of the margin are remitted.
    async fn settle_oven(&self) -> Told {
        self.settle((10, 1), &lkm_loan(OVEN), (105_000 - 2_000, rupiah(2_000)), hands()).await
    }

    /// Zakat of Fajar and of a customer; most of it goes on to a family.
    async fn zakat(&self) -> Told {
        let tin = AlmsGiver {
            group: FAJAR.path(),
            fund: Fund::SimpanPinjam as i32,
            place: place(PlaceKind::Cash),
        };
        let given = [
            ("zakat-fajar", 30_000, Some(tin), String::new()),
            ("zakat-nb-5", 20_000, None, customer(5)),
        ];
        for (step, much, giver, donor) in given {
            let receive = v1::ReceiveAlmsRequest {
                entity: lkm(),
                request_id: request("kebajikan", step),
                details: on(3, 24),
                kind: AlmsKind::Zakat as i32,
                amount: rupiah(much),
                place: place(PlaceKind::Vault),
                giver,
                donor,
            };
            done(self.remote.syariah().receive_alms(receive).await)?;
        }
        self.third_party(&lkm(), PartyKind::Other, "keluarga-1", "Keluarga penerima zakat").await?;
        let family = format!("{}/parties/keluarga-1", lkm());
        self.give((3, 28), AlmsKind::Zakat, 40_000, family).await
    }

    async fn give(
        &self,
        (month, day): MonthDay,
        kind: AlmsKind,
        much: i64,
        recipient: String,
    ) -> Told {
        let give = v1::GiveAlmsRequest {
            entity: lkm(),
            request_id: request("kebajikan", &format!("salur-{month}")),
            details: on(month, day),
            kind: kind as i32,
            amount: rupiah(much),
            place: place(PlaceKind::Vault),
            recipient,
        };
        done(self.remote.syariah().give_alms(give).await)
    }
}
