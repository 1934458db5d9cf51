//! Addresses: filled in, kept to the host that they belong to, and never in clear.
use crate::fault::Problem;
use reqwest::Url;
use std::collections::BTreeMap;

/// What `{x}` in an address stands for.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// `{tenant}`.
    pub tenant: &'a str,
    /// `{attribute}`.
    pub attributes: &'a BTreeMap<String, String>,
    /// `{param:x}`.
    pub params: &'a BTreeMap<String, String>,
}

impl Words<'_> {
    /// Fills a text in; each word goes through `written` first. None where nothing is known under a name.
    pub(super) fn fill(&self, text: &str, written: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            filled.push_str(before);
            let word = match name.strip_prefix("param:") {
                Some(name) => self.params.get(name).map(String::as_str),
                None if name == "tenant" => Some(self.tenant),
                None => self.attributes.get(name).map(String::as_str),
            };
            filled.push_str(&written(word?)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// A base address: a word may only be a label of a host or a part of a path.
    pub(super) fn base(&self, text: &str) -> Option<Url> {
        let label = |word: &str| {
            let plain =
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            plain.then(|| word.to_owned())
        };
        let mut url = Url::parse(&self.fill(text, label)?).ok()?;
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        may_be_asked(&url).then_some(url)
    }

    /// A path or a query value.
    pub(super) fn text(&self, text: &str) -> Option<String> {
        self.fill(text, |word| Some(word.to_owned()))
    }

    /// A path: what a word holds cannot leave its segment.
    pub(super) fn path(&self, text: &str) -> Option<String> {
        self.fill(text, |word| {
            let mut segment = Url::parse("http://x/").ok()?;
            segment.path_segments_mut().ok()?.push(word);
            let written = segment.path().trim_start_matches('/').to_owned();
            (!written.is_empty()).then_some(written)
        })
    }
}

/// Whether an address is encrypted, or on this machine.
pub(super) fn may_be_asked(url: &Url) -> bool {
    url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// The address of a tenant's own host, as the service tells it. The credential goes there, so it is the base's own host,
/// or base and host lie under the domain that the connector names as the supplier's; or both are on this machine.
pub(super) fn own_base(base: &Url, told: &str, domain: Option<&str>) -> Result<Url, Problem> {
    let host = told.trim().trim_start_matches("https://").trim_start_matches("http://");
    let host = host.split('/').next().unwrap_or_default();
    let mut own = Url::parse(&format!("{}://{host}/", base.scheme())).map_err(|_| Problem::ForeignBase)?;
    own.set_path(base.path());
    let same_house = match (is_loopback(base), own.host_str(), base.host_str()) {
        (true, ..) => is_loopback(&own),
        (false, Some(own_host), Some(base_host)) => {
            let within = |host: &str| domain.is_some_and(|domain| is_under(host, domain));
            (own_host == base_host || (within(own_host) && within(base_host)))
                && own.port_or_known_default() == base.port_or_known_default()
        }
        _ => false,
    };
    let plain = own.username().is_empty() && own.password().is_none();
    if same_house && plain && may_be_asked(&own) { Ok(own) } else { Err(Problem::ForeignBase) }
}

/// Whether a host is a domain, or lies under it.
fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// A link of an answer, which must stay on the host that gave it.
pub(super) fn same_host(from: &Url, link: &str) -> Result<Url, Problem> {
    let url = from.join(link).map_err(|_| Problem::ForeignLink)?;
    let same = url.scheme() == from.scheme()
        && url.host() == from.host()
        && url.port_or_known_default() == from.port_or_known_default()
        && url.username().is_empty()
        && url.password().is_none();
    if same { Ok(url) } else { Err(Problem::ForeignLink) }
}

/// The same address with a parameter set, whatever it was before.
pub(super) fn with_param(url: &Url, param: &str, value: &str) -> Url {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != param)
        .map(|(n, v)| (n.into_owned(), v.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(param, value);
    url
}

/// The same address without a parameter.
pub(super) fn without_param(url: &Url, param: &str) -> Url {
    if !url.query_pairs().any(|(name, _)| name == param) {
        return url.clone();
    }
    let mut url = with_param(url, param, "");
    let query = url.query().unwrap_or_default();
    let kept = query.rsplit_once('&').map(|(kept, _)| kept.to_owned());
    url.set_query(kept.as_deref());
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_in_its_place() {
        let none = BTreeMap::new();
        let words = |tenant| Words { tenant, attributes: &none, params: &none };
        assert_eq!(words("A1").path("v1/{tenant}/x").unwrap(), "v1/A1/x");
        assert_eq!(words("a/../b?c").path("v1/{tenant}/x").unwrap(), "v1/a%2F..%2Fb%3Fc/x");
        assert_eq!(words("..").path("v1/{tenant}/x"), None);
        assert_eq!(words("A1").path("v1/{other}/x"), None);
        assert_eq!(
            words("oak").base("https://{tenant}.mis.example").unwrap().as_str(),
            "https://oak.mis.example/"
        );
        assert_eq!(words("evil.example/").base("https://{tenant}.mis.example"), None);
        assert_eq!(words("x").base("http://mis.example"), None, "in clear");
    }

    #[test]
    fn the_credential_goes_to_the_same_house_only() {
        let base = Url::parse("https://api.mis.example/").unwrap();
        let own = |told| own_base(&base, told, Some("mis.example")).map(|url| url.to_string());
        assert_eq!(own("api-south.mis.example").unwrap(), "https://api-south.mis.example/");
        assert_eq!(own("https://api.mis.example/").unwrap(), "https://api.mis.example/");
        for foreign in [
            "mis.example.evil.example",
            "evil.example",
            "evilmis.example",
            "127.0.0.1",
            "",
            "api.mis.example:8443",
            "a@b.mis.example",
        ] {
            assert_eq!(own(foreign), Err(Problem::ForeignBase), "{foreign}");
        }
        // Without a domain, and from a base outside it, no other host gets the credential, however near its name.
        assert!(own_base(&base, "api-south.mis.example", None).is_err());
        assert!(own_base(&base, "api.mis.example", None).is_ok());
        let elsewhere = Url::parse("https://proxy.council.example/").unwrap();
        assert!(own_base(&elsewhere, "api-south.mis.example", Some("mis.example")).is_err());
        let here = Url::parse("http://127.0.0.1:8000/").unwrap();
        assert!(own_base(&here, "127.0.0.1:9000", None).is_ok());
        assert!(own_base(&here, "api.mis.example", Some("mis.example")).is_err());
    }

    #[test]
    fn parameters_are_set_once_and_taken_away() {
        let url = Url::parse("https://x.example/a?k=secret&page=1&q=a%20b").unwrap();
        assert_eq!(with_param(&url, "page", "2").query(), Some("k=secret&q=a+b&page=2"));
        assert_eq!(without_param(&url, "k").query(), Some("page=1&q=a+b"));
        assert_eq!(without_param(&Url::parse("https://x.example/a?k=1").unwrap(), "k").query(), None);
    }
}
