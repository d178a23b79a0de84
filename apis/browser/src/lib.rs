//! The browser's APIs beside those that every realm has, and the groups that the option `apis` names.
//!
//! ```
//! let names = |group| quickbeam_apis_browser::group(group).map(|apis| apis.iter().map(|api| api.name()).collect());
//! assert_eq!(names("url"), Some(vec!["url", "urlpattern"]));
//! assert_eq!(names("console"), Some(vec![]), "every realm has it");
//! assert_eq!(names("telnet"), None::<Vec<&str>>);
//! ```

use quickbeam_executor::Api;

/// Every API with the groups that bring it, in the order to install them in. `browser` brings all.
const APIS: &[(&[&str], &dyn Api)] = &[
    (&["url", "fetch"], &quickbeam_api_url::Urls),
    (&["buffer"], &quickbeam_api_buffer::Buffers),
    (&["compression"], &quickbeam_api_compression::Compression),
    (&[], &quickbeam_api_performance::Timeline),
    (&[], &quickbeam_api_navigator::Navigator),
    (&["url"], &quickbeam_api_urlpattern::UrlPatterns),
    (&["fetch", "compression"], &quickbeam_api_streams::Streams),
    (&["crypto"], &quickbeam_api_crypto::SubtleCrypto),
    (&["fetch"], &quickbeam_api_file::Files),
    (&["intl"], &quickbeam_api_intl::Intl),
    (&["intl"], &quickbeam_api_temporal::Temporal),
    (&["dom"], &quickbeam_api_dom::DomApi),
    (&["channel", "worker"], &quickbeam_api_messaging::Messaging),
    (&["channel"], &quickbeam_api_broadcast_channel::BroadcastChannel),
    (&["worker"], &quickbeam_api_worker::Worker),
    (&["storage"], &quickbeam_api_storage::Storage),
    (&["locks"], &quickbeam_api_locks::Locks),
    (&["fetch"], &quickbeam_api_fetch::Fetch),
    (&["websocket"], &quickbeam_api_websocket::WebSockets),
    (&["eventsource"], &quickbeam_api_eventsource::EventSources),
];

/// What the option `apis` takes.
const GROUPS: &[&str] = &[
    "browser",
    "node",
    "beam",
    "fetch",
    "websocket",
    "worker",
    "channel",
    "eventsource",
    "intl",
    "url",
    "crypto",
    "compression",
    "buffer",
    "dom",
    "console",
    "storage",
    "locks",
];

/// All of them, in the order to install them in.
pub fn browser() -> Vec<&'static dyn Api> {
    APIS.iter().map(|(_, api)| *api).collect()
}

/// Those of one group; `None` if there is no such group.
pub fn group(name: &str) -> Option<Vec<&'static dyn Api>> {
    groups(&[name])
}

/// Those of several groups, each once; `None` if there is no group of one of the names.
pub fn groups(names: &[&str]) -> Option<Vec<&'static dyn Api>> {
    if !names.iter().all(|name| GROUPS.contains(name)) {
        return None;
    }
    let is_wanted = |groups: &[&str]| names.contains(&"browser") || groups.iter().any(|group| names.contains(group));
    Some(APIS.iter().filter(|(groups, _)| is_wanted(groups)).map(|(_, api)| *api).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apis_name_groups_that_there_are() {
        for (groups, api) in APIS {
            assert!(groups.iter().all(|group| GROUPS.contains(group)), "{}", api.name());
        }
    }

    #[test]
    fn an_api_of_several_groups_is_there_once() {
        let names: Vec<&str> = groups(&["fetch", "url"]).unwrap().iter().map(|api| api.name()).collect();
        assert_eq!(names.iter().filter(|name| **name == "url").count(), 1, "{names:?}");
        assert_eq!(groups(&["browser"]).unwrap().len(), browser().len());
    }
}
