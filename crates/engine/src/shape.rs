//! Many objects with the same properties.
//!
//! The engine describes an object's properties by a shape, which objects share that got the same properties in the same
//! order. While an object is built it goes from shape to shape, and one that no other object has is changed in place: the
//! next object finds only the last one and has to make all before it anew.

use crate::error::Result;
use crate::object::Attributes;
use crate::value::Value;

/// Objects with more properties than that are not worth the stages.
const MOST_STAGES: usize = 32;

/// Holds every shape on the way to an object's; see [`Value::stages`].
#[must_use = "the shapes go with it"]
pub struct Stages<'a>(#[expect(dead_code, reason = "held for what they share")] Vec<Value<'a>>);

impl<'a> Value<'a> {
    /// Makes further objects cheaper, as long as the result lives, that get the properties of this plain one in the same
    /// order.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn stages(&self) -> Result<Stages<'a>> {
        let keys = self.all_keys()?;
        if keys.len() > MOST_STAGES {
            return Ok(Stages(Vec::new()));
        }
        let ctx = self.ctx();
        let stage = |length: usize| {
            let object = ctx.object()?;
            for key in &keys[..length] {
                object.define_key(key, ctx.undefined(), Attributes::ALL)?;
            }
            Ok(object)
        };
        (1..=keys.len()).map(stage).collect::<Result<_>>().map(Stages)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Attributes, EvalOptions, Isolate, IsolateOptions};

    #[test]
    fn rows_share_one_shape_and_stages_leave_none_behind() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let row = || {
                let row = ctx.object().expect("memory");
                for name in ["a", "b", "c", "1"] {
                    row.define(name, ctx.int(1), Attributes::ALL).expect("memory");
                }
                row
            };
            let shapes = || ctx.census().into_iter().find(|(name, _)| *name == "shape_count").expect("a count").1;
            let first = row();
            let without = shapes();
            let stages = first.stages().expect("memory");
            let with = shapes();
            let rows: Vec<_> = (0..10).map(|_| row()).collect();
            assert_eq!(shapes(), with);
            drop(stages);
            assert_eq!(shapes(), without);
            let text = ctx.eval("JSON.stringify", &EvalOptions::default()).expect("a function");
            let text = ctx.call(&text, &ctx.undefined(), &[rows[9].clone()]).expect("a string").to_text();
            assert_eq!(text.expect("a string"), r#"{"1":1,"a":1,"b":1,"c":1}"#);
        });
    }
}
