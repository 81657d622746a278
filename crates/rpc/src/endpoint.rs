//! A node's URL, of which only the origin is ever shown.

use crate::ConnectError;
use reqwest::Url;

/// Shorter pieces of a path are words such as `v3` or `mainnet`, not keys.
const MIN_SEGMENT_CHARS: usize = 8;
/// Shorter names, passwords and query values would take ordinary words out of a text.
const MIN_SECRET_CHARS: usize = 4;
/// Text from a node is untrusted; more than this is not repeated.
const MAX_SHOWN_CHARS: usize = 300;

/// The URL of a node, and what of it must not be shown.
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    secrets: Vec<String>,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectError> {
        let url = Url::parse(text).map_err(|error| ConnectError::Url(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ConnectError::Scheme(url.scheme().to_owned()));
        }
        let mut secrets: Vec<String> = Vec::new();
        secrets.extend(url.password().map(str::to_owned));
        secrets.push(url.username().to_owned());
        secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        secrets.extend(
            url.query()
                .into_iter()
                .flat_map(|q| q.split(['&', '=']))
                .map(str::to_owned),
        );
        secrets.retain(|secret| secret.len() >= MIN_SECRET_CHARS);
        let segments = url.path_segments().into_iter().flatten();
        secrets.extend(
            segments
                .filter(|s| s.len() >= MIN_SEGMENT_CHARS)
                .map(str::to_owned),
        );
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Ok(Self { url, secrets })
    }

    /// `scheme://host:port`.
    pub(crate) fn origin(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{}://{host}:{port}", self.url.scheme()),
            None => format!("{}://{host}", self.url.scheme()),
        }
    }

    /// Whether the node is on this machine, where no proxy is wanted.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }

    /// A node's words, fit to be shown: no secret of the URL, no control character, not too long.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.secrets {
            shown = shown.replace(secret, "***");
        }
        shown.retain(|c| !c.is_control());
        if let Some((end, _)) = shown.char_indices().nth(MAX_SHOWN_CHARS) {
            shown.truncate(end);
            shown.push('…');
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[track_caller]
    fn check(url: &str, text: &str, origin: &str, shown: &str) {
        let endpoint = Endpoint::parse(url).unwrap();
        assert_eq!(endpoint.origin(), origin);
        assert_eq!(endpoint.scrub(text), shown);
    }

    #[test]
    fn only_the_origin_is_shown() {
        check(
            "https://alice:hunter2hunter2@node.example:8443/v3/0123456789abcdef?token=s3cr3ts3cr3t",
            "Cannot POST /v3/0123456789abcdef?token=s3cr3ts3cr3t for hunter2hunter2\u{7}",
            "https://node.example:8443",
            "Cannot POST /v3/***?***=*** for ***",
        );
        check(
            "http://127.0.0.1:8545",
            "nonce too low",
            "http://127.0.0.1:8545",
            "nonce too low",
        );
    }

    #[test]
    fn long_texts_are_cut() {
        let endpoint = Endpoint::parse("http://localhost").unwrap();
        assert_eq!(
            endpoint.scrub(&"é".repeat(1000)).chars().count(),
            super::MAX_SHOWN_CHARS + 1
        );
    }

    #[test]
    fn loopback() {
        for (url, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost/x", true),
            ("http://10.0.0.1", false),
            ("https://node.example", false),
        ] {
            assert_eq!(
                Endpoint::parse(url).unwrap().is_loopback(),
                loopback,
                "{url}"
            );
        }
    }
}
