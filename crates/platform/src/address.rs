//! Addresses of other servers.

use url::{Host, Url};

/// An address that may be asked with a secret of ours: encrypted, or on this very machine.
pub(crate) fn guarded(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    match url.scheme() {
        "https" => Some(url),
        "http" if here => Some(url),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_asked_encrypted_or_on_this_machine() {
        for good in [
            "https://id.example.vn",
            "http://127.0.0.1:8080",
            "http://[::1]/",
        ] {
            assert!(guarded(good).is_some(), "{good}");
        }
        for bad in [
            "http://id.example.vn",
            "http://127.0.0.1.example.vn",
            "http://localhost",
            "file:///etc/passwd",
            "",
        ] {
            assert!(guarded(bad).is_none(), "{bad}");
        }
    }
}
