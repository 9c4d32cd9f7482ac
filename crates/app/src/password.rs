//! How strong a password is, and strong ones to choose from.

use cdoc2::Zeroizing;

use crate::view::PasswordStrength;

/// Length from which a password resists guessing on its own (CDOC2 recommendations for password recipients).
pub const RECOMMENDED_LENGTH: usize = 20;

/// No letters and digits that look alike, so that a password can be read out.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const GROUPS: usize = 5;
const GROUP_LENGTH: usize = 5;
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
    fn long_is_not_strong() {
        assert!(strength(&"password".repeat(40)).score <= 2);
        assert_eq!(strength("").score, 0);
    }
}
