//! What differs between two versions of the tree.

use super::node::Node;
use crate::chain::{Account, Address};

/// Appends what must be written to turn `old` into `new`; `None` deletes. Parts that both share are not entered.
pub(super) fn diff(new: &Node, old: &Node, changes: &mut Vec<(Address, Option<Account>)>) {
    if new.is_same(old) {
        return;
    }
    match (new, old) {
        (Node::Branch(new), Node::Branch(old)) => {
            for pair in new.children.iter().zip(&old.children) {
                match pair {
                    (Some(new), Some(old)) => diff(new, old, changes),
                    (Some(new), None) => compare(&accounts(new), &[], changes),
                    (None, Some(old)) => compare(&[], &accounts(old), changes),
                    (None, None) => {}
                }
            }
        }
        (Node::Bucket(new), Node::Bucket(old)) => compare(&new.accounts, &old.accounts, changes),
        _ => compare(&accounts(new), &accounts(old), changes),
    }
}

/// All accounts of a part, sorted by address.
fn accounts(node: &Node) -> Vec<(Address, Account)> {
    let mut accounts = Vec::with_capacity(node.len());
    node.collect(&mut accounts);
    accounts.sort_unstable_by_key(|(address, _)| *address);
    accounts
}

/// The same for two lists sorted by address.
fn compare(mut new: &[(Address, Account)], mut old: &[(Address, Account)], changes: &mut Vec<(Address, Option<Account>)>) {
    loop {
        match (new.split_first(), old.split_first()) {
            (Some((now, later)), Some((before, _))) if now.0 < before.0 => {
                changes.push((now.0, Some(now.1)));
                new = later;
            }
            (Some((now, later)), Some((before, rest))) if now.0 == before.0 => {
                if now.1 != before.1 {
                    changes.push((now.0, Some(now.1)));
                }
                (new, old) = (later, rest);
            }
            (_, Some((before, rest))) => {
                changes.push((before.0, None));
                old = rest;
            }
            (Some((now, later)), None) => {
                changes.push((now.0, Some(now.1)));
                new = later;
            }
            (None, None) => return,
        }
    }
}
