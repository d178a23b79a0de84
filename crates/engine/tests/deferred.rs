//! Deferred globals: made when they are first used, and the same to a script as if they had always been there.

mod support;

use quickbeam_engine::{Ctx, Deferred, Glue, LazyGlobal, Result, Value};
use support::*;

static GLUE: Glue = Glue::new(
    "internal:shapes",
    "(() => {
        globalThis.made = (globalThis.made ?? 0) + 1;
        class Shape {
            #area = 1;
            static unit = 'm';
            static get self() { return this }
            get area() { return this.#area }
        }
        class Square extends Shape {}
        class Canvas extends Shape {
            #strokes = 0;
            #count() { return ++this.#strokes }
            stroke() { return this.#count() }
            get strokes() { return this.#strokes }
        }
        return { Shape, Square, Canvas, canvas: new Canvas(), square: new Square(), shapes: { unit: 'm', get self() { return this } } };
    })()",
);

static SHAPE: Deferred = Deferred::class("Shape", "shapes", shapes);
static SQUARE: Deferred = Deferred::class("Square", "shapes", shapes).extends(&SHAPE);
static CANVAS: Deferred = Deferred::instance("canvas", "Canvas", "shapes", shapes).extends(&SHAPE);
static CANVAS_CLASS: Deferred = Deferred::class("Canvas", "shapes", shapes).extends(&SHAPE);
static BYTES: Deferred =
    Deferred::class("Bytes", "bytes", |ctx| unit(ctx, "bytes", &BYTES_GLUE)).extends_builtin("Uint8Array");
static NAMESPACE: Deferred = Deferred::namespace("shapes", "shapes", shapes);
static BROKEN: Deferred = Deferred::class("Broken", "broken", |ctx| Err(ctx.throw_error("RangeError", "not now")));

static BYTES_GLUE: Glue = Glue::new("internal:bytes", "({ Bytes: class Bytes extends Uint8Array {} })");

fn unit<'a>(ctx: Ctx<'a>, name: &'static str, glue: &Glue) -> Result<Value<'a>> {
    if let Some(made) = ctx.kept(name) {
        return Ok(made);
    }
    let made = glue.run(ctx)?;
    ctx.keep(name, made.clone());
    ctx.settle(name, &made)?;
    Ok(made)
}

fn shapes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    unit(ctx, "shapes", &GLUE)
}

static PLAIN: LazyGlobal = LazyGlobal::new("square", |ctx| shapes(ctx)?.get("square"));

fn check(source: &str, expected: &str) {
    in_realm(|_, ctx| {
        for deferred in [&SHAPE, &SQUARE, &CANVAS, &CANVAS_CLASS, &BYTES, &NAMESPACE, &BROKEN] {
            ctx.define_deferred(deferred).expect("memory");
        }
        ctx.define_lazy_global(&PLAIN).expect("memory");
        assert_eq!(eval_text(ctx, source), expected, "{source}");
    });
}

#[test]
fn touching_makes_nothing() {
    for (source, expected) in [
        (
            "[typeof Shape, typeof Square, typeof shapes, typeof Broken, typeof made]",
            "function,function,object,function,undefined",
        ),
        ("const { Shape: a, shapes: b } = globalThis; [a === Shape, b === shapes, typeof made]", "true,true,undefined"),
        (
            "[Object.getPrototypeOf(Square) === Shape, Object.getPrototypeOf(shapes) === Object.prototype, typeof made]",
            "true,true,undefined",
        ),
        ("Shape; shapes; new Square(); Shape.name; made", "1"),
        ("Shape = 1; [Shape, typeof made]", "1,undefined"),
        ("delete globalThis.Shape; [typeof Shape, typeof made]", "undefined,undefined"),
    ] {
        check(source, expected);
    }
}

#[test]
fn one_that_was_touched_is_the_one_that_instances_have() {
    for touch in [
        "",
        "Shape;",
        "Square;",
        "Shape; Square; shapes;",
        "square;",
        "square; Shape;",
        "Shape; square;",
        "Square; square;",
    ] {
        for (source, expected) in [
            ("[new Shape().area, new Square().area, square.area]", "1,1,1"),
            ("[square.constructor === Square, new Shape().constructor === Shape]", "true,true"),
            ("[square instanceof Shape, square instanceof Square, new Square() instanceof Shape]", "true,true,true"),
            (
                "[Object.getPrototypeOf(Square) === Shape, Object.getPrototypeOf(Square.prototype) === Shape.prototype]",
                "true,true",
            ),
            ("[Shape.unit, Square.unit, Shape.self === Shape, Square.self === Square]", "m,m,true,true"),
            ("Reflect.ownKeys(Shape)", "length,name,prototype,self,unit"),
            ("Object.entries(Shape).join()", "unit,m"),
            ("const keys = []; for (const key in Shape) keys.push(key); keys", "unit"),
            (
                "JSON.stringify(Object.getOwnPropertyDescriptor(Shape, 'unit'))",
                r#"{"value":"m","writable":true,"enumerable":true,"configurable":true}"#,
            ),
            ("JSON.stringify({ ...shapes, self: 0 })", r#"{"unit":"m","self":0}"#),
            ("[shapes.self === shapes, 'unit' in shapes, Object.hasOwn(shapes, 'self')]", "true,true,true"),
            (
                "class Mine extends Square { own = this.area } const mine = new Mine(); [mine.own, mine instanceof Square, mine.constructor === Mine]",
                "1,true,true",
            ),
            ("Reflect.construct(Shape, [], Array) instanceof Array", "true"),
            ("try { Shape() } catch (error) { error instanceof TypeError }", "true"),
            ("`${Shape}`.replace(/\\s+/g, ' ')", "function Shape() { [native code] }"),
            (
                "Shape.unit = 'km'; Shape.more = 1; [Shape.unit, Square.more, delete Shape.more, Shape.more]",
                "km,1,true,",
            ),
            ("Object.defineProperty(Shape, 'more', { get: () => 7 }); [Shape.more, Square.more]", "7,7"),
            ("Object.defineProperty(Shape, 'self', { value: 7 }); Shape.self", "7"),
            (
                "Object.defineProperty(Shape, 'more', { set() {} }); [Shape.more, Square.more, 'more' in Square]",
                ",,true",
            ),
            ("[Reflect.get(Shape, 'self', 7), Reflect.get(Square, 'self', 7), Reflect.get(Shape, 'none', 7)]", "7,7,"),
            (
                "const under = Object.create(shapes); [under.self === under, under.unit, under.none, under.toString === Object.prototype.toString]",
                "true,m,,true",
            ),
            ("Object.setPrototypeOf(shapes, null); [shapes.toString, shapes.unit]", ",m"),
            (
                "Object.freeze(Shape); Shape.unit = 1; Shape.more = 1; [Object.isFrozen(Shape), Shape.unit, Shape.more]",
                "true,m,",
            ),
            (
                "Object.preventExtensions(shapes); shapes.unit = 1; [shapes.unit, Reflect.set(shapes, 'more', 1), 'more' in shapes]",
                "1,false,false",
            ),
            (
                "(() => { 'use strict'; Object.preventExtensions(Shape); try { Shape.more = 1 } catch (error) { return error.name } })()",
                "TypeError",
            ),
            ("[Shape.prototype = 1, delete Shape.prototype, typeof Shape.prototype]", "1,false,object"),
            (
                "const proxy = new Proxy(Shape, {}); [new proxy().area, proxy.unit, proxy.prototype === Shape.prototype]",
                "1,m,true",
            ),
            (
                "const bound = Shape.bind(null); [new bound().area, bound.name, new bound() instanceof bound]",
                "1,bound Shape,true",
            ),
            ("square; Shape.name; shapes.unit; made", "1"),
        ] {
            check(&format!("{touch} {source}"), expected);
        }
    }
}

#[test]
fn an_instance_that_was_touched_is_the_one_there_is() {
    check("canvas; [typeof canvas, canvas === globalThis.canvas, typeof made]", "object,true,undefined");
    for touch in ["", "canvas;", "canvas; Canvas;", "Shape; canvas;", "square;", "square; canvas;", "canvas; square;"] {
        for (source, expected) in [
            ("[canvas.stroke(), canvas.stroke(), canvas.strokes, canvas.area]", "1,2,2,1"),
            ("[canvas instanceof Canvas, canvas instanceof Shape, canvas instanceof Square]", "true,true,false"),
            ("canvas instanceof Object", "true"),
            ("Object.getPrototypeOf(canvas) === Canvas.prototype", "true"),
            ("Reflect.getPrototypeOf(canvas) === Canvas.prototype", "true"),
            ("canvas.__proto__ === Canvas.prototype", "true"),
            ("Object.getPrototypeOf(new Proxy(new Proxy(canvas, {}), {})) === Canvas.prototype", "true"),
            ("Object.getPrototypeOf(Object.getPrototypeOf(Object.create(canvas))) === Canvas.prototype", "true"),
            ("Shape.prototype.isPrototypeOf(canvas)", "true"),
            ("canvas.constructor === Canvas", "true"),
            ("[Reflect.ownKeys(canvas).length, JSON.stringify(canvas), `${canvas}`]", "0,{},[object Object]"),
            ("const keys = []; for (const key in canvas) keys.push(key); keys.length", "0"),
            ("['stroke' in canvas, 'none' in canvas, Object.hasOwn(canvas, 'stroke')]", "true,false,false"),
            ("canvas.mine = 1; [Object.keys(canvas), canvas.stroke()]", "mine,1"),
            ("Object.defineProperty(canvas, 'mine', { value: 1 }); [canvas.mine, canvas.stroke()]", "1,1"),
            ("canvas.strokes = 7; canvas.strokes", "0"),
            (
                "Object.freeze(canvas); [Object.isFrozen(canvas), canvas.stroke(), Object.getPrototypeOf(canvas) === Canvas.prototype]",
                "true,1,true",
            ),
            ("Reflect.preventExtensions(canvas); Object.seal(canvas); canvas.stroke()", "1"),
            (
                "Object.setPrototypeOf(canvas, null); [Canvas.prototype.stroke.call(canvas), Object.getPrototypeOf(canvas)]",
                "1,",
            ),
            (
                "const bare = Object.setPrototypeOf(canvas, { own: 1 }); [bare.own, bare.stroke, bare instanceof Canvas]",
                "1,,false",
            ),
            ("const under = Object.create(canvas); [under.constructor === Canvas, canvas.stroke()]", "true,1"),
            ("try { Object.create(canvas).stroke() } catch (error) { error.name }", "TypeError"),
            (
                "class Sub extends Canvas {} const sub = new Sub(); [sub.stroke(), canvas.stroke(), canvas.stroke()]",
                "1,1,2",
            ),
            ("canvas.stroke(); const { stroke } = canvas; stroke.call(canvas)", "2"),
            ("new WeakMap([[canvas, 'known']]).get((canvas.stroke(), canvas))", "known"),
            ("Object.prototype.__lookupGetter__.call(canvas, 'strokes').call(canvas)", "0"),
        ] {
            check(&format!("{touch} {source}"), expected);
        }
    }
}

#[test]
fn one_may_extend_a_builtin() {
    check(
        "[Object.getPrototypeOf(Bytes) === Uint8Array, new Bytes(3).length, new Bytes(1).map(() => 7) instanceof Bytes]",
        "true,3,true",
    );
}

#[test]
fn one_that_cannot_be_made_says_so_every_time() {
    check("[1, 2].map(() => { try { new Broken() } catch (error) { return error.message } })", "not now,not now");
    check("[Broken, typeof Broken, Object.isExtensible(Broken)].slice(1)", "function,true");
    check("try { Object.keys(Broken) } catch (error) { error.message }", "not now");
}
