//! What is borrowed and lent beside the ten groups, worked out by hand.

use super::{Figures, add, add_sen};

/// What the stories of loans add to the figures of the year.
pub fn add_loans(figures: &mut Figures) {
    borrowed(figures);
    among(figures);
    customers(figures);
    kinds(figures);
    trouble(figures);
    fajar(figures);
    ventures(figures);
}

/// Money from outside, and two loans of the LKM to Embun.
fn borrowed(figures: &mut Figures) {
    // Six million of a bank, ten of twelve instalments paid; half a million of a shop.
    let (owed, jasa) = (6_000_000 - 10 * 500_000, 10 * 60_000);
    add(figures, "lkm.sp.2314", owed);
    add(figures, "lkm.sp.1102", owed - jasa);
    add(figures, "lkm.sp.3401", -jasa);
    let (owed, jasa) = (500_000 - 200_000, 10_000);
    add(figures, "embun.sp.2313", owed);
    add(figures, "embun.sp.1101", owed - jasa);
    add(figures, "embun.sp.5311", jasa);
    // Two million in February, of which 200.000 fall due each month with 1% of what is left, and a
    // million in July with the same; settled in October for half of the jasa of the two months left.
    let first = 20_000 + 18_000 + 16_000 + 14_000 + 12_000 + 10_000 + 8_000 + 6_000;
    let second = 10_000 + 8_000 + 6_000;
    let jasa = first + second + 2 * (4_000 + 2_000) / 2;
    let (fee, reward) = (3_000_000 / 100, jasa * 20 / 100);
    add(figures, "lkm.sp.1102", fee + jasa - reward);
    add(figures, "lkm.sp.3401", fee + jasa - reward);
    add(figures, "embun.sp.1101", reward - jasa - fee);
    add(figures, "embun.sp.5205", fee);
    add(figures, "embun.sp.5311", jasa);
    add(figures, "embun.sp.4315", reward);
    // 1.200.000 in January, two of twelve instalments paid; in July the million that is left and the
    // jasa of four months become eight instalments with half a percent, of which five are paid. Of
    // the sixth month 25 of 31 days have passed.
    let anew = 1_000_000 + 4 * 12_000;
    let (each, jasa) = (anew / 8, anew / 200);
    let (left, paid) = (3 * each, 2 * 112_000 + 5 * (each + jasa));
    let running = (jasa * 100 * 25 * 2 + 31) / (2 * 31);
    let earned = ((2 + 4) * 12_000 + 5 * jasa) * 100 + running;
    add(figures, "lkm.sp.1102", paid - 1_200_000);
    add(figures, "lkm.sp.1222", left);
    add_sen(figures, "lkm.sp.1223", running);
    add_sen(figures, "lkm.sp.3401", earned);
    add(figures, "embun.sp.1101", 1_200_000 - paid);
    add(figures, "embun.sp.2311", left);
    add_sen(figures, "embun.sp.2312", running);
    add_sen(figures, "embun.sp.5311", earned);
}

/// What Embun lends among its members.
fn among(figures: &mut Figures) {
    let pokok = 5 * 400_000;
    add(figures, "embun.sp.2105", pokok);
    // Six months of Naomi's 600.000 and five of Lea's 500.000 at 2%, six of Rut's million at 1,5%:
    // all paid, and no fine in the end. What Naomi brought once more became savings.
    let jasa = 6 * 12_000 + 5 * 10_000 + 6 * 15_000;
    let more = 50_000;
    // Titus owes 300.000; half is provided.
    let owed = 300_000;
    add(figures, "embun.sp.4311", jasa);
    add(figures, "embun.sp.2103", more);
    add(figures, "embun.sp.1221", owed);
    add(figures, "embun.sp.1291", -owed / 2);
    add(figures, "embun.sp.5313", owed / 2);
    add(figures, "embun.sp.1101", pokok + jasa + more - owed);
}

/// Customers who pay.
fn customers(figures: &mut Figures) {
    // Orpa has paid 400.000 off with four months' jasa; Embun paid one instalment for her, of which
    // she still owes it 40.000.
    let jasa = 4 * 4_000;
    add(figures, "lkm.sp.1102", jasa);
    add(figures, "lkm.sp.3401", jasa);
    add(figures, "embun.sp.1101", -40_000);
    add(figures, "embun.sp.1224", 40_000);
    // Of Musa's million three of ten instalments came out of the 350.000 that he had saved.
    let (principal, jasa) = (3 * 100_000, 3 * 10_000);
    add(figures, "lkm.sp.1102", 350_000 - 1_000_000);
    add(figures, "lkm.sp.1222", 1_000_000 - principal);
    add(figures, "lkm.sp.2103", 350_000 - principal - jasa);
    add(figures, "lkm.sp.3401", jasa);
}

/// Loans of every kind, and one of before the book, all paid off.
fn kinds(figures: &mut Figures) {
    // Ten weeks; four days of a fine of a thousandth of 51.000.
    let weekly = (10 * 1_000 + 4 * 51) * 100;
    // Rounded up to 107.000, 106.000 and 105.000, of which 102.900, 102.929 and 102.958,29 are
    // principal: jasa is 1% of what was left each time, in sen.
    let (second, third) = (41_000_000 - 10_290_000, 41_000_000 - 10_290_000 - 10_292_900);
    let selapanan = (41_000_000 + second + third + third - 10_295_829 + 50) / 100;
    // Three equal instalments of 303.010.
    let equal = 3 * 10_303_010 - 30_301_000;
    // Six times half a percent of 600.000.
    let interest_first = 6 * 3_000 * 100;
    // 12% a year of 365.000: 120 a day.
    let harvests = (90 + 92) * 120 * 100;
    // Two months' and the third month's jasa of 400.000, then of 200.000 and of 100.000.
    let with_grace = (3 * 4_000 + 2_000 + 1_000) * 100;
    let daily = 10 * 30 * 100;
    let (before, lama) = (250_000, 5 * 2_500 * 100);
    let jasa = [weekly, selapanan, equal, interest_first, harvests, with_grace, daily, lama];
    let jasa: i64 = jasa.into_iter().sum();
    add_sen(figures, "lkm.sp.3401", jasa);
    add_sen(figures, "lkm.sp.1102", jasa);
    add(figures, "lkm.sp.1102", before);
    add(figures, "lkm.sp.3301", before);
}

/// Customers who do not pay as planned.
fn trouble(figures: &mut Figures) {
    // Debora: jasa of two months, of four months late, and of the seventh, which had begun; 20.000
    // more for the refrigerator than it was taken for.
    let gained = (2 + 4 + 1) * 8_000 + 520_000 - 500_000;
    add(figures, "lkm.sp.1102", gained);
    add(figures, "lkm.sp.3401", gained);
    // Eben: 300.000 provided and written off, 50.000 recovered.
    let lost = 300_000 - 50_000;
    add(figures, "lkm.sp.1102", -lost);
    add(figures, "lkm.sp.3401", -lost);
    // Embun's cart cost 300.000, was given for 200.000 of principal and sold for 180.000; of four
    // months' jasa two were paid. What its fund of business gave is due from that of loans.
    let (cost, given, sold, jasa) = (300_000, 200_000, 180_000, 2 * 2_000);
    add(figures, "lkm.sp.1102", jasa + sold - given);
    add(figures, "lkm.sp.3401", jasa + sold - given);
    add(figures, "embun.sp.1101", given - jasa);
    add(figures, "embun.sp.5311", jasa);
    add(figures, "embun.sp.1901", -given);
    add(figures, "embun.uep.1901", given);
    add(figures, "embun.uep.3104", cost);
    add(figures, "embun.uep.5219", cost - given);
    // Yunus: 198 days late when the year ends: all is provided but what the boat is worth.
    let (cost, margin) = (400_000, 16_000);
    let provided = cost - 150_000;
    add(figures, "lkm.sp.1102", -cost);
    add(figures, "lkm.sp.1226", cost + margin);
    add(figures, "lkm.sp.2123", margin);
    add(figures, "lkm.sp.1291", -provided);
    add(figures, "lkm.sp.3401", -provided);
}

/// A mill sold, an oven bought, alms.
fn fajar(figures: &mut Figures) {
    let pokok = 5 * 300_000;
    add(figures, "fajar.sp.2105", pokok);
    // The mill cost 300.000 and was sold for 360.000; nine of ten instalments were paid.
    let (left, margin) = (36_000, 6_000);
    add(figures, "fajar.sp.1226", left);
    add(figures, "fajar.sp.2123", margin);
    add(figures, "fajar.sp.4316", 9 * margin);
    // The oven cost 500.000 and 25.000, of which 2.000 were remitted; 1.050 for being late in August
    // belong to the fund KEBAJIKAN, and the fund that took them in owes them to it.
    let (margin, fine) = (25_000 - 2_000, 1_050);
    add(figures, "lkm.sp.1102", margin + fine);
    add(figures, "lkm.sp.3401", margin);
    add(figures, "lkm.sp.1901", -fine);
    add(figures, "lkm.kebajikan.1901", fine);
    add(figures, "fajar.sp.1401", 500_000);
    add(figures, "fajar.sp.5315", margin);
    add(figures, "fajar.sp.5312", fine);
    // Zakat of 30.000 and 20.000 came in, 40.000 went out; of infak 100.000 did.
    let zakat = 30_000;
    add(figures, "fajar.sp.5219", zakat);
    add(figures, "lkm.kebajikan.3202", zakat + 20_000 - 40_000);
    add(figures, "lkm.kebajikan.3203", fine - 100_000);
    add(figures, "lkm.kebajikan.1102", zakat + 20_000 - 40_000 - 100_000);
    let tin = pokok - 300_000 + 9 * left - (500_000 + margin + fine) - zakat;
    add(figures, "fajar.sp.1101", tin);
}

/// Capital in businesses.
fn ventures(figures: &mut Figures) {
    // A million in the bakery, 40% of whose profit of 350.000 is the LKM's, and all of its loss; half
    // a million has come back.
    let (shared, lost, back) = ((150_000 + 200_000) * 40 / 100, 100_000, 500_000);
    let left = 1_000_000 - lost - back;
    add(figures, "lkm.sp.1102", shared + back - 1_000_000);
    add(figures, "lkm.sp.1228", left);
    add(figures, "lkm.sp.3401", shared - lost);
    add(figures, "fajar.sp.1101", 1_000_000 - shared - back);
    add(figures, "fajar.sp.2317", left);
    add(figures, "fajar.sp.5316", shared);
    add(figures, "fajar.sp.5212", -lost);
    // Three fifths of the capital of the sewing, half of its profit of 100.000, three fifths of its
    // loss of 50.000; what was left came back.
    let (shared, lost) = (100_000 / 2, 50_000 * 3 / 5);
    add(figures, "lkm.sp.1102", shared - lost);
    add(figures, "lkm.sp.3401", shared - lost);
}
