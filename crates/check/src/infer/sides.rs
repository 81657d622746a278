//! Sides: what people lose is a legacy, what they get is a successor, and which of them are of one asset.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};

use super::custody::Unit;
use super::ether::Flow;
use super::family::{Family, Held, Holdings};
use super::rates::{ONE, Rate, common, is_one_ratio, is_whole, rate_of, times};
use crate::ledger::{Asset, Ledger, Side};

/// A family, or ether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Family(usize),
    Ether,
}

/// What stands on which side, and what belongs together.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// Families that people lose, in order.
    pub(super) legacies: Vec<usize>,
    /// Families that people get.
    pub(super) successors: Vec<usize>,
    /// What is of one asset, or of one asset for each id.
    groups: Vec<Group>,
}

/// Families that pay for each other.
#[derive(Debug)]
struct Group {
    members: BTreeSet<Member>,
    /// Whether an id of one is that id of the other.
    by_id: bool,
}

/// A legacy and what it was paid with.
struct Link {
    from: usize,
    to: Member,
    rate: Rate,
    /// Whether somebody got the very ids that it gave.
    same_ids: bool,
}

impl Sides {
    /// Finds the sides. What grows for anybody is a successor; what only shrinks is a legacy; and so is what nobody
    /// moves, where it is what everybody's successor was counted from.
    pub(super) fn find(families: &[Family], holdings: &Holdings, ether: Option<&Flow>) -> Self {
        let moves = |family: &usize, of: fn(&Held) -> U256| {
            let mut people = 0..holdings.people;
            people.any(|person| {
                holdings
                    .by_book(*family, person)
                    .any(|held| !of(held).is_zero())
            })
        };
        let all = 0..families.len();
        let successors: Vec<usize> = all.clone().filter(|at| moves(at, Held::gained)).collect();
        let others: Vec<usize> = all.filter(|at| !successors.contains(at)).collect();
        let shrunk = others.iter().copied().filter(|at| moves(at, Held::lost));
        let mut sides = Self {
            legacies: shrunk.collect(),
            successors,
            groups: Vec::new(),
        };
        for at in others {
            if !sides.legacies.contains(&at) && sides.is_mirrored(at, families, holdings, ether) {
                sides.legacies.push(at);
            }
        }
        let links = sides.links(families, holdings, ether);
        sides.groups = sides.group(families, &links, ether);
        sides
    }

    /// What somebody got of a member.
    fn gain(&self, of: Member, person: usize, holdings: &Holdings, ether: Option<&Flow>) -> U256 {
        match of {
            Member::Family(at) => holdings.sum(at, person, Held::gained),
            Member::Ether => ether.map_or(U256::ZERO, |flow| flow.received[person]),
        }
    }

    /// What stands on the side of what is got: families, and ether where it stays with people.
    fn got(&self, ether: Option<&Flow>) -> Vec<Member> {
        let families = self.successors.iter().map(|at| Member::Family(*at));
        let kept = ether.filter(|flow| flow.side == Side::Successor);
        families.chain(kept.map(|_| Member::Ether)).collect()
    }

    /// Whether everybody who got something had some of this, in one ratio, or the very ids.
    fn is_mirrored(
        &self,
        at: usize,
        families: &[Family],
        holdings: &Holdings,
        ether: Option<&Flow>,
    ) -> bool {
        let got = self.got(ether);
        let one_by_one = got.iter().map(|one| vec![*one]);
        let mut choices = one_by_one.chain([got.clone()]);
        choices.any(|choice| {
            let growth = |person: usize| {
                let parts = choice.iter();
                parts.fold(U256::ZERO, |sum, of| {
                    sum.saturating_add(self.gain(*of, person, holdings, ether))
                })
            };
            let people = (0..holdings.people).map(|person| (person, growth(person)));
            let pairs: Vec<(U256, U256)> = people
                .filter(|(_, new)| !new.is_zero())
                .map(|(person, new)| (holdings.sum(at, person, |held| held.before.live), new))
                .collect();
            let distinct: BTreeSet<U256> = pairs.iter().map(|(old, _)| *old).collect();
            let all_had = pairs.iter().all(|(old, _)| !old.is_zero());
            let by_amount = distinct.len() >= 2 && is_one_ratio(&pairs);
            let by_id = || match choice.as_slice() {
                [Member::Family(to)] => {
                    let (same, other) =
                        same_ids(at, *to, families, holdings, |held| held.before.live);
                    same >= 2 && other == 0
                }
                _ => false,
            };
            pairs.len() >= 2 && all_had && (by_amount || by_id())
        })
    }

    /// What somebody gave of a legacy: what it lost, or what it has where nobody loses any.
    fn given(&self, at: usize, person: usize, holdings: &Holdings) -> U256 {
        let lost = |person: usize| holdings.sum(at, person, Held::lost);
        if (0..holdings.people).any(|person| !lost(person).is_zero()) {
            lost(person)
        } else {
            holdings.sum(at, person, |held| held.before.live)
        }
    }

    /// Which legacy was paid with what: where all who gave some got some, at one rate. Where somebody got the very ids
    /// that it gave, that is the one; else a rate that is whole counts for more than one that is not.
    fn links(&self, families: &[Family], holdings: &Holdings, ether: Option<&Flow>) -> Vec<Link> {
        let mut got: Vec<Member> = self
            .successors
            .iter()
            .map(|at| Member::Family(*at))
            .collect();
        got.extend(ether.map(|_| Member::Ether));
        let mut all = Vec::new();
        for from in self.legacies.iter().copied() {
            let given: Vec<(usize, U256)> = (0..holdings.people)
                .map(|person| (person, self.given(from, person, holdings)))
                .filter(|(_, given)| !given.is_zero())
                .collect();
            let is_lost = |held: &Held| held.before.live;
            let mut own: Vec<Link> = Vec::new();
            let became = families[from].became.as_ref();
            for to in got.iter().copied() {
                if let Some(became) = became {
                    let is_it = match to {
                        Member::Family(at) if became.unit == Unit::Token(at) => true,
                        Member::Family(at) => families[at].first() == became.first,
                        Member::Ether => became.unit == Unit::Ether,
                    };
                    if is_it {
                        own.push(Link {
                            from,
                            to,
                            rate: ONE,
                            same_ids: !families[from].ids.is_empty(),
                        });
                    }
                    continue;
                }
                let pairs: Vec<(U256, U256)> = given
                    .iter()
                    .map(|(person, given)| (*given, self.gain(to, *person, holdings, ether)))
                    .filter(|(_, new)| !new.is_zero() || !self.is_untouched(from, holdings))
                    .collect();
                let same_ids = match to {
                    Member::Family(to) => same_ids(from, to, families, holdings, is_lost).0 > 0,
                    Member::Ether => false,
                };
                let paid = families[from].pays.filter(|_| to == Member::Ether);
                if let Some(rate) = common(&pairs).or(paid.map(|(units, wei)| (wei, units))) {
                    own.push(Link {
                        from,
                        to,
                        rate,
                        same_ids,
                    });
                } else if same_ids {
                    let rate = ONE;
                    own.push(Link {
                        from,
                        to,
                        rate,
                        same_ids,
                    });
                }
            }
            if own.iter().any(|link| link.same_ids) {
                own.retain(|link| link.same_ids);
            } else if own.iter().any(|link| is_whole(link.rate)) {
                own.retain(|link| is_whole(link.rate));
            }
            all.extend(own);
        }
        all
    }

    /// Whether nobody loses any of a legacy.
    fn is_untouched(&self, at: usize, holdings: &Holdings) -> bool {
        let mut people = 0..holdings.people;
        people.all(|person| holdings.sum(at, person, Held::lost).is_zero())
    }

    /// What is linked is one group. Legacies and successors that nothing is linked to are one together; where there
    /// are only legacies of these, or only successors, each is one of its own.
    fn group(&self, families: &[Family], links: &[Link], ether: Option<&Flow>) -> Vec<Group> {
        let legacies = self.legacies.iter().map(|at| Member::Family(*at));
        let mut groups: Vec<BTreeSet<Member>> = legacies
            .chain(self.got(ether))
            .map(|member| BTreeSet::from([member]))
            .collect();
        for link in links {
            join(&mut groups, Member::Family(link.from), link.to);
        }
        if ether.is_some() {
            let paying = self.successors.iter().copied();
            for at in paying.filter(|at| families[*at].pays.is_some()) {
                join(&mut groups, Member::Family(at), Member::Ether);
            }
        }
        let is_alone = |group: &BTreeSet<Member>, of: &[usize]| match group.first() {
            Some(Member::Family(at)) => group.len() == 1 && of.contains(at),
            Some(Member::Ether) => group.len() == 1 && of == self.successors,
            None => false,
        };
        let lone = |of: &[usize]| -> Vec<Member> {
            let all = groups.iter().filter(|group| is_alone(group, of));
            all.flatten().copied().collect()
        };
        let (old, new) = (lone(&self.legacies), lone(&self.successors));
        if let (Some(first), false) = (old.first(), new.is_empty()) {
            for other in old.iter().chain(&new) {
                join(&mut groups, *first, *other);
            }
        }
        let by_id = |members: &BTreeSet<Member>| {
            let has_ids = |member: &Member| match member {
                Member::Family(at) => !families[*at].ids.is_empty(),
                Member::Ether => false,
            };
            let linked = || {
                let mut own = links.iter();
                own.any(|link| link.same_ids && members.contains(&link.to))
            };
            members.iter().all(has_ids) && (members.len() == 1 || linked())
        };
        let groups = groups.into_iter().map(|members| Group {
            by_id: by_id(&members),
            members,
        });
        groups.collect()
    }

    /// The ledgers and what they are of: legacies first, then successors, then ether.
    pub(super) fn ledgers(
        &self,
        families: &[Family],
        holdings: &Holdings,
        ether: Option<&Flow>,
    ) -> (Vec<Ledger>, Vec<Asset>) {
        let mut assets: Vec<Asset> = Vec::new();
        let mut of: BTreeMap<(usize, Option<U256>), usize> = BTreeMap::new();
        let mut found: Vec<(Member, Ledger)> = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let rates = self.rates(group, families, holdings, ether);
            for (member, rate) in rates {
                let side = match member {
                    Member::Family(at) if self.legacies.contains(&at) => Side::Legacy,
                    Member::Family(_) => Side::Successor,
                    Member::Ether => ether.map_or(Side::Wallet, |flow| flow.side),
                };
                for (id, ledger) in books(member, families) {
                    let key = (index, id.filter(|_| group.by_id));
                    let asset = *of.entry(key).or_insert_with(|| {
                        assets.push(Asset::default());
                        assets.len() - 1
                    });
                    // The successor's name is that of the asset.
                    if assets[asset].name.is_empty() || side == Side::Successor {
                        let is_one_of = id.is_some() && !group.by_id;
                        assets[asset].name = match ledger.name.rsplit_once(" #") {
                            Some((name, _)) if is_one_of => name.to_owned(),
                            _ => ledger.name.clone(),
                        };
                    }
                    if side == Side::Legacy && rate != ONE {
                        // What is rounded away is less than a unit of either side, and an id is no part of one.
                        let unit = match id {
                            None => rate.0 / rate.1,
                            Some(_) => U256::ZERO,
                        };
                        let slack = U256::ONE + unit;
                        assets[asset].tolerance = assets[asset].tolerance.max(slack);
                    }
                    found.push((
                        member,
                        Ledger {
                            side,
                            rate,
                            asset,
                            ..ledger
                        },
                    ));
                }
            }
        }
        let place = |member: &Member| match member {
            Member::Family(at) => self
                .legacies
                .iter()
                .chain(&self.successors)
                .position(|own| own == at),
            Member::Ether => Some(usize::MAX),
        };
        found.sort_by_key(|(member, _)| place(member));
        (
            found.into_iter().map(|(_, ledger)| ledger).collect(),
            assets,
        )
    }

    /// What a unit of each member is worth: one of a successor is one, and a legacy is worth what most holders got
    /// for it.
    fn rates(
        &self,
        group: &Group,
        families: &[Family],
        holdings: &Holdings,
        ether: Option<&Flow>,
    ) -> Vec<(Member, Rate)> {
        let is_in = |at: &&usize| group.members.contains(&Member::Family(**at));
        let legacies: Vec<usize> = self.legacies.iter().filter(is_in).copied().collect();
        let successors: Vec<usize> = self.successors.iter().filter(is_in).copied().collect();
        let has_ether = group.members.contains(&Member::Ether);
        let paying = successors.iter().find_map(|at| families[*at].pays);
        // Ether is worth what a successor pays of it; where there is none, it is the measure itself.
        let mut of_ether = paying.unwrap_or(ONE);
        let counts_ether = has_ether
            && (successors.is_empty() || ether.is_some_and(|flow| flow.side == Side::Successor));
        let growth = |person: usize| {
            let families = successors.iter().fold(U256::ZERO, |sum, at| {
                sum.saturating_add(holdings.sum(*at, person, Held::gained))
            });
            let wei = match ether {
                Some(flow) if counts_ether => flow.received[person],
                _ => U256::ZERO,
            };
            families.saturating_add(wei.saturating_mul(of_ether.0) / of_ether.1)
        };
        let mut found = Vec::new();
        for at in &legacies {
            let pairs: Vec<(U256, U256)> = (0..holdings.people)
                .map(|person| (self.given(*at, person, holdings), growth(person)))
                .filter(|(old, new)| !old.is_zero() && !new.is_zero())
                .collect();
            found.push((Member::Family(*at), rate_of(&pairs)));
        }
        if has_ether && paying.is_none() && !successors.is_empty() {
            let paid = |at: usize| {
                let received =
                    |person: usize| ether.map_or(U256::ZERO, |flow| flow.received[person]);
                let pairs: Vec<(U256, U256)> = (0..holdings.people)
                    .map(|person| (self.given(at, person, holdings), received(person)))
                    .filter(|(old, _)| !old.is_zero())
                    .collect();
                let wei_a_unit = common(&pairs).filter(|_| !counts_ether);
                families[at]
                    .pays
                    .or(wei_a_unit.map(|(wei, units)| (units, wei)))
            };
            let redeemed = found.iter().find_map(|(member, rate)| match member {
                Member::Family(at) => Some(times(*rate, paid(*at)?)),
                Member::Ether => None,
            });
            of_ether = redeemed.unwrap_or(ONE);
        }
        found.extend(successors.iter().map(|at| (Member::Family(*at), ONE)));
        if has_ether {
            found.push((Member::Ether, of_ether));
        }
        found
    }

    /// Whose claims are judged: people who have any, before or after, and do not pay for the migration.
    pub(super) fn accounts(
        &self,
        ledgers: &[Ledger],
        families: &[Family],
        holdings: &Holdings,
        ether: Option<&Flow>,
        people: &[Address],
    ) -> Vec<Address> {
        let judged = |at: &usize| {
            let contract = families[*at].contract;
            ledgers.iter().any(|ledger| ledger.contract == contract)
        };
        let judged: Vec<usize> = (0..families.len()).filter(judged).collect();
        let got_ether = ether
            .filter(|flow| flow.side == Side::Successor && ledgers.iter().any(Ledger::is_ether));
        let is_holder = |person: usize| {
            let recorded = |held: &Held| held.before.recorded.saturating_add(held.after.recorded);
            let mut tokens = judged.iter();
            let has_some = tokens.any(|at| !holdings.sum(*at, person, recorded).is_zero());
            has_some || got_ether.is_some_and(|flow| flow.grew[person])
        };
        let funds = |person: usize| {
            let live = |at: usize, of: fn(&Held) -> U256| holdings.sum(at, person, of);
            let mut successors = self.successors.iter();
            successors
                .any(|at| live(*at, |held| held.after.live) < live(*at, |held| held.before.live))
                || got_ether.is_some_and(|flow| flow.funds[person])
        };
        let all = people.iter().enumerate();
        all.filter(|(person, _)| is_holder(*person) && !funds(*person))
            .map(|(_, account)| *account)
            .collect()
    }
}

/// The ledgers of a member, with their ids.
fn books(member: Member, families: &[Family]) -> Vec<(Option<U256>, Ledger)> {
    match member {
        Member::Ether => vec![(None, Ledger::ether("ether".to_owned(), Side::Wallet))],
        Member::Family(at) => {
            let family = &families[at];
            let all = family.books.iter().cloned().enumerate();
            all.map(|(book, ledger)| (family.ids.get(book).copied(), ledger))
                .collect()
        }
    }
}

/// How often somebody who got an id of one family had that id of another, and how often it had not.
fn same_ids(
    from: usize,
    to: usize,
    families: &[Family],
    holdings: &Holdings,
    had: fn(&Held) -> U256,
) -> (usize, usize) {
    let (mut same, mut other) = (0, 0);
    for (book, id) in families[to].ids.iter().enumerate() {
        let old = families[from].ids.iter().position(|own| own == id);
        for person in 0..holdings.people {
            if holdings.of(to, book)[person].gained().is_zero() {
                continue;
            }
            let held = old.map(|old| had(&holdings.of(from, old)[person]));
            match held {
                Some(held) if !held.is_zero() => same += 1,
                _ => other += 1,
            }
        }
    }
    (same, other)
}

/// Makes one group of those that two members are in; one that is in none is added.
fn join(groups: &mut Vec<BTreeSet<Member>>, one: Member, other: Member) {
    let mut whole = BTreeSet::from([one, other]);
    groups.retain(|group| {
        let meets = group.contains(&one) || group.contains(&other);
        if meets {
            whole.extend(group.iter().copied());
        }
        !meets
    });
    groups.push(whole);
}
