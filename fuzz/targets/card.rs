//! Any answers of a card to all that is ever said to one: its holder is shown, its PIN entered, its key used.
//!
//! The first byte says which card and which protocol; then answers, each after its length in two bytes. When they are used up, the card is gone.
#![no_main]

use eid::{
    CardKind,
    fuzzing::{Outcome, conversation},
};
use libfuzzer_sys::fuzz_target;

/// No command needs more parts than this, and there are few commands.
const MOST_COMMANDS: usize = 3000;

const GET_RESPONSE: [u8; 4] = [0x00, 0xC0, 0x00, 0x00];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let kind = if first & 1 == 0 { CardKind::Idemia } else { CardKind::Thales };
    let (mut commands, mut is_verifying, mut was_refused) = (0, false, false);
    let Outcome { agreed, signed, .. } = conversation(kind, first & 2 != 0, &mut |command| {
        commands += 1;
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (answer, after) = after.split_at(length);
        rest = after;
        if command.starts_with(&[0x00, 0x20, 0x00]) {
            assert!(!was_refused, "a PIN that was not right is sent again");
            is_verifying = true;
        } else if !command.starts_with(&GET_RESPONSE) {
            is_verifying = false;
        }
        // The status word tells how it went, whatever stands before it; what announces more of an answer tells nothing yet.
        was_refused |= is_verifying && !answer.ends_with(&[0x90, 0x00]) && !matches!(answer, [.., 0x61, _]);
        Some(answer.to_vec())
    });
    assert!(commands < MOST_COMMANDS, "{commands}");
    assert!(agreed.is_err() || agreed.is_ok_and(|secret| secret.len() == 48));
    assert!(signed.is_err() || signed.is_ok_and(|signature| signature.len() == 96));
});
