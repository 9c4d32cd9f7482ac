//! How strong a password is, and strong ones to choose from.

use cdoc2::Zeroizing;
use unicode_normalization::UnicodeNormalization;

use crate::view::PasswordStrength;

/// Length from which a password resists guessing on its own (CDOC2 recommendations for password recipients).
pub const RECOMMENDED_LENGTH: usize = 20;

/// No letters and digits that look alike, so that a password can be read out.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const GROUPS: usize = 5;
const GROUP_LENGTH: usize = 5;
/// Score from which guessing takes too long.
const STRONG: u8 = 3;
/// Characters from which a password is looked for inside a hint.
const TELLING: usize = 4;
/// Longer passwords are judged by their beginning: the estimate takes quadratic time.
const JUDGED: usize = 72;

/// Judges a password as somebody would guess it: by dictionaries, dates, keyboard rows and repetition.
pub fn strength(password: &str) -> PasswordStrength {
    let judged: Zeroizing<String> = Zeroizing::new(password.chars().take(JUDGED).collect());
    let score = if judged.is_empty() { 0 } else { u8::from(zxcvbn::zxcvbn(&judged, &[]).score()) };
    PasswordStrength {
        score,
        long_enough: password.chars().count() >= RECOMMENDED_LENGTH,
        has_upper: password.chars().any(char::is_uppercase),
        has_lower: password.chars().any(char::is_lowercase),
        has_digit: password.chars().any(char::is_numeric),
    }
}

/// Whether guessing may find it: what the window marks as weak, and the command line tells.
pub fn is_weak(password: &str) -> bool {
    let strength = strength(password);
    strength.score < STRONG || !strength.long_enough
}

/// Whether a hint or label, which everybody can read, holds the password, in whatever case. Few letters stand in many words by chance:
/// then only a hint that is the password tells it.
pub fn is_told_by(password: &str, hint: &str) -> bool {
    let plain = |text: &str| Zeroizing::new(text.nfc().collect::<String>().to_lowercase());
    let (told, hint) = (plain(password), plain(hint));
    if told.chars().count() < TELLING { !told.is_empty() && *told == hint.trim() } else { hint.contains(told.as_str()) }
}

/// Whether systems write it in different bytes: letters with marks, as one character or as a letter and a mark.
pub fn is_written_in_two_ways(password: &str) -> bool {
    !password.nfc().eq(password.nfd())
}

/// A random password of 25 letters and digits in five groups: about 145 bits.
pub fn suggest() -> Zeroizing<String> {
    let mut password = Zeroizing::new(String::with_capacity(GROUPS * (GROUP_LENGTH + 1)));
    for group in 0..GROUPS {
        if group > 0 {
            password.push('-');
        }
        for _ in 0..GROUP_LENGTH {
            password.push(random_letter());
        }
    }
    let strength = strength(&password);
    // Chance gives hardly any password without a digit; nobody should get one that breaks a rule.
    if strength.has_upper && strength.has_lower && strength.has_digit { password } else { suggest() }
}

fn random_letter() -> char {
    // Bytes that would favour the beginning of the alphabet are thrown away.
    let fair = 256 - 256 % ALPHABET.len();
    loop {
        let mut byte = [0];
        getrandom::fill(&mut byte).expect("the operating system provides randomness");
        if usize::from(byte[0]) < fair {
            return char::from(ALPHABET[usize::from(byte[0]) % ALPHABET.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_strong_and_differ() {
        let (one, other) = (suggest(), suggest());
        assert_ne!(one, other);
        let strength = strength(&one);
        assert!(strength.score == 4 && strength.long_enough && strength.has_digit, "{strength:?}");
    }

    #[test]
    fn hints_that_tell_the_password_are_known() {
        for hint in ["kala", "it is KALA", "kalamaja"] {
            assert!(is_told_by("Kala", hint), "{hint}");
        }
        assert!(is_told_by("õunapuu", "o\u{303}unapuu"));
        assert!(is_told_by("abc", " ABC ") && !is_told_by("abc", "abcess"));
        assert!(!is_told_by("", "") && !is_told_by("kalamaja", "kala"));
    }

    #[test]
    fn letters_with_marks_are_written_in_two_ways() {
        assert!(is_written_in_two_ways("õ") && is_written_in_two_ways("o\u{303}"));
        assert!(!is_written_in_two_ways("kala ß я"));
    }

    #[test]
    fn long_is_not_strong() {
        assert!(strength(&"password".repeat(40)).score <= 2);
        assert_eq!(strength("").score, 0);
    }
}
