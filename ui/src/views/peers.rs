//! Every connection of the chosen node, what the node thinks of each peer and why, and whom it banned.

use super::{Go, View};
use crate::{
    action::Command,
    brush::{Brush, clean, width},
    facts, format,
    glyphs::state_word,
    injection::Outcome,
    layout::{self, Size},
    model::{Direction, Intent, Node, Peer, PeerState},
    panels::{
        bans, book,
        peer::{self, reputation, short},
    },
    popup::{Harm, PopUp},
    widgets::{
        bar::{self, Floor},
        frame::{self, Look},
        list::{Scroll, cycle},
    },
    world::{Hit, Scene, World},
};
use ratatui::{layout::Rect, style::Modifier};

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Id,
    State,
    Height,
    Rtt,
    In,
    Out,
    Reputation,
}

impl Sort {
    const ALL: [Self; 7] = [Self::Id, Self::State, Self::Height, Self::Rtt, Self::In, Self::Out, Self::Reputation];

    const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::State => "state",
            Self::Height => "height",
            Self::Rtt => "rtt",
            Self::In => "in",
            Self::Out => "out",
            Self::Reputation => "rep",
        }
    }
}

/// Facts about a peer, one a row.
const DETAIL: u16 = 12;
/// Rows that the address book's counts want, with its frame.
const BOOK: u16 = 6;

#[derive(Default)]
pub(crate) struct Peers {
    sort: Sort,
    reversed: bool,
    scroll: Scroll,
    /// The node shown, and the id of the peer that is marked there. A peer that comes back has another connection, and is the same peer.
    marked: Option<(u32, String)>,
    /// The id of the chosen ban; bans follow the last peer.
    ban: Option<String>,
}

impl Peers {
    /// Places of the peers in the order of the rows. Ids are the tie-break of every order.
    fn order(&self, node: &Node) -> Vec<usize> {
        let peers = &node.peers;
        let mut order: Vec<usize> = (0..peers.len()).collect();
        let by_id = |a: usize, b: usize| {
            // Nodes of ours by number, so that n10 comes after n2; strangers by id.
            let key = |peer: &Peer| peer.node.unwrap_or(u32::MAX);
            key(&peers[a])
                .cmp(&key(&peers[b]))
                .then_with(|| peers[a].id.cmp(&peers[b].id))
                .then(peers[a].connection.cmp(&peers[b].connection))
        };
        order.sort_by(|&a, &b| {
            let (one, other) = (&peers[a], &peers[b]);
            let by_key = match self.sort {
                Sort::Id => by_id(a, b),
                Sort::State => (one.state == PeerState::Ready).cmp(&(other.state == PeerState::Ready)),
                Sort::Height => other.height.cmp(&one.height),
                Sort::Rtt => other.rtt.cmp(&one.rtt),
                Sort::In => other.rate.0.cmp(&one.rate.0),
                Sort::Out => other.rate.1.cmp(&one.rate.1),
                Sort::Reputation => one.reputation.total_cmp(&other.reputation),
            };
            if self.reversed { by_key.reverse() } else { by_key }.then_with(|| by_id(a, b))
        });
        order
    }

    /// The chosen connection, or the one that was marked last, or the first row's.
    fn chosen<'a>(&self, world: &World, node: &'a Node) -> Option<&'a Peer> {
        let chosen = world.connection.and_then(|connection| facts::peer(node, connection));
        let known = || {
            let id = self.marked.as_ref().filter(|(of, _)| *of == node.index).map(|(_, id)| id)?;
            node.peers.iter().find(|peer| peer.id == *id)
        };
        chosen.or_else(known).or_else(|| self.order(node).first().map(|place| &node.peers[*place]))
    }

    /// What the screen shows as marked is what keys act on, until another is chosen.
    fn mark(&mut self, world: &World, node: &Node) {
        self.marked = self.chosen(world, node).map(|peer| (node.index, peer.id.clone()));
    }

    /// Whether the peer that the screen showed as marked has gone since: then no key acts on another in its place.
    fn has_gone(&self, node: &Node) -> bool {
        let marked = self.marked.as_ref().filter(|(of, _)| *of == node.index);
        marked.is_some_and(|(_, id)| node.peers.iter().all(|peer| peer.id != *id))
    }

    /// The chosen ban's place among the node's, unless a peer is chosen.
    fn chosen_ban(&self, node: &Node) -> Option<usize> {
        let id = self.ban.as_deref()?;
        node.bans.iter().position(|ban| ban.id == id)
    }
}

impl View for Peers {
    fn digit(&self) -> char {
        '3'
    }

    fn name(&self) -> &'static str {
        "Peers"
    }

    /// One list for the keys: peers, then bans.
    fn step(&mut self, world: &mut World, by: isize) {
        let Some(node) = world.chosen() else { return };
        let order = self.order(node);
        let count = order.len() + node.bans.len();
        if count == 0 {
            return;
        }
        let row = match self.chosen_ban(node) {
            Some(ban) => order.len() + ban,
            None => {
                let chosen = self.chosen(world, node).map(|peer| peer.connection);
                order.iter().position(|place| Some(node.peers[*place].connection) == chosen).unwrap_or(0)
            }
        };
        let row = row.saturating_add_signed(by).min(count - 1);
        if let Some(place) = order.get(row) {
            let connection = node.peers[*place].connection;
            self.ban = None;
            self.marked = Some((node.index, node.peers[*place].id.clone()));
            world.connection = Some(connection);
        } else {
            self.ban = node.bans.get(row - order.len()).map(|ban| ban.id.clone());
        }
    }

    fn act(&mut self, command: Command, world: &mut World) -> Go {
        match command {
            Command::Left | Command::Right => {
                world.step(if command == Command::Left { -1 } else { 1 });
                self.ban = None;
            }
            Command::Sort => self.sort = cycle(&Sort::ALL, self.sort, 1),
            Command::Reverse => self.reversed = !self.reversed,
            Command::Enter if world.chosen().is_none_or(|node| self.chosen_ban(node).is_none()) => {
                let index = world.chosen().and_then(|node| self.chosen(world, node)).and_then(|peer| peer.node);
                if let Some(index) = index.filter(|index| facts::node(&world.snapshot, *index).is_some()) {
                    world.choose(index);
                    return Go::Into('2');
                }
            }
            Command::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn clicked(&mut self, hit: Hit, world: &mut World) {
        match hit {
            Hit::Peer(_) => self.ban = None,
            Hit::Row(place) => {
                self.ban = world.chosen().and_then(|node| node.bans.get(place)).map(|ban| ban.id.clone());
            }
            _ => {}
        }
    }

    fn link(&self, world: &World) -> Result<Option<u32>, String> {
        let Some(peer) = world.chosen().and_then(|node| self.chosen(world, node)) else {
            return Ok(None);
        };
        match peer.node.filter(|index| facts::node(&world.snapshot, *index).is_some()) {
            Some(index) => Ok(Some(index)),
            None => Err(format!("{} is not one of the nodes here: its link cannot be changed alone", clean(&peer.name))),
        }
    }

    fn manage(&self, command: Command, world: &World) -> Outcome {
        let Some(node) = world.chosen() else {
            return Outcome::Refused("there is no node to do that to".to_owned());
        };
        let own = clean(&node.name);
        if command == Command::Connect {
            return Outcome::Ask(PopUp::new(format!("Connect {own} to a peer"), Harm::Connect(node.index)));
        }
        if command == Command::Unban {
            return match self.chosen_ban(node).and_then(|ban| node.bans.get(ban)) {
                Some(ban) => Outcome::Now(Intent::Unban { node: node.index, id: ban.id.clone() }),
                None => Outcome::Refused("choose a ban first: they begin below the last peer".to_owned()),
            };
        }
        let Some(peer) = self.chosen(world, node).filter(|_| self.chosen_ban(node).is_none()) else {
            return Outcome::Refused("choose a peer first".to_owned());
        };
        if self.has_gone(node) {
            return Outcome::Refused("that peer has just gone: choose another".to_owned());
        }
        let id = peer.id.clone();
        match command {
            Command::Ban => {
                let title = format!("Let {own} ban {}", clean(&peer.name));
                Outcome::Ask(PopUp::new(title, Harm::Ban { node: node.index, id }))
            }
            _ => Outcome::Now(Intent::Disconnect { node: node.index, id }),
        }
    }

    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let Some(node) = scene.world.chosen() else {
            return;
        };
        let size = Size::of(scene.buf.area);
        let look = if size == Size::Full { Look::Framed } else { Look::Ruled };
        let bans = match (size, node.bans.len() as u16) {
            (Size::Tiny, _) => 0,
            // The book beside them has counts of its own.
            (Size::Full, count) => (count + 2).clamp(BOOK, 7),
            (Size::Compact, 0) => 0,
            (Size::Compact, count) => (count + 1).min(3),
        };
        let (area, bans) = layout::bottom(area, bans);
        let detail = match size {
            Size::Tiny => 0,
            Size::Compact => area.height * 2 / 5,
            Size::Full => DETAIL + 2,
        };
        let around = if look == Look::Framed { 3 } else { 2 };
        let wanted = u16::try_from(node.peers.len()).unwrap_or(u16::MAX - around) + around;
        let table = wanted.min(area.height.saturating_sub(detail)).max(around + 1);
        let table = match size {
            Size::Tiny => area.height,
            // Rows that the table does not need go to the detail, which has the history.
            Size::Compact => table,
            Size::Full => area.height - detail.min(area.height),
        };
        let (table, detail) = layout::top(area, table);
        self.mark(scene.world, node);
        self.table(scene, table, node, look);
        if let Some(peer) = self.chosen(scene.world, node) {
            peer::detail(scene, detail, node, peer, look);
        } else {
            let inside = frame::frame(scene, detail, look, "Peer", "", false);
            frame::empty(scene, inside, "choose another node with left and right");
        }
        let ban = self.chosen_ban(node);
        if size == Size::Full {
            let (bans, beside) = layout::left(bans, layout::share(bans.width, 50));
            bans::draw(scene, bans, node, look, ban);
            book::draw(scene, beside, node, look);
        } else {
            bans::draw(scene, bans, node, look, ban);
        }
    }
}

/// Which columns there is room for, and how wide they are.
struct Columns {
    /// None where every name is but the beginning of the id.
    name: usize,
    address: usize,
    agent: bool,
    rates: bool,
    spark: usize,
    bar: usize,
}

const MARK: usize = 2;
const ID: usize = 9;
/// Addresses of one machine, `127.0.0.1:65535`, and any of IPv4, `203.0.113.255:65535`, with the gap behind them.
const ADDRESSES: [usize; 2] = [17, 22];
const DIRECTION: usize = 4;
const STATE: usize = 12;
const AGENT: usize = 16;
const HEIGHT: usize = 7;
const RTT: usize = format::MILLIS_WIDTH + 1;
const RATE: usize = format::BYTES_WIDTH + 1;
const REPUTATION: usize = 6;
const SPARK: usize = 9;

impl Columns {
    fn new(room: usize, peers: &[Peer]) -> Self {
        let named = peers.iter().any(|peer| peer.name != short(&peer.id));
        let name =
            peers.iter().map(|peer| width(&peer.name)).max().filter(|_| named).map_or(0, |longest| longest.clamp(4, 10) + 1);
        let longest = peers.iter().map(|peer| width(&peer.address)).max().unwrap_or(0);
        let address_wanted = if longest < ADDRESSES[0] { ADDRESSES[0] } else { ADDRESSES[1] };
        let mut left = room.saturating_sub(MARK + name + ID + DIRECTION + STATE + HEIGHT + RTT + REPUTATION);
        let mut take = |columns: usize| {
            let fits = left >= columns;
            if fits {
                left -= columns;
            }
            fits
        };
        let (rates, spark, address, agent) = (take(2 * RATE), take(SPARK), take(address_wanted), take(AGENT));
        Self {
            name,
            address: if address { address_wanted } else { 0 },
            agent,
            rates,
            spark: if spark { SPARK - 1 } else { 0 },
            bar: if left >= 5 { (left - 2).min(20) } else { 0 },
        }
    }
}

impl Peers {
    fn table(&mut self, scene: &mut Scene<'_>, area: Rect, node: &Node, look: Look) {
        let (theme, glyphs) = (scene.theme, scene.glyphs);
        let title = format!("Peers of {}", clean(&node.name));
        let turned = if self.reversed { glyphs.up } else { glyphs.down_arrow };
        let note = format!("{}/{} {} sort: {} {turned}", node.peers.len(), node.max_peers, glyphs.separator, self.sort.name());
        let inside = frame::frame(scene, area, look, &title, &note, true);
        if node.peers.is_empty() {
            let text = format!("none: {} is {}", clean(&node.name), state_word(node.state));
            frame::empty(scene, inside, &text);
            return;
        }
        let room = usize::from(inside.width);
        let columns = Columns::new(room, &node.peers);
        let (head, list) = layout::top(inside, u16::from(inside.height > 1));
        let style = |sort: Sort| {
            if sort == self.sort { theme.label.add_modifier(Modifier::UNDERLINED) } else { theme.label }
        };
        let mut brush = scene.brush(head);
        let right = |brush: &mut Brush<'_>, columns: usize, word: &str, sort: Sort| {
            brush.skip(columns.saturating_sub(word.len())).put(word, style(sort));
        };
        brush.skip(MARK);
        if columns.name > 0 {
            brush.put("name", style(Sort::Id)).column(MARK + columns.name).left(ID, "id", theme.label);
        } else {
            brush.put("id", style(Sort::Id)).column(MARK + ID);
        }
        brush.left(columns.address, "address", theme.label);
        brush.left(DIRECTION, "dir", theme.label);
        let at = room - brush.room();
        brush.put("state", style(Sort::State)).column(at + STATE);
        if columns.agent {
            brush.left(AGENT, "version", theme.label);
        }
        right(&mut brush, HEIGHT, "height", Sort::Height);
        right(&mut brush, RTT, "RTT", Sort::Rtt);
        brush.skip(columns.spark + usize::from(columns.spark > 0));
        if columns.rates {
            right(&mut brush, RATE, "in/s", Sort::In);
            right(&mut brush, RATE, "out/s", Sort::Out);
        }
        right(&mut brush, REPUTATION, "rep", Sort::Reputation);

        let order = self.order(node);
        let chosen = self.chosen(scene.world, node).map(|peer| peer.connection);
        let no_ban = self.chosen_ban(node).is_none();
        let row = order.iter().position(|place| Some(node.peers[*place].connection) == chosen).unwrap_or(0);
        let visible = usize::from(list.height);
        for (line, &place) in order[self.scroll.around(row, visible, order.len())].iter().enumerate() {
            let peer = &node.peers[place];
            let at = layout::row(list, line);
            let is_chosen = no_ban && Some(peer.connection) == chosen;
            self::row(scene, at, peer, &columns, is_chosen);
            scene.hit(at, Hit::Peer(peer.connection));
        }
    }
}

fn row(scene: &mut Scene<'_>, area: Rect, peer: &Peer, columns: &Columns, chosen: bool) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let (sign, word, state) = match peer.state {
        PeerState::Ready => (glyphs.ok, "ready", theme.ok),
        PeerState::Handshaking => (glyphs.syncing, "handshake", theme.busy),
    };
    let mut brush = scene.brush(area);
    brush
        .left(MARK, if chosen { ">" } else { "" }, theme.title)
        .left(columns.name, &peer.name, theme.text)
        .left(ID - 1, short(&peer.id), theme.accent)
        .skip(1);
    if columns.address > 0 {
        brush.left(columns.address - 1, &peer.address, theme.text).skip(1);
    }
    brush.left(DIRECTION, if peer.direction == Direction::Outbound { "out" } else { "in" }, theme.text);
    brush.put(sign, state).put(" ", theme.text).left(STATE - 2, word, state);
    if columns.agent {
        let mut agent = clean(&peer.agent).into_owned();
        if agent.is_empty() {
            agent.push_str("--");
        }
        brush.left(AGENT - 1, &agent, theme.label).skip(1);
    }
    brush.right(HEIGHT, &peer.height.to_string(), theme.text);
    brush.right(RTT, &peer.rtt.map_or_else(|| "--".to_owned(), format::millis), theme.text);
    if columns.spark > 0 {
        brush.skip(1);
        bar::spark(&mut brush, glyphs, columns.spark, peer.rtt_history.iter().copied(), Floor::Lowest, theme.link);
    }
    if columns.rates {
        brush.right(RATE, &format::bytes(peer.rate.0), theme.text).right(RATE, &format::bytes(peer.rate.1), theme.text);
    }
    brush.skip(2);
    if columns.bar > 0 {
        reputation(&mut brush, (theme, glyphs), peer.reputation, columns.bar);
    } else {
        brush.right(4, &format!("{:.0}", peer.reputation), theme.text);
    }
    if chosen {
        scene.select(area);
    }
}
