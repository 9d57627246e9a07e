//! What is found at once: the worst of each share, how many a subnet has, whose dial is due.

use super::entry::{Entry, Link};
use super::idle::{Idle, Kind};
use super::scope::{Group, Subnet, group, subnet};
use super::shelf::Shelf;
use crate::node::limits::{ADDRESSES_PER_GROUP, ADDRESSES_PER_SUBNET};
use crate::store::Teller;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// All that follows from the entries; kept along with them, so that nothing has to look at ten thousand.
#[derive(Default)]
pub(super) struct Index {
    /// Addresses that never answered us, by whose account they are in.
    pub(super) new: Shelf<Teller>,
    /// Those that did, by network group.
    pub(super) tried: Shelf<Option<Group>>,
    pub(super) idle: Idle,
    subnets: BTreeMap<Subnet, usize>,
    groups: BTreeMap<Group, usize>,
    /// Of each network group, whose new addresses there are how many; and the same in order, so that who has most is found at once.
    told: BTreeMap<(Group, Teller), usize>,
    most_told: BTreeSet<(Group, usize, Teller)>,
    pub(super) bootstrap: usize,
    /// Those of them that answered us once.
    pub(super) bootstrap_tried: usize,
    /// Dials on their way that are to become links, and feelers.
    pub(super) dialling: BTreeSet<SocketAddr>,
    pub(super) feelers: BTreeSet<SocketAddr>,
}

impl Index {
    pub(super) fn insert(&mut self, address: SocketAddr, entry: &Entry) {
        let ip = address.ip();
        match entry.kind() {
            Kind::Bootstrap => {
                self.bootstrap += 1;
                self.bootstrap_tried += usize::from(entry.tried);
            }
            Kind::New => {
                self.new.insert(&entry.teller, entry.worth(), address);
                self.count_told(ip, &entry.teller, |count| count + 1);
            }
            Kind::Tried => self.tried.insert(&group(ip), entry.worth(), address),
        }
        if entry.kind() != Kind::Bootstrap {
            subnet(ip).into_iter().for_each(|subnet| *self.subnets.entry(subnet).or_default() += 1);
            group(ip).into_iter().for_each(|group| *self.groups.entry(group).or_default() += 1);
        }
        match entry.link {
            Link::None => self.idle.insert(entry.kind(), entry.next, address),
            Link::Dialling { feeler: false } => drop(self.dialling.insert(address)),
            Link::Dialling { feeler: true } => drop(self.feelers.insert(address)),
            Link::Connected(_) => {}
        }
    }

    pub(super) fn remove(&mut self, address: SocketAddr, entry: &Entry) {
        let ip = address.ip();
        match entry.kind() {
            Kind::Bootstrap => {
                self.bootstrap -= 1;
                self.bootstrap_tried -= usize::from(entry.tried);
            }
            Kind::New => {
                self.new.remove(&entry.teller, entry.worth(), address);
                self.count_told(ip, &entry.teller, |count| count - 1);
            }
            Kind::Tried => self.tried.remove(&group(ip), entry.worth(), address),
        }
        if entry.kind() != Kind::Bootstrap {
            subnet(ip).into_iter().for_each(|subnet| decrease(&mut self.subnets, subnet));
            group(ip).into_iter().for_each(|group| decrease(&mut self.groups, group));
        }
        match entry.link {
            Link::None => self.idle.remove(entry.kind(), entry.next, entry.ticket, address),
            Link::Dialling { feeler: false } => drop(self.dialling.remove(&address)),
            Link::Dialling { feeler: true } => drop(self.feelers.remove(&address)),
            Link::Connected(_) => {}
        }
    }

    fn count_told(&mut self, ip: IpAddr, teller: &Teller, change: impl Fn(usize) -> usize) {
        let Some(group) = group(ip) else { return };
        let count = self.told.remove(&(group, teller.clone())).unwrap_or(0);
        self.most_told.remove(&(group, count, teller.clone()));
        let count = change(count);
        if count > 0 {
            self.told.insert((group, teller.clone()), count);
            self.most_told.insert((group, count, teller.clone()));
        }
    }

    /// Whether some teller has more new addresses in a network group than `teller` would have with one more.
    pub(super) fn has_more_told(&self, ip: IpAddr, teller: &Teller) -> bool {
        let Some(group) = group(ip) else { return false };
        let ours = self.told.get(&(group, teller.clone())).copied().unwrap_or(0);
        // Of those with two more than we have, one is enough; `Teller::Own` is the least.
        let more = (group, ours.saturating_add(2), Teller::Own);
        self.most_told.range(more..).next().is_some_and(|(of, ..)| *of == group)
    }

    /// Of its subnet and its network group the smallest that has as many as it may: how many bits are common there.
    pub(super) fn crowd(&self, ip: IpAddr) -> Option<u32> {
        let of_subnet = subnet(ip).and_then(|subnet| self.subnets.get(&subnet)).copied().unwrap_or(0);
        let of_group = group(ip).and_then(|group| self.groups.get(&group)).copied().unwrap_or(0);
        let (subnet_bits, group_bits) = if ip.to_canonical().is_ipv4() { (24, 16) } else { (48, 32) };
        if of_subnet >= ADDRESSES_PER_SUBNET {
            Some(subnet_bits)
        } else {
            (of_group >= ADDRESSES_PER_GROUP).then_some(group_bits)
        }
    }

    /// How many new addresses are counted for their networks, the same by either way.
    #[cfg(test)]
    pub(super) fn told(&self) -> usize {
        let counted = self.most_told.iter().map(|(_, count, _)| count).sum();
        assert_eq!(self.told.values().sum::<usize>(), counted);
        counted
    }

    /// The most that any subnet and any network group has.
    pub(super) fn most_crowded(&self) -> (usize, usize) {
        let most = |counts: Option<&usize>| counts.copied().unwrap_or(0);
        (most(self.subnets.values().max()), most(self.groups.values().max()))
    }
}

fn decrease<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}
