//! What a grant's lineage shows to whom: a Dinas sees the tree through the books it has a role in,
//! and of what has gone on elsewhere a line with its amount.

use simpul::api::v1::*;
use simpul::cli::remote::Line;

use crate::access::Guarded;
use crate::lifecycle::{THERE, decide, deliver, move_to, other_book, receive};
use crate::moving::{new_group, pass_on};
use crate::town::{A, Server, Town, sen, why};

crate::on_both_guarded!(a_tree_goes_on_in_the_books_that_are_open_to_the_caller);

const THOUSAND: i64 = 100_000;
const SOE: &str = "books/soe";

/// Each node's grant, what it holds and what of it is elsewhere, in thousands, and what the tree
/// sums up to: original, held, beyond, unexplained.
async fn seen(line: &Line, grant: &str) -> (Vec<(String, i64, i64)>, [i64; 4]) {
    let request = GetLineageRequest { grant: grant.to_owned() };
    let tree = Town::at(line.clone()).guliran().get_lineage(request).await.expect("a tree");
    let tree = tree.into_inner();
    let node = |node: &LineageNode| {
        (node.grant.clone(), sen(&node.held) / THOUSAND, sen(&node.beyond) / THOUSAND)
    };
    let sums = [&tree.original, &tree.held, &tree.beyond, &tree.unexplained];
    (tree.nodes.iter().map(node).collect(), sums.map(|money| sen(money) / THOUSAND))
}

async fn a_tree_goes_on_in_the_books_that_are_open_to_the_caller(server: &Server) {
    let guarded = Guarded::found(server).await;
    other_book(&guarded.administrator(), (2025, 1, 1)).await;
    guarded.assign_in(SOE, "manajer", Role::Manager, "").await.expect("a role");
    let town = Town::at(guarded.device("manajer").await);
    new_group(&town, SOE, "x").await;
    new_group(&town, SOE, "y").await;
    receive(&town).await;
    // 1.000 from a to x in the other book, 500 from there to y.
    let grant = format!("{A}/grants/apbn");
    pass_on(&town, &grant, "ke-x", "books/soe/groups/x").await;
    let list = ListGrantsRequest { parent: format!("{SOE}/groups/x"), ..Default::default() };
    let listed = town.grants().list_grants(list).await.expect("listed").into_inner().grants;
    let of_x = listed[0].name.clone();
    decide(&town, &of_x, 500_000).await;
    deliver(&town, &of_x, "ke-y", "books/soe/groups/y", 500_000, 3).await;
    let of_y = format!("{SOE}/groups/y/grants/dari-ke-y");

    // A Dinas with roles in both books sees all of it, from wherever it asks.
    let province = guarded.user("dinas-provinsi", Role::Dinas, "").await;
    guarded.assign_in(SOE, "dinas-provinsi", Role::Dinas, "").await.expect("a role");
    let all = vec![(grant.clone(), 9_000, 0), (of_x.clone(), 500, 0), (of_y.clone(), 500, 0)];
    for asked in [&grant, &of_x, &of_y] {
        assert_eq!(seen(&province, asked).await, (all.clone(), [10_000, 10_000, 0, 0]), "{asked}");
    }
    // A role over there in which nobody asks for lineages opens nothing.
    let town_dinas = guarded.user("dinas-kota", Role::Dinas, "").await;
    guarded.assign_in(SOE, "dinas-kota", Role::Collector, "").await.expect("a role");
    let cut = vec![(grant.clone(), 9_000, 0), (of_x.clone(), 0, 1_000)];
    assert_eq!(seen(&town_dinas, &grant).await, (cut, [10_000, 9_000, 1_000, 0]));
    let request = GetLineageRequest { grant: grant.clone() };
    let mut guliran = Town::at(town_dinas.clone()).guliran();
    let tree = guliran.get_lineage(request).await.expect("a tree").into_inner();
    let line = &tree.nodes[1];
    assert_eq!((line.pass.as_str(), line.generation), (&*format!("{A}/passes/ke-x"), 2));
    assert_eq!((line.holder.as_str(), line.rule.as_str()), ("books/soe/groups/x", ""));
    let status = guliran.get_lineage(GetLineageRequest { grant: of_x.clone() }).await;
    assert_eq!(why(&status.expect_err("not theirs")).reason, "ROLE_REQUIRED");

    // A treasurer over there sees where the tree comes in, and nothing of the book before.
    guarded.assign("bu-bendahara", Role::Member, &format!("{A}/members/m01")).await.expect("one");
    let place = format!("{SOE}/groups/x");
    guarded.assign_in(SOE, "bu-bendahara", Role::Treasurer, &place).await.expect("a role");
    let treasurer = guarded.device("bu-bendahara").await;
    let theirs = vec![(of_x.clone(), 500, 0), (of_y, 500, 0)];
    assert_eq!(seen(&treasurer, &of_x).await, (theirs, [1_000, 1_000, 0, 0]));

    // What goes on with a group that has moved is no less and no more.
    town.lifecycle().move_group(move_to(1)).await.expect("moved");
    let gone = (format!("{THERE}/grants/apbn"), 0, 9_000);
    let cut = vec![(grant.clone(), 0, 0), (of_x, 0, 1_000), gone];
    assert_eq!(seen(&town_dinas, &grant).await, (cut, [10_000, 0, 10_000, 0]));
    assert_eq!(seen(&province, &grant).await.1, [10_000, 10_000, 0, 0]);
}
