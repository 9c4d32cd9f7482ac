//! What stands between a command and its answer, at its bounds, with cards that are played: by a script, by a virtual card, by chance.

use proptest::prelude::*;
use virtual_card::{Fault, Holder, Kind, VirtualCard};

use super::{
    CardError, CardKind, Result,
    apdu::{Command, Status, StatusWord},
    conversation::{Outcome, Played, conversation},
    tlv,
    transport::Talk,
};

const READ: [u8; 4] = [0x00, 0xB0, 0x00, 0x00];

/// Data and status word, or why there is none.
type Answer = Result<(Vec<u8>, u16)>;

/// Sends `command` to a card that gives these answers one after the other, and then is gone; gives what was sent, too.
fn told(command: &Command, is_t0: bool, answers: &[&[u8]]) -> (Answer, Vec<Vec<u8>>) {
    let (mut sent, mut answers) = (Vec::new(), answers.iter());
    let mut answer = |command: &[u8]| {
        sent.push(command.to_vec());
        answers.next().map(|answer| answer.to_vec())
    };
    let result = Talk(&mut Played { is_t0, answer: &mut answer }).send(command);
    (result.map(|(data, status)| (data.to_vec(), status.0)), sent)
}

/// The same with a card that always answers the same.
fn told_for_ever(command: &Command, always: &[u8]) -> (Answer, usize) {
    let (result, sent) = told(command, false, &[always; 1000]);
    (result, sent.len())
}

fn misbehaves(result: &Answer, words: &str) {
    assert!(matches!(result, Err(CardError::Misbehaved { what, .. }) if what.contains(words)), "{result:?}");
}

fn read() -> Command {
    Command::new("READ", READ).expecting(0xC0)
}

#[test]
fn a_length_is_corrected_once() {
    let (result, sent) = told(&read(), false, &[&[0x6C, 0x05], &[1, 2, 3, 4, 5, 0x90, 0x00]]);
    assert_eq!(result.expect("an answer"), (vec![1, 2, 3, 4, 5], 0x9000));
    assert_eq!(sent, [[0x00, 0xB0, 0x00, 0x00, 0xC0], [0x00, 0xB0, 0x00, 0x00, 0x05]]);
    let (result, sent) = told_for_ever(&read(), &[0x6C, 0x05]);
    misbehaves(&result, "one length after the other");
    assert_eq!(sent, 2);
    // Where no length was given, there is none to be corrected.
    for command in [Command::new("SELECT", READ), Command::new("SELECT", READ).data(&[1, 2])] {
        let (result, sent) = told_for_ever(&command, &[0x6C, 0x05]);
        misbehaves(&result, "one length after the other");
        assert_eq!(sent, 1);
    }
}

#[test]
fn an_answer_in_parts_is_put_together() {
    let (result, sent) = told(&read(), false, &[&[1, 0x61, 0x02], &[2, 3, 0x61, 0x00], &[4, 0x90, 0x00]]);
    assert_eq!(result.expect("an answer"), (vec![1, 2, 3, 4], 0x9000));
    assert_eq!(sent[1..], [[0x00, 0xC0, 0x00, 0x00, 0x02], [0x00, 0xC0, 0x00, 0x00, 0x00]]);
    // Its end may also be a failure, of which the data is of no interest; and a corrected length comes before the parts.
    let (result, _) = told(&read(), false, &[&[0x6C, 0x05], &[1, 0x61, 0x01], &[0x6A, 0x82]]);
    assert_eq!(result.expect("an answer"), (vec![1], 0x6A82));
    let (result, _) = told(&read(), false, &[&[1, 0x61, 0x01], &[0x6C, 0x01]]);
    misbehaves(&result, "one length after the other");
}

#[test]
fn an_answer_ends() {
    for part in [&[0x61, 0x00][..], &[0x30, 0x61, 0x01], &[&[0x30; 256][..], &[0x61, 0x00]].concat()] {
        let (result, sent) = told_for_ever(&read(), part);
        misbehaves(&result, "does not end");
        assert!(sent <= 33, "{sent}");
    }
    // 32 parts more are the most.
    let mut answers = vec![&[0x30, 0x61, 0x01][..]; 32];
    answers.push(&[0x30, 0x90, 0x00]);
    assert_eq!(told(&read(), false, &answers).0.expect("an answer").0.len(), 33);
    answers.insert(0, &[0x30, 0x61, 0x01]);
    misbehaves(&told(&read(), false, &answers).0, "does not end");
    // 4096 bytes are the longest, in however few parts.
    let whole = [&[0x30; 256][..], &[0x61, 0x00]].concat();
    let mut answers = vec![&*whole; 15];
    let last = [&[0x30; 256][..], &[0x90, 0x00]].concat();
    answers.push(&last);
    assert_eq!(told(&read(), false, &answers).0.expect("an answer").0.len(), 4096);
    answers.insert(0, &[0x30, 0x61, 0x00]);
    misbehaves(&told(&read(), false, &answers).0, "too long");
}

#[test]
fn a_part_has_a_status_word_and_256_bytes_at_most() {
    for answer in [&[][..], &[0x90]] {
        misbehaves(&told(&read(), false, &[answer]).0, "no status word");
        misbehaves(&told(&read(), false, &[&[0x61, 0x01], answer]).0, "no status word");
    }
    let longest = [&[0x30; 256][..], &[0x90, 0x00]].concat();
    assert_eq!(told(&read(), false, &[&longest]).0.expect("an answer").0.len(), 256);
    for length in [259, 300, 65_000] {
        misbehaves(&told(&read(), false, &[&vec![0x30; length]]).0, "too long");
    }
}

#[test]
fn much_data_goes_in_a_chain_whose_end_alone_expects_an_answer() {
    for length in [0_usize, 1, 254, 255, 256, 510, 511, 1000] {
        for is_t0 in [false, true] {
            let data: Vec<u8> = (0..length).map(|number| number as u8).collect();
            let command = Command::new("PSO", [0x00, 0x2A, 0x80, 0x86]).data(&data).expecting(0);
            let parts = length.div_ceil(255).max(1);
            let (result, sent) = told(&command, is_t0, &vec![&[0x90, 0x00][..]; parts]);
            assert_eq!((result.expect("an answer").1, sent.len()), (0x9000, parts));
            let mut carried = Vec::new();
            for (index, part) in sent.iter().enumerate() {
                let is_last = index == parts - 1;
                assert_eq!(part[..4], [if is_last { 0x00 } else { 0x10 }, 0x2A, 0x80, 0x86]);
                let rest = &part[4..];
                let expects = is_last && (length == 0 || !is_t0);
                let rest = if expects { rest.strip_suffix(&[0]).expect("a length") } else { rest };
                if let Some((count, data)) = rest.split_first() {
                    assert_eq!(usize::from(*count), data.len());
                    carried.extend_from_slice(data);
                }
            }
            assert_eq!(carried, data);
        }
    }
}

#[test]
fn a_chain_stops_where_the_card_refuses() {
    let command = Command::new("PSO", [0x00, 0x2A, 0x80, 0x86]).data(&[1; 600]);
    let (result, sent) = told(&command, false, &[&[0x90, 0x00], &[0x68, 0x84]]);
    assert_eq!((result.expect("an answer").1, sent.len()), (0x6884, 2));
}

#[test]
fn status_words_say_one_thing_each() {
    for word in 0..=u16::MAX {
        let expected = match word {
            0x9000 => Status::Done,
            0x6100..=0x61FF => Status::More(word as u8),
            0x6C00..=0x6CFF => Status::WrongLength(word as u8),
            0x63C0 | 0x6983 | 0x6984 => Status::Blocked,
            0x63C1..=0x63CF => Status::WrongPin { left: word as u8 & 0x0F },
            0x6A82 => Status::NotFound,
            _ => Status::Other,
        };
        assert_eq!(StatusWord(word).status(), expected, "{word:04X}");
    }
}

#[test]
fn data_objects_are_found_in_every_form_of_length_and_not_beyond_their_end() {
    for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1000, 0xFFFF] {
        let value = vec![0x5A; length];
        let encoded = object(&[0x9F, 0x85, 0x23], &value);
        assert_eq!(tlv::find(&encoded, 0x9F_8523), Some(&*value));
        assert_eq!(tlv::find(&encoded[..encoded.len() - 1], 0x9F_8523), None);
        assert_eq!(tlv::find(&[&encoded[..], &[0x80, 0x01]].concat(), 0x80), None);
    }
    // Indefinite, of three bytes, of four; tags of five.
    for odd in [
        &[0x80, 0x80, 1, 0, 0][..],
        &[0x80, 0x83, 0, 0, 1, 1],
        &[0x80, 0x84, 0, 0, 0, 1, 1],
        &[0x9F, 0x81, 0x81, 0x81, 0x01, 1, 1],
    ] {
        assert_eq!(tlv::find(odd, 0x80), None);
    }
}

#[test]
fn data_objects_lie_in_one_another_only_so_deep() {
    let nested = |depth| (0..depth).fold(object(&[0x9B], &[3]), |inner, _| object(&[0x70], &inner));
    assert_eq!(tlv::find(&nested(8), 0x9B), Some(&[3][..]));
    assert_eq!(tlv::find(&nested(9), 0x9B), None);
}

#[test]
fn numbers_have_one_to_four_bytes() {
    let numbers = [&[][..], &[0], &[1, 0], &[0xFF; 4], &[0; 5]].map(tlv::number);
    assert_eq!(numbers, [None, Some(0), Some(256), Some(0xFFFF_FFFF), None]);
}

/// A data object.
fn object(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(value.len()).expect("short").to_be_bytes();
    let length = match value.len() {
        0..0x80 => vec![low],
        0x80..0x100 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [tag, &length, value].concat()
}

proptest! {
    #[test]
    fn whatever_bytes_are_looked_into_what_is_found_is_a_part_of_them(bytes: Vec<u8>, tag in 0..0x1000_u32) {
        if let Some(found) = tlv::find(&bytes, tag) {
            prop_assert!(found.len() + 2 <= bytes.len());
            prop_assert!(found.is_empty() || bytes.windows(found.len()).any(|window| window == found));
        }
    }

    #[test]
    fn whatever_a_card_answers_the_conversation_ends(answers: Vec<Vec<u8>>, idemia: bool, is_t0: bool) {
        let kind = if idemia { CardKind::Idemia } else { CardKind::Thales };
        let mut commands = 0;
        conversation(kind, is_t0, &mut |_| {
            commands += 1;
            // For ever the same again.
            Some(answers.get(commands % answers.len().max(1)).cloned().unwrap_or_default())
        });
        prop_assert!(commands < 2000, "{commands}");
    }
}

fn card(kind: CardKind, holder: &Holder) -> VirtualCard {
    let kind = if kind == CardKind::Idemia { Kind::Idemia } else { Kind::Thales };
    VirtualCard::new(kind, holder.clone(), "1234")
}

fn with(card: &VirtualCard, kind: CardKind) -> (Outcome, Vec<Vec<u8>>) {
    let mut sent = Vec::new();
    let outcome = conversation(kind, false, &mut |command| {
        sent.push(command.to_vec());
        card.transmit(command)
    });
    (outcome, sent)
}

fn verifies(sent: &[Vec<u8>]) -> usize {
    sent.iter().filter(|command| command.starts_with(&[0x00, 0x20])).count()
}

#[test]
fn every_fault_at_every_command_ends_in_an_error_or_in_nothing_that_matters() {
    let says = |bytes: &[u8]| Fault::Says(bytes.to_vec());
    let faults = [
        says(&[]),
        says(&[0x90]),
        says(&[0x90, 0x00]),
        says(&[0x6F, 0x00]),
        says(&[0x69, 0x83]),
        says(&[0x63, 0xC1]),
        says(&[0x6A, 0x82]),
        says(&[0x5A; 40]),
        says(&[0x5A; 258]),
        says(&[0x5A; 65_000]),
        says(&[&[0x30; 48][..], &[0x90, 0x00]].concat()),
        says(&[&[0xFF; 256][..], &[0x90, 0x00]].concat()),
        Fault::Endless,
        Fault::EndlessEmpty,
        Fault::EndlessLength,
        Fault::Removed,
    ];
    let holder = Holder::new("JÕEORG", "JAAK-KRISTJAN", "38001085718");
    for kind in [CardKind::Idemia, CardKind::Thales] {
        let (outcome, sent) = with(&card(kind, &holder), kind);
        assert!(outcome.shown.is_ok() && outcome.agreed.is_ok() && outcome.signed.is_ok(), "{outcome:?}");
        for (number, fault) in (0..sent.len()).flat_map(|number| faults.iter().map(move |fault| (number, fault))) {
            let card = card(kind, &holder);
            card.fail_at(number, fault.clone());
            let (outcome, faulty) = with(&card, kind);
            // The PIN is sent again only after the card had said that it is right.
            assert!(verifies(&faulty) <= 2, "{kind:?} {number} {fault:?}: {outcome:?}");
            let refused = outcome.agreed.is_err() && outcome.signed.is_err();
            assert!(verifies(&faulty) <= 1 || !refused, "{kind:?} {number} {fault:?}: {outcome:?}");
            for answer in [&outcome.agreed, &outcome.signed].into_iter().flatten() {
                assert!([48, 96].contains(&answer.len()));
            }
            // Well again, it is what it was; the faults cost it no try.
            card.heal();
            assert_eq!(card.tries_left(), 3);
            let (outcome, _) = with(&card, kind);
            assert!(outcome.shown.is_ok() && outcome.signed.is_ok(), "{kind:?} {number} {fault:?}: {outcome:?}");
        }
    }
}
