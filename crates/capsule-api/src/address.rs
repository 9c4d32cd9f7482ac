//! Addresses of servers, which people read and compare.

use url::Url;

/// Longest address, in bytes.
const MAX_ADDRESS: usize = 500;

/// Reads `https://host`, with a port and a path when there are such, and nothing else. It must be written as it is used: whatever a parser
/// would mend (a user's name, escapes, dots in the path, a host by other letters or numbers) looks like another address to people.
///
/// ```
/// assert!(capsule_api::https_url("https://capsules.example:8443").is_some());
/// assert!(capsule_api::https_url("https://capsules.example@elsewhere.example").is_none());
/// ```
pub fn https_url(text: &str) -> Option<Url> {
    let rest = text.strip_prefix("https://").filter(|_| text.len() <= MAX_ADDRESS)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let url = Url::parse(text).ok()?;
    let used = match url.port() {
        None => url.host_str()?.to_owned(),
        Some(0) => return None,
        Some(port) => format!("{}:{port}", url.host_str()?),
    };
    // `Url` leaves out the port that https has by itself, and writes a slash where no path is.
    let written = authority.strip_suffix(":443").unwrap_or(authority);
    let same_path = path == url.path() || path.is_empty() && url.path() == "/";
    (url.scheme() == "https" && written.eq_ignore_ascii_case(&used) && same_path).then_some(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_written_as_they_are_used() {
        for text in [
            "https://capsules.example",
            "https://capsules.example/",
            "https://Capsules.Example:443",
            "https://capsules.example:8443/shares/v1",
            "https://127.0.0.1:8443",
            "https://[::1]:8443",
            "https://xn--igus-0qa.example",
        ] {
            assert!(https_url(text).is_some(), "{text}");
        }
        for text in [
            "http://capsules.example",
            "HTTPS://capsules.example",
            "https:capsules.example",
            "https:///capsules.example",
            "https://",
            "https://:8443",
            "https://@capsules.example",
            "https://:@capsules.example",
            "https://user@capsules.example",
            "https://capsules.example?",
            "https://capsules.example/?x",
            "https://capsules.example#",
            "https://capsules.example/a#b",
            "https://capsules.example:",
            "https://capsules.example:0",
            "https://capsules.example:08443",
            "https://capsules.example:65536",
            "https://capsules.example\\@elsewhere.example",
            "https://capsules.example/a\\b",
            "https://capsules.exam\tple",
            "https://capsules.example ",
            "https://c%61psules.example",
            "https://õigus.example",
            "https://ｃapsules.example",
            "https://capsules\u{ad}.example",
            "https://0x7f.1",
            "https://2130706433",
            "https://[0:0:0:0:0:0:0:1]",
            "https://capsules.example/a/../b",
            "https://capsules.example/./",
            "https://capsules.example/%2e%2e/õ",
        ] {
            assert_eq!(https_url(text), None, "{text}");
        }
        assert_eq!(https_url(&format!("https://capsules.example/{}", "a".repeat(MAX_ADDRESS))), None);
    }

    proptest! {
        #[test]
        fn no_address_panics_or_says_another(text in "(https://)?[a-z@:/?#.%0-9õ\\\\]{0,40}") {
            if let Some(url) = https_url(&text) {
                prop_assert!(url.username().is_empty() && url.password().is_none() && url.query().is_none());
                prop_assert!(text.is_ascii() && url.fragment().is_none() && url.host_str() != Some(""));
            }
        }
    }
}
