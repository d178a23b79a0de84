//! Host objects that keep each other alive.

use quickbeam_engine::{Ctx, Isolate, IsolateOptions, Value};
use std::cell::Cell;
use std::rc::Rc;

struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

fn make<'a>(ctx: Ctx<'a>, live: &Rc<Cell<usize>>) -> Value<'a> {
    live.set(live.get() + 1);
    ctx.host_object(Rc::new(Counted(live.clone())), None).unwrap()
}

#[test]
fn bound_objects_live_and_die_together() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    let live = Rc::new(Cell::new(0));
    isolate.enter(&realm, |ctx| {
        let parent = make(ctx, &live);
        for _ in 0..100 {
            make(ctx, &live).bind_host(Some(&parent));
        }
        let child = make(ctx, &live);
        child.bind_host(Some(&parent));
        child.define("own", parent.clone(), quickbeam_engine::Attributes::ALL).unwrap();
        drop(parent);
        ctx.collect_garbage();
        assert_eq!(live.get(), 102, "one of them is still in use");
        drop(child);
        assert_eq!(live.get(), 102, "a circle waits for the collector");
        ctx.collect_garbage();
        assert_eq!(live.get(), 0);
    });
}

#[test]
fn an_unbound_object_goes_by_itself() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    let live = Rc::new(Cell::new(0));
    isolate.enter(&realm, |ctx| {
        let (parent, other) = (make(ctx, &live), make(ctx, &live));
        let children: Vec<Value<'_>> = (0..3).map(|_| make(ctx, &live)).collect();
        for child in &children {
            child.bind_host(Some(&parent));
        }
        children[1].bind_host(Some(&other));
        children[1].bind_host(None);
        children[0].bind_host(Some(&children[0]));
        drop(children);
        assert_eq!(live.get(), 3, "only the last is still bound");
        drop(parent);
        ctx.collect_garbage();
        assert_eq!(live.get(), 1);
        other.hold(make(ctx, &live));
        ctx.collect_garbage();
        assert_eq!(live.get(), 2, "held");
        drop(other);
        assert_eq!(live.get(), 0);
    });
}

#[test]
fn bonds_go_with_their_realm_and_with_their_isolate() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let live = Rc::new(Cell::new(0));
    let (first, second) = (isolate.new_realm().unwrap(), isolate.new_realm().unwrap());
    for realm in [&first, &second] {
        isolate.enter(realm, |ctx| {
            let (parent, child) = (make(ctx, &live), make(ctx, &live));
            child.bind_host(Some(&parent));
            ctx.globals().set("kept", child).unwrap();
        });
    }
    let _ = isolate.free_realm(first);
    assert_eq!(live.get(), 2);
    isolate.sweep();
    isolate.enter(&second, |ctx| assert!(ctx.globals().get("kept").unwrap().host::<Counted>().is_some()));
    drop(isolate);
    assert_eq!(live.get(), 0);
}
