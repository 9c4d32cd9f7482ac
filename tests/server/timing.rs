//! Unknown, expired and somebody else's capsules cannot be told apart by the time that the answer takes; nor by that of a nonce.

use std::time::{Duration, Instant};

use crate::support::{Connection, Errand, Kind, Offer, Person, Setup, body_for, exchange, get, nonce_request};

/// Requests of each kind.
const REQUESTS: usize = 20_000;
/// How far the chance that one kind takes longer than another may be from one half. By chance alone it is 0.003.
const MOST_DIFFERENCE: f64 = 0.03;

#[test]
fn the_three_kinds_of_not_found_take_the_same_time() {
    let (mari, jaan) = (Person::new(Kind::P256), Person::new(Kind::P256));
    let never = Duration::from_secs(24 * 60 * 60);
    let fixture = Setup { clean_up_every: never, ..Setup::listing(&[&mari, &jaan]) }.start();
    // Among others, so that there is something to look through.
    for _ in 0..500 {
        fixture.take(&body_for(&mari));
    }
    let expired = fixture.take(&body_for(&mari));
    fixture.clock.forward(Duration::from_secs(1095 * 24 * 60 * 60));
    for _ in 0..500 {
        fixture.take(&body_for(&mari));
    }
    let theirs = fixture.take(&body_for(&jaan));
    let kinds = ["/key-capsules/KC00112233445566778899aabbccddeeff", &expired, &theirs].map(get);
    take_the_same_time(&mut fixture.as_recipient(&mari), &kinds, 404);
}

#[test]
fn nonces_for_capsules_that_are_there_take_as_long_as_for_those_that_are_not() {
    let mari = Person::new(Kind::P256);
    let fixture = Setup { ticket: Some(Offer::new("css-a")), ..Setup::listing(&[&mari]) }.start();
    for _ in 0..500 {
        fixture.take(&body_for(&mari));
    }
    let there = Errand::new(&fixture, &mari);
    let kinds = ["KC00112233445566778899aabbccddeeff", there.id.as_str()].map(nonce_request);
    take_the_same_time(&mut fixture.with_ticket(), &kinds, 200);
}

/// Asks for each kind many times, in another order each time.
fn take_the_same_time<const KINDS: usize>(connection: &mut Connection, kinds: &[String; KINDS], status: u16) {
    let mut times = [const { Vec::<u64>::new() }; KINDS];
    for round in 0..REQUESTS + 500 {
        for index in 0..KINDS {
            let turned = if round % 2 == 0 { index } else { KINDS - 1 - index };
            let kind = (turned + round / 2) % KINDS;
            let begun = Instant::now();
            assert_eq!(exchange(connection, &kinds[kind]).status, status);
            let took = begun.elapsed().as_nanos() as u64;
            if round >= 500 {
                times[kind].push(took);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let medians = times.each_ref().map(|times| times[REQUESTS / 2] as f64 / 1000.0);
    for (one, other) in (0..KINDS).flat_map(|one| (one + 1..KINDS).map(move |other| (one, other))) {
        let chance = chance_of_longer(&times[one], &times[other]);
        println!("{REQUESTS} of each: medians {medians:.1?} µs, chance of taking longer {chance:.4}");
        assert!((chance - 0.5).abs() < MOST_DIFFERENCE, "medians {medians:?} µs, chance {chance}");
    }
}

/// How often one of `these` takes longer than one of `those`, over all pairs (Mann and Whitney); both are sorted.
fn chance_of_longer(these: &[u64], those: &[u64]) -> f64 {
    let longer: f64 = these
        .iter()
        .map(|time| {
            let below = those.partition_point(|other| other < time);
            let same = those.partition_point(|other| other <= time) - below;
            below as f64 + same as f64 / 2.0
        })
        .sum();
    longer / (these.len() as f64 * those.len() as f64)
}
