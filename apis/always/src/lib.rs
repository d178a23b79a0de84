//! The APIs that every realm has, whatever else it is given: timers, `Beam`, `console`, encoding, events, `structuredClone`,
//! randomness and the clock.
//!
//! Most of them cost a property of the global object until they are first touched.
//!
//! ```
//! use quickbeam_executor::{Executor, ExecutorOptions, RealmConfig};
//! # use quickbeam_executor::{CallId, Host, LogLine, Uncaught};
//! # use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
//! # struct Nobody;
//! # impl Host for Nobody {
//! #     fn call<'a>(&self, ctx: Ctx<'a>, _: CallId, _: bool, _: &str, _: &[Value<'a>]) -> Result<()> { Err(ctx.throw_type("no handlers")) }
//! #     fn log(&self, _: LogLine) {}
//! #     fn uncaught(&self, _: Uncaught) {}
//! #     fn died(&self, _: ErrorReport) {}
//! # }
//! let executor = Executor::new(&ExecutorOptions::default()).unwrap();
//! let config = RealmConfig { apis: quickbeam_apis::always().to_vec(), ..RealmConfig::new(std::sync::Arc::new(Nobody)) };
//! let realm = executor.spawn(config);
//! # drop(realm);
//! ```

use quickbeam_executor::Api;

/// All of them, in the order to install them in.
pub fn always() -> &'static [&'static dyn Api] {
    static ALWAYS: [&dyn Api; 9] = [
        &quickbeam_api_webidl::DomExceptions,
        &quickbeam_api_timers::Timers,
        &quickbeam_api_beam::Beam,
        &quickbeam_api_console::Console,
        &quickbeam_api_encoding::Encoding,
        &quickbeam_api_events::Events,
        &quickbeam_api_structured_clone::StructuredClone,
        &quickbeam_api_crypto::Crypto,
        &quickbeam_api_performance::Performance,
    ];
    &ALWAYS
}
