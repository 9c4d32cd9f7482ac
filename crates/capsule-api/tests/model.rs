//! A bounded model of authentication to several servers: everything that a listed server which lies can do in a few steps, together with
//! whoever writes containers. It finds the attacks on rules that lack something, and none on the rules as they are
//! (`docs/authentication.md`).
//!
//! Hashes and signatures are perfect here: a nonce is known or not, a mask gives nothing away, and nobody signs for the recipient.

use std::collections::{BTreeSet, VecDeque};

/// Most steps of an attack. The longest one of those below has two.
const STEPS: usize = 4;

/// Two servers of the recipient's list: one honest, one that lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Server {
    Honest,
    Liar,
}

use Server::{Honest, Liar};

/// A transaction: an identifier that any server may claim to have given.
type Id = u8;

/// What a tag says of a server: its identifier, and its origin where that is in the tag.
type Tag = (Server, Option<Server>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nonce {
    /// Who can tell it again.
    issuer: Server,
    tag: Option<Tag>,
    id: Id,
    random: u8,
}

/// The rules, each of which can be left out.
#[derive(Clone, Copy, Debug)]
struct Rules {
    tag: TagRule,
    /// Whether nonces of others are masked.
    masked: bool,
    /// Whether no two nonces are equal.
    random: bool,
    /// Whether the liar has the honest server's identifier, in another infrastructure.
    identifiers_collide: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TagRule {
    None,
    Identifier,
    /// The origin is what the request says.
    OriginOfRequest,
    /// The origin is what is configured.
    OriginOfConfiguration,
}

/// The rules as they are.
const RULES: Rules =
    Rules { tag: TagRule::OriginOfConfiguration, masked: true, random: true, identifiers_collide: true };

/// What the attacker knows, and what the honest server remembers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    nonces: BTreeSet<Nonce>,
    /// Signatures that he has seen, each over transactions with their nonces (masked: seen is not known).
    signatures: BTreeSet<BTreeSet<(Id, Nonce)>>,
    spent: BTreeSet<Nonce>,
    issued: u8,
}

/// What happens in a step.
#[derive(Clone, Debug)]
enum Step {
    /// The attacker asks the honest server for a nonce, with this origin in his request.
    Asks { id: Id, origin: Server },
    /// The recipient opens a container with these records; the liar hands out these nonces; the honest server's ticket arrives, or is held up.
    Opens { records: Vec<(Server, Id)>, handed: Vec<Nonce>, arrives: bool },
}

impl Rules {
    fn identifier(&self, server: Server) -> Server {
        if self.identifiers_collide { Honest } else { server }
    }

    /// The tag of a server that is reached at `origin`, as a request would have it.
    fn tag(&self, server: Server, origin: Server) -> Option<Tag> {
        match self.tag {
            TagRule::None => None,
            TagRule::Identifier => Some((self.identifier(server), None)),
            TagRule::OriginOfRequest => Some((self.identifier(server), Some(origin))),
            TagRule::OriginOfConfiguration => Some((self.identifier(server), Some(server))),
        }
    }

    fn issue(&self, state: &mut State, id: Id, origin: Server) -> Nonce {
        state.issued += u8::from(self.random);
        Nonce { issuer: Honest, tag: self.tag(Honest, origin), id, random: state.issued }
    }

    /// One step further; `None` when nothing comes of it.
    fn after(&self, state: &State, step: &Step) -> Option<State> {
        let mut next = state.clone();
        match step {
            Step::Asks { id, origin } => {
                let nonce = self.issue(&mut next, *id, *origin);
                next.nonces.insert(nonce);
            }
            Step::Opens { records, handed, arrives } => {
                let mut handed = handed.iter();
                let mut signed = BTreeSet::new();
                for (server, id) in records {
                    let nonce = match server {
                        Honest => self.issue(&mut next, *id, Honest),
                        Liar => *handed.next()?,
                    };
                    // The recipient looks at the tag, and signs for no other server.
                    if nonce.tag == self.tag(*server, *server) {
                        signed.insert((*server, *id, nonce));
                    }
                }
                let ids: BTreeSet<_> = signed.iter().map(|(_, id, _)| *id).collect();
                if signed.is_empty() || ids.len() != signed.len() {
                    return None;
                }
                let covered: BTreeSet<_> = signed.iter().map(|(_, id, nonce)| (*id, *nonce)).collect();
                if signed.iter().any(|(server, ..)| *server == Liar) {
                    if !self.masked {
                        next.nonces.extend(covered.iter().map(|(_, nonce)| *nonce));
                    }
                    next.signatures.insert(covered);
                }
                if *arrives {
                    next.spent.extend(signed.iter().filter(|(server, ..)| *server == Honest).map(|(.., nonce)| *nonce));
                }
            }
        }
        Some(next)
    }

    /// Whether the honest server gives the attacker a capsule of the recipient's now.
    fn is_lost(&self, state: &State) -> bool {
        state.signatures.iter().flatten().any(|(id, nonce)| {
            let is_known = state.nonces.contains(nonce);
            let is_issued = nonce.issuer == Honest && nonce.id == *id && !state.spent.contains(nonce);
            // He may claim any origin in this request, too.
            let is_tagged = [Honest, Liar].iter().any(|origin| nonce.tag == self.tag(Honest, *origin));
            is_known && is_issued && is_tagged
        })
    }

    /// What the attacker can do next.
    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        for id in [1, 2] {
            steps.extend([Honest, Liar].map(|origin| Step::Asks { id, origin }));
        }
        // What the liar can hand out: what it knows, and one of its own with whatever tag the recipient wants to see.
        let own = |id| Nonce { issuer: Liar, tag: self.tag(Liar, Liar), id, random: 0 };
        let known: Vec<_> = state.nonces.iter().copied().chain([own(1), own(2)]).collect();
        // Whoever writes containers writes any records.
        let containers =
            [vec![(Liar, 1)], vec![(Honest, 1), (Liar, 2)], vec![(Honest, 1), (Liar, 1)], vec![(Liar, 1), (Liar, 2)]];
        for records in containers {
            let liars = records.iter().filter(|(server, _)| *server == Liar).count();
            for handed in chosen(&known, liars) {
                for arrives in [true, false] {
                    steps.push(Step::Opens { records: records.clone(), handed: handed.clone(), arrives });
                }
            }
        }
        steps
    }

    /// The shortest attack.
    fn attack(&self) -> Option<Vec<Step>> {
        let empty = State { nonces: BTreeSet::new(), signatures: BTreeSet::new(), spent: BTreeSet::new(), issued: 0 };
        let mut seen = BTreeSet::from([empty.clone()]);
        let mut open = VecDeque::from([(empty, Vec::new())]);
        while let Some((state, way)) = open.pop_front() {
            for step in self.steps(&state) {
                let Some(next) = self.after(&state, &step) else { continue };
                if !seen.insert(next.clone()) {
                    continue;
                }
                let way = [&way[..], &[step]].concat();
                if self.is_lost(&next) {
                    return Some(way);
                }
                if way.len() < STEPS {
                    open.push_back((next, way));
                }
            }
        }
        println!("{self:?}: {} states, no attack", seen.len());
        None
    }
}

/// Every way to choose so many of these, in order.
fn chosen(from: &[Nonce], count: usize) -> Vec<Vec<Nonce>> {
    (0..count).fold(vec![Vec::new()], |all, _| {
        all.iter().flat_map(|one| from.iter().map(move |nonce| [&one[..], &[*nonce]].concat())).collect()
    })
}

#[track_caller]
fn is_attacked(why: &str, rules: Rules, steps: usize) {
    let way = rules.attack().unwrap_or_else(|| panic!("the model does not see what is wrong with {why}"));
    println!("{why}: {way:?}");
    assert_eq!(way.len(), steps, "{why}: {way:?}");
}

#[test]
fn no_attack_on_the_rules_as_they_are() {
    for identifiers_collide in [false, true] {
        assert!(Rules { identifiers_collide, ..RULES }.attack().is_none());
    }
}

#[test]
fn without_a_tag_a_liar_uses_the_ticket_elsewhere() {
    is_attacked("no tag", Rules { tag: TagRule::None, identifiers_collide: false, ..RULES }, 2);
}

#[test]
fn a_tag_of_the_identifier_alone_fails_where_identifiers_collide_and_only_there() {
    let rules = Rules { tag: TagRule::Identifier, ..RULES };
    is_attacked("a tag of the identifier", rules, 2);
    assert!(Rules { identifiers_collide: false, ..rules }.attack().is_none());
}

#[test]
fn an_origin_that_the_request_says_is_none() {
    is_attacked("an origin from the request", Rules { tag: TagRule::OriginOfRequest, ..RULES }, 2);
}

#[test]
fn nonces_in_the_clear_are_used_by_whoever_sees_them_first() {
    is_attacked("unmasked nonces", Rules { masked: false, identifiers_collide: false, ..RULES }, 1);
}

#[test]
fn equal_nonces_are_asked_for_again() {
    is_attacked("nonces without randomness", Rules { random: false, identifiers_collide: false, ..RULES }, 2);
}
