// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * How strong a password is.
 */
export type PasswordStrength = { 
/**
 * 0 (guessed at once) to 4 (strong).
 */
score: number, 
/**
 * At least 20 characters, as the format recommends.
 */
longEnough: boolean, 
/**
 * Upper case, lower case and digits.
 */
hasUpper: boolean, 
/**
 * Lower case.
 */
hasLower: boolean, 
/**
 * A digit.
 */
hasDigit: boolean, };
