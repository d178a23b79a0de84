//! Processes and nodes: what `Beam` does with the host's services of these names. The grant is checked here; the
//! host checks what only it knows, such as whether a name is taken.

use quickbeam_api_file::text_of_url;
use quickbeam_api_grants::require;
use quickbeam_api_webidl::{Natives, need};
use quickbeam_engine::{Args, Ctx, Result, Value};
use quickbeam_executor::{call_service, call_service_sync, host};

/// Adds the natives.
pub(crate) fn add(natives: Natives<'_>) -> Result<Natives<'_>> {
    natives
        .function("self", |ctx, _, _| host(ctx)?.owner(ctx))?
        .function("makeRef", |ctx, _, _| host(ctx)?.reference(ctx))?
        .function("send", send)?
        .function("monitor", monitor)?
        .function("demonitor", |ctx, _, args| {
            granted(ctx, args, "Beam.demonitor", 1)?;
            call_service(ctx, "demonitor", &args.rest(0)[..1])?;
            Ok(ctx.undefined())
        })?
        .function("link", |ctx, _, args| with_process(ctx, args, "Beam.link", "link"))?
        .function("unlink", |ctx, _, args| with_process(ctx, args, "Beam.unlink", "unlink"))?
        .function("register", |ctx, _, args| with_name(ctx, args, "Beam.register", "register"))?
        .function("unregister", |ctx, _, args| with_name(ctx, args, "Beam.unregister", "unregister"))?
        .function("whereis", |ctx, _, args| with_name(ctx, args, "Beam.whereis", "whereis"))?
        .function("spawn", |ctx, _, args| {
            granted(ctx, args, "Beam.spawn", 1)?;
            let options = if args.get(1).is_undefined() { ctx.null() } else { args.get(1) };
            let script = args.get(0).to_text()?;
            let (source, kind) = match text_of_url(ctx, &script)? {
                Some((source, kind)) => (ctx.string(&source)?, ctx.string(&kind)?),
                None => (ctx.null(), ctx.null()),
            };
            call_service_sync(ctx, "spawn", &[ctx.string(&script)?, options, source, kind])
        })?
        .function("nodes", |ctx, _, args| {
            granted(ctx, args, "Beam.nodes", 0)?;
            call_service_sync(ctx, "nodes", &[])
        })?
        .function("rpc", |ctx, _, args| {
            granted(ctx, args, "Beam.rpc", 3)?;
            let [node, runtime, function] = [0, 1, 2].map(|index| text(ctx, &args.get(index)));
            let arguments = ctx.array(args.rest(3))?;
            call_service(ctx, "rpc", &[node?, runtime?, function?, arguments])
        })
}

fn granted(ctx: Ctx<'_>, args: Args<'_>, api: &str, arguments: usize) -> Result<()> {
    require(ctx, api, None)?;
    need(ctx, args, arguments, api)
}

fn text<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Value<'a>> {
    ctx.string(&value.to_text()?)
}

fn process<'a>(ctx: Ctx<'a>, args: Args<'a>, api: &str) -> Result<Value<'a>> {
    let target = args.get(0);
    if host(ctx)?.is_process(&target) { Ok(target) } else { Err(ctx.throw_type(&format!("{api} needs a pid"))) }
}

fn with_process<'a>(ctx: Ctx<'a>, args: Args<'a>, api: &str, service: &'static str) -> Result<Value<'a>> {
    granted(ctx, args, api, 1)?;
    call_service_sync(ctx, service, &[process(ctx, args, api)?])
}

fn with_name<'a>(ctx: Ctx<'a>, args: Args<'a>, api: &str, service: &'static str) -> Result<Value<'a>> {
    granted(ctx, args, api, 1)?;
    call_service_sync(ctx, service, &[text(ctx, &args.get(0))?])
}

fn send<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    granted(ctx, args, "Beam.send", 2)?;
    host(ctx)?.send(ctx, &args.get(0), &args.get(1))?;
    Ok(ctx.undefined())
}

/// The host answers with a list of the exit reason, or with `null` for a monitor that was taken back.
fn monitor<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    granted(ctx, args, "Beam.monitor", 2)?;
    let callback = args.get(1);
    if !callback.is_function() {
        return Err(ctx.throw_type("Beam.monitor: the callback is not a function"));
    }
    let target = process(ctx, args, "Beam.monitor")?;
    let reference = host(ctx)?.reference(ctx)?;
    let down = call_service(ctx, "monitor", &[reference.clone(), target])?;
    down.on_settled(
        &callback,
        |ctx, callback, args| {
            let answer = args.get(0);
            if answer.is_null() { Ok(answer) } else { tell(ctx, callback, answer.get_index(0)?) }
        },
        // The reason has no counterpart in JavaScript: the error that says so takes its place.
        |ctx, callback, args| tell(ctx, callback, args.get(0)),
    )?;
    // The owner serves in order: from here on the monitor is there, so that no reason can be missed.
    call_service_sync(ctx, "monitored", &[])?;
    Ok(reference)
}

fn tell<'a>(ctx: Ctx<'a>, callback: &Value<'a>, reason: Value<'a>) -> Result<Value<'a>> {
    ctx.call(callback, &ctx.undefined(), &[reason])
}
