//! A realm with the DOM and little around it, for tests that look at its heap.

use quickbeam_api_dom::DomApi;
use quickbeam_engine::{Ctx, EvalOptions, Isolate, IsolateOptions, Realm};
use quickbeam_executor::Api;

pub fn realm(options: IsolateOptions) -> (Isolate, Realm) {
    let isolate = Isolate::new(options).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, |ctx| {
        for api in quickbeam_apis::always().iter().chain([&(&DomApi as &'static dyn Api)]) {
            assert!(api.install(ctx).is_ok(), "{}: {}", api.name(), ctx.take_report());
        }
    });
    (isolate, realm)
}

/// What a script gives, or throws.
pub fn run(ctx: Ctx<'_>, script: &str) -> String {
    match ctx.eval(script, &EvalOptions::default()) {
        Ok(value) => value.to_text().unwrap_or_default(),
        Err(_) => ctx.take_report().to_string(),
    }
}
