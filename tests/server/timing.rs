//! Unknown, expired and somebody else's capsules cannot be told apart by the time that the answer takes.

use std::time::{Duration, Instant};

use crate::support::{Kind, Person, Setup, body_for, exchange, get};

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
    let mut connection = fixture.as_recipient(&mari);
    let mut times: [Vec<u64>; 3] = Default::default();
    for round in 0..REQUESTS + 500 {
        // In another order each time.
        for index in 0..3 {
            let kind = (index * [1, 2][round % 2] + round) % 3;
            let begun = Instant::now();
            assert_eq!(exchange(&mut connection, &kinds[kind]).status, 404);
            let took = begun.elapsed().as_nanos() as u64;
            if round >= 500 {
                times[kind].push(took);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let medians = times.each_ref().map(|times| times[REQUESTS / 2] as f64 / 1000.0);
    let chances = [(0, 1), (0, 2), (1, 2)].map(|(one, other)| chance_of_longer(&times[one], &times[other]));
    println!("{REQUESTS} of each: medians {medians:.1?} µs, chances of taking longer {chances:.4?}");
    for chance in chances {
        assert!((chance - 0.5).abs() < MOST_DIFFERENCE, "medians {medians:?} µs, chances {chances:?}");
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
