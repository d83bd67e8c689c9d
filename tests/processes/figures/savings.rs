//! What the year of the second institution, Koperasi Lontar, comes to: half a year of savings, and how
//! its surplus is divided.

use super::Figures;

/// What a month did to an account of free savings, in rupiah: brought on its first day, or on a later
/// one (taken out if negative).
type Month = (i64, i64);

const NOTHING: Month = (0, 0);

/// Thousandths of the lowest balance that July and the months after it earn: 6% a year, 4,8 in December.
const MILLE: [i64; 6] = [5, 5, 5, 5, 5, 4];

/// What an account holds after its months from July on, and what it earned, in sen; the sum since July
/// is rounded. A month's interest beyond Rp240.000 is taxed by a tenth.
fn saved(months: &[Month]) -> (i64, i64) {
    let (mut held, mut parts, mut earned) = (0, 0, 0);
    let months = months.iter().map(|(first, later)| (first * 100, later * 100));
    for ((first, later), mille) in months.zip(MILLE) {
        held += first;
        parts += mille * (held + later.min(0));
        held += later;
        let interest = share(parts, 1, 1000) - earned;
        earned += interest;
        held += interest - if interest > 24_000_000 { interest / 10 } else { 0 };
    }
    (held, earned)
}

/// So much of a sum as `part` of `whole` is, half a sen counting as one.
fn share(sum: i64, part: i64, whole: i64) -> i64 {
    let [sum, part, whole] = [sum, part, whole].map(i128::from);
    i64::try_from((2 * sum * part + whole) / (2 * whole)).expect("a sum")
}

/// Every figure of the book `lontar`.
pub fn lontar() -> Figures {
    let mut figures = Figures::new();
    let mut set = |account: &str, sen: i64| {
        if sen != 0 {
            figures.insert(account.to_owned(), sen);
        }
    };
    // ---- savers: the first began with 50 millions, of whose first interest a tenth was tax ----
    let m01 =
        saved(&[(50_000_000, 0), (0, -10_000_000), NOTHING, NOTHING, (0, 1_000_000), NOTHING]);
    let sleeper = saved(&[(500_000, 0), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]);
    let m05 = saved(&[NOTHING, NOTHING, (0, 1_000_000), NOTHING, NOTHING, (0, -200_000)]);
    // One went on the first of December, one had died before the first of November.
    let m09 = saved(&[NOTHING, NOTHING, NOTHING, (300_000, 0), NOTHING]);
    let m10 = saved(&[(1_000_000, 0), NOTHING, NOTHING, NOTHING]);
    // Half a percent of 1.200.000 is paid into one's savings each month, the deposit in December.
    let month = (6_000, 0);
    let m11 = saved(&[NOTHING, NOTHING, month, month, month, (6_000 + 1_200_000, 0)]);
    let free = m01.0 + 2 * sleeper.0 + m05.0 + m11.0;
    let interest = m01.1 + 2 * sleeper.1 + m05.1 + m09.1 + m10.1 + m11.1;
    let (pokok, wajib) = ((84 - 2) * 10_000_000, 6_000_000);
    set("lkm.sp.2103", free);
    set("lkm.sp.3106", pokok);
    set("lkm.sp.3105", wajib);
    // ---- term deposits: 8% a year, three months from August, then 7,2 of what it grew to ----
    let (three, grown) = (300_000_000 * 2 / 100, 300_000_000 * 102 / 100);
    let two_more = grown * 72 / 1000 * 2 / 12;
    // Broken after three months and nine of thirty days; half of that was lost.
    let broken = (200_000_000 * 8 / 100 * 33) / 120 / 2;
    let (inherited, matured) = (60_000_000 * 2 / 100, 100_000_000 * 2 / 100);
    // One has 40% of 50.000 and waits; the one that pays monthly and the group's, for two months.
    let nisbah = 5_000_000 * 40 / 100;
    let monthly = 4 * 600_000;
    let of_group_monthly = 2 * 250_000;
    set("lkm.sp.2111", grown + 100_000_000);
    set("lkm.sp.2112", two_more + nisbah);
    let terms = three + two_more + broken + inherited + matured;
    let terms = terms + nisbah + monthly + of_group_monthly;
    // ---- the group: a third of the shared profit to its business, two to its savings and loans ----
    let shared = 100_000_000 * 30 / 100;
    let business = 100_000_000 + shared / 3 + 100_000_000 + matured;
    // What it put away in October came back in December, less a fee.
    let fee = 1_000_000;
    let core = 200_000_000 + shared * 2 / 3 + of_group_monthly - fee;
    // ---- the year: interest of the bank and 2% a month of twelve millions, less all that ----
    let jasa = 3 * 24_000_000;
    let (bill, tax) = (15_000_000, 5_000_000);
    let surplus = 400_000_000 + jasa + fee - interest - terms - shared - bill - tax;
    let shop = 520_000_000 - 400_000_000;
    let divided = surplus + shop;
    set("lkm.sp.1901", shop);
    set("lkm.riil.1901", -shop);
    set("lkm.riil.1102", 500_000_000 + shop);
    set("lkm.riil.3301", 500_000_000);
    let reached = |percent| share(divided, percent, 100);
    let members = reached(80) - reached(40);
    set("lkm.sp.3302", reached(40));
    set("lkm.sp.2321", reached(85) - reached(80));
    set("lkm.sp.2322", reached(90) - reached(85));
    set("lkm.sp.2323", reached(95) - reached(90) - 10_000_000);
    set("lkm.sp.2324", divided - reached(95));
    // Three fifths by savings, the group's after those of members; the rest to the one borrower.
    let by_savings = share(members, 60, 100);
    let (people, whole) = (free + pokok + wajib, free + pokok + wajib + core + business);
    let until = |part| share(by_savings, part, whole);
    let of_core = until(people + core) - until(people);
    let of_business = by_savings - until(people + core);
    let paid = 3_000_000;
    set("lkm.sp.2302", until(people) + (members - by_savings) - 2 * 50_000_000);
    set("lkm.sp.2303", of_core + of_business - paid);
    set("lkm.sp.2102", core + paid + business);
    // ---- money: what was owned less what was owed is Saldo Awal ----
    set("lkm.sp.3301", 2_000_000_000 + 6_000_000_000 - 84 * 10_000_000 - 5_000_000_000);
    set("lkm.sp.1104", 6_000_000_000 - 2_500_000 + 400_000_000 - tax);
    let brought = [500_000, 500_000, 1_000_000, 1_000_000, 300_000, 1_000_000, 60_000];
    let put_away = [1_000_000, 3_000_000, 2_000_000, 600_000, 1_200_000, 1_000_000];
    let of_group = [2_000_000, 1_000_000];
    let instalments = 3 * 4_240_000;
    let taken = [10_000_000, 12_000_000, 200_000, 2_000_000, 150_000, 2 * 500_000, 100_000];
    let sum = |rupiah: &[i64]| rupiah.iter().sum::<i64>() * 100;
    let came = sum(&brought) + sum(&put_away) + sum(&of_group) + instalments * 100;
    let settled = m09.0 + 10_000_000 + m10.0 + 10_000_000 + 60_000_000 + inherited;
    set("lkm.sp.1102", 2_000_000_000 + came - sum(&taken) - broken - settled);
    // ---- the group's own books ----
    let of_members = [60_000, 60_000, 40_000];
    set("sasando.sp.1101", 250_000_000 - 200_000_000 + sum(&of_members) + 20_000_000);
    set("sasando.sp.2104", sum(&of_members));
    set("sasando.sp.2105", 4 * 2_500_000);
    set("sasando.sp.3301", 250_000_000 - 4 * 2_500_000);
    set("sasando.sp.1111", core + paid);
    // Wajib earns 6% a year on its average, so on each day: 22 of October, 30 and 31.
    let earned = |rupiah: &i64| share(rupiah * 100, 6 * (22 + 30 + 31), 100 * 365);
    let of_wajib = of_members.iter().map(earned).sum::<i64>();
    // A member's deposit earned half a percent of November and of December, paid when each was over.
    let of_deposit = 2 * 20_000_000 / 200;
    set("sasando.sp.2111", 20_000_000);
    set("sasando.sp.2103", of_wajib + of_deposit);
    set("sasando.sp.3401", shared * 2 / 3 + of_group_monthly - fee - of_wajib - of_deposit);
    set("sasando.sp.1210", of_core - paid);
    set("sasando.sp.4203", of_core);
    let loss = 42_000_000 - shared / 3 - matured;
    set("sasando.uep.1101", 250_000_000 - 100_000_000 - 100_000_000 - 42_000_000);
    set("sasando.uep.1111", business);
    set("sasando.uep.3301", 250_000_000 - 50_000_000);
    set("sasando.uep.3302", 50_000_000 - loss);
    set("sasando.uep.1210", of_business);
    set("sasando.uep.4203", of_business);
    figures
}
