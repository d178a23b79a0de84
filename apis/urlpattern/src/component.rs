//! The eight components of a pattern.

use urlpattern::parser::Options;
use urlpattern::quirks::{MatchInput, UrlPattern, UrlPatternComponent};

pub(crate) use urlpattern::quirks::UrlPatternInit as Init;

/// One component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    Protocol,
    Username,
    Password,
    Hostname,
    Port,
    Pathname,
    Search,
    Hash,
}

impl Component {
    /// In the order of a URL.
    pub(crate) const ALL: [Component; 8] = [
        Component::Protocol,
        Component::Username,
        Component::Password,
        Component::Hostname,
        Component::Port,
        Component::Pathname,
        Component::Search,
        Component::Hash,
    ];

    pub(crate) fn named(name: &str) -> Option<Component> {
        Component::ALL.into_iter().find(|component| component.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Component::Protocol => "protocol",
            Component::Username => "username",
            Component::Password => "password",
            Component::Hostname => "hostname",
            Component::Port => "port",
            Component::Pathname => "pathname",
            Component::Search => "search",
            Component::Hash => "hash",
        }
    }

    pub(crate) fn of(self, init: &mut Init) -> &mut Option<String> {
        match self {
            Component::Protocol => &mut init.protocol,
            Component::Username => &mut init.username,
            Component::Password => &mut init.password,
            Component::Hostname => &mut init.hostname,
            Component::Port => &mut init.port,
            Component::Pathname => &mut init.pathname,
            Component::Search => &mut init.search,
            Component::Hash => &mut init.hash,
        }
    }

    pub(crate) fn compiled(self, pattern: &UrlPattern) -> &UrlPatternComponent {
        match self {
            Component::Protocol => &pattern.protocol,
            Component::Username => &pattern.username,
            Component::Password => &pattern.password,
            Component::Hostname => &pattern.hostname,
            Component::Port => &pattern.port,
            Component::Pathname => &pattern.pathname,
            Component::Search => &pattern.search,
            Component::Hash => &pattern.hash,
        }
    }

    pub(crate) fn matched(self, input: &MatchInput) -> &str {
        match self {
            Component::Protocol => &input.protocol,
            Component::Username => &input.username,
            Component::Password => &input.password,
            Component::Hostname => &input.hostname,
            Component::Port => &input.port,
            Component::Pathname => &input.pathname,
            Component::Search => &input.search,
            Component::Hash => &input.hash,
        }
    }

    /// How its pattern is split into segments.
    pub(crate) fn options(self) -> Options {
        match self {
            Component::Hostname => Options::hostname(),
            Component::Pathname => Options::pathname(),
            _ => Options::default(),
        }
    }
}
