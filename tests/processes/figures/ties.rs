//! Late dues, shares and stakes given back, a teller's day, more aid, what went to other books.

use super::Figures;

/// Adds what those stories come to.
pub fn add_ties(figures: &mut Figures) {
    let mut add = |account: &str, rupiah| super::add(figures, account, rupiah);
    // Two thousand were short in the second counter's drawer. What Cahaya brought there went into
    // the vault, and was drawn from it.
    add("lkm.sp.1102", 748_000 - 500_000 - 250_000);
    add("lkm.sp.3401", -2_000);
    // A million of the programme's went back, by way of the bank, which held it for a day.
    add("lkm.sp.1103", -1_000_000);
    add("lkm.sp.3110", -1_000_000);
    // A quarter of Jati Diri's stake is savings again.
    for (savings, stake) in
        [("lkm.sp.2102", "lkm.sp.3108"), ("jati-diri.sp.1111", "jati-diri.sp.1113")]
    {
        add(savings, 50_000);
        add(stake, -50_000);
    }
    // Of November's Rp5.000 a member of Tunas Baru brought Rp3.000 in December; a shop gave
    // Rp100.000; October's roof cost Rp25.000 more than the cap.
    let received = -5_000 + 3_000 + 100_000 - 25_000;
    add("tunas-baru.iks.1101", received);
    add("tunas-baru.iks.3201", received);
    // 5% of what Kios Murah sold, less what that and the rest had cost, are its fund's; Rp30.000 are
    // paid.
    let (share, paid) = ((3_500_000 - 2_000_000 - 500_000) * 5 / 100, 30_000);
    add("kios-murah.iks.1101", paid);
    add("kios-murah.iks.3201", share);
    add("kios-murah.iks.1901", share - paid);
    add("kios-murah.uep.1101", -paid);
    add("kios-murah.uep.1901", paid - share);
    add("kios-murah.uep.3401", -share);
    // Passed on in cash to a group without books, and twice to fishers of Rote.
    for (group, passed) in [("kios-murah", 200_000), ("pelita-kasih", 500_000 + 300_000)] {
        add(&format!("{group}.uep.1101"), -passed);
        add(&format!("{group}.uep.3101"), -passed);
    }
    // Kios Murah gave Rp50.000 more than it had decided on, which waits.
    add("kios-murah.uep.1101", -50_000);
    add("kios-murah.uep.2901", -50_000);
    // The goats of Pelita Kasih ate for Rp60.000, which is part of their cost; a firm gave Usaha Mekar
    // two million.
    add("pelita-kasih.uep.1302", 60_000);
    add("pelita-kasih.uep.1101", -60_000);
    add("usaha-mekar.uep.1104", 2_000_000);
    add("usaha-mekar.uep.3101", 2_000_000);
    // Of what lies in the pool the LKM lent Kasih Rp100.000, from bank to bank.
    for account in ["lkm.sp.1207", "kasih.uep.1104", "kasih.uep.2201"] {
        add(account, 100_000);
    }
    add("lkm.sp.1104", -100_000);
    // Pelita Kasih's troupe danced for Rp300.000, a musician had Rp100.000 of that, and a drum cost Rp150.000.
    add("pelita-kasih.uep.4101", 300_000);
    add("pelita-kasih.uep.5203", 100_000);
    add("pelita-kasih.uep.1401", 150_000);
    add("pelita-kasih.uep.1101", 300_000 - 100_000 - 150_000);
    // The LKM's motorcycle, of which five of 48 months have worn off.
    let worn = 6_000_000 / 48 * 5;
    add("lkm.sp.1103", -6_000_000);
    add("lkm.sp.1402", 6_000_000);
    add("lkm.sp.1491", -worn);
    add("lkm.sp.3401", -worn);
}

/// What Cahaya brought into the other LKM's book, where it is all there is: eighty kinds of goods; its
/// first simpanan pokok, a month of wajib, what came late, dues, and Rp1.000 that nobody missed.
pub fn in_soe() -> Figures {
    let (pokok, wajib, late) = (3 * 100_000, 3 * 10_000, 2 * 5_000);
    let accounts = [
        ("uep.1301", 80 * 10_000),
        ("uep.3301", 80 * 10_000),
        ("sp.1101", pokok + wajib + late),
        ("sp.2105", pokok),
        ("sp.2104", wajib),
        ("sp.2103", late),
        ("iks.1101", 3 * 5_000),
        ("iks.3201", 3 * 5_000),
        ("umum.1101", 1_000),
        ("umum.4209", 1_000),
    ];
    accounts.map(|(account, rupiah)| (format!("cahaya.{account}"), rupiah * 100)).into()
}

/// What reached the other installation: the first of Pelita Kasih's two passes.
pub fn in_rote() -> Figures {
    ["uep.1101", "uep.3103"].map(|account| (format!("nelayan.{account}"), 500_000 * 100)).into()
}
