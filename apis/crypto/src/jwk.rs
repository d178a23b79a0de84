//! JSON Web Keys (RFC 7517, 7518, 8037): from and to JavaScript, from and to JSON.

use crate::failure::Failure;
use crate::idl;
use crate::key::{Secret, Usages};
use base64_simd::URL_SAFE_NO_PAD;
use quickbeam_engine::{Attributes, Ctx, Result, Value};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

type Outcome<T> = std::result::Result<T, Failure>;

macro_rules! text_members {
    ($($member:ident = $name:literal),*) => {
        /// The dictionary `JsonWebKey`.
        #[derive(Default, Clone)]
        pub(crate) struct Jwk {
            $(pub(crate) $member: Option<String>,)*
            pub(crate) ext: Option<bool>,
            pub(crate) key_ops: Option<Vec<String>>,
            /// Whether there are further primes, which no key here may have.
            pub(crate) oth: bool,
        }

        impl Jwk {
            fn texts(&self) -> impl Iterator<Item = (&'static str, &String)> {
                [$(($name, self.$member.as_ref())),*].into_iter().filter_map(|(name, text)| Some((name, text?)))
            }

            fn text_mut(&mut self, name: &str) -> Option<&mut Option<String>> {
                match name {
                    $($name => Some(&mut self.$member),)*
                    _ => None,
                }
            }
        }
    };
}

text_members!(
    alg = "alg",
    crv = "crv",
    d = "d",
    dp = "dp",
    dq = "dq",
    e = "e",
    k = "k",
    kty = "kty",
    n = "n",
    p = "p",
    q = "q",
    qi = "qi",
    use_ = "use",
    x = "x",
    y = "y"
);

/// The members in the order in which Web IDL reads them.
const MEMBERS: [&str; 18] =
    ["alg", "crv", "d", "dp", "dq", "e", "ext", "k", "key_ops", "kty", "n", "oth", "p", "q", "qi", "use", "x", "y"];

impl Jwk {
    /// Reads the dictionary.
    ///
    /// # Errors
    /// What getters and conversions throw.
    pub(crate) fn from_js<'a>(ctx: Ctx<'a>, object: &Value<'a>) -> Result<Jwk> {
        let mut jwk = Jwk::default();
        if !object.is_object() {
            return Ok(jwk);
        }
        for name in MEMBERS {
            let Some(value) = idl::member(object, name)? else { continue };
            match name {
                "ext" => jwk.ext = Some(value.truthy()),
                "key_ops" => {
                    let words = idl::sequence(ctx, &value, "key_ops")?;
                    jwk.key_ops = Some(words.iter().map(Value::to_text).collect::<Result<_>>()?);
                }
                "oth" => jwk.oth = true,
                _ => {
                    let text = value.to_text()?;
                    if let Some(place) = jwk.text_mut(name) {
                        *place = Some(text);
                    }
                }
            }
        }
        Ok(jwk)
    }

    /// Makes the object.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn to_js<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        let object = ctx.object()?;
        for (name, text) in self.texts() {
            object.set(name, ctx.string(text)?)?;
        }
        if let Some(words) = &self.key_ops {
            let words = words.iter().map(|word| ctx.string(word)).collect::<Result<_>>()?;
            object.define("key_ops", ctx.array(words)?, Attributes::ALL)?;
        }
        if let Some(ext) = self.ext {
            object.define("ext", ctx.boolean(ext), Attributes::ALL)?;
        }
        Ok(object)
    }

    /// Reads what a wrapped key was unwrapped to.
    ///
    /// # Errors
    /// A `DataError` unless it is the JSON text of an object with members of the right types.
    pub(crate) fn from_json(text: &[u8]) -> Outcome<Jwk> {
        let refuse = || Failure::data("the unwrapped key is not a JSON Web Key");
        let Ok(Json::Object(object)) = serde_json::from_slice(text) else { return Err(refuse()) };
        let mut jwk = Jwk { oth: object.contains_key("oth"), ..Jwk::default() };
        for (name, value) in object {
            match (name.as_str(), value) {
                ("ext", Json::Bool(ext)) => jwk.ext = Some(ext),
                ("key_ops", Json::Array(words)) => {
                    let words = words.into_iter().map(|word| word.as_str().map(str::to_owned).ok_or_else(refuse));
                    jwk.key_ops = Some(words.collect::<Outcome<_>>()?);
                }
                ("ext" | "key_ops", _) => return Err(refuse()),
                (name, value) => match (jwk.text_mut(name), value) {
                    (Some(place), Json::String(text)) => *place = Some(text),
                    (Some(_), _) => return Err(refuse()),
                    (None, _) => {}
                },
            }
        }
        if jwk.kty.is_some() { Ok(jwk) } else { Err(refuse()) }
    }

    /// Its JSON text.
    pub(crate) fn to_json(&self) -> Secret {
        let mut object: Map<String, Json> =
            self.texts().map(|(name, text)| (name.to_owned(), Json::String(text.clone()))).collect();
        if let Some(words) = &self.key_ops {
            object.insert("key_ops".to_owned(), words.iter().cloned().map(Json::String).collect());
        }
        if let Some(ext) = self.ext {
            object.insert("ext".to_owned(), Json::Bool(ext));
        }
        Zeroizing::new(Json::Object(object).to_string().into_bytes())
    }

    /// Checks the members that every kind of key has: type, intended use, operations and extractability.
    ///
    /// # Errors
    /// A `DataError` if one of them contradicts what is asked for.
    pub(crate) fn check(&self, kty: &str, intended_use: &str, extractable: bool, usages: Usages) -> Outcome<()> {
        if self.kty.as_deref() != Some(kty) {
            return Err(Failure::data(format!("the member kty is not {kty:?}")));
        }
        if !usages.is_empty() && self.use_.as_deref().is_some_and(|found| found != intended_use) {
            return Err(Failure::data(format!("the member use is not {intended_use:?}")));
        }
        if let Some(words) = &self.key_ops {
            let mut allowed = Usages::NONE;
            for (index, word) in words.iter().enumerate() {
                if words[..index].contains(word) {
                    return Err(Failure::data("the member key_ops has a word twice"));
                }
                allowed = allowed.with(Usages::of(word).unwrap_or(Usages::NONE));
            }
            if !allowed.has(usages) {
                return Err(Failure::data("the member key_ops lacks a usage that was asked for"));
            }
        }
        if self.ext == Some(false) && extractable {
            return Err(Failure::data("the member ext forbids that the key is extractable"));
        }
        Ok(())
    }

    /// Checks the member `alg`, where there is one.
    ///
    /// # Errors
    /// A `DataError` if it is another one.
    pub(crate) fn check_alg(&self, expected: &[&str]) -> Outcome<()> {
        match self.alg.as_deref() {
            Some(alg) if !expected.contains(&alg) => {
                Err(Failure::data(format!("the member alg is not {:?}", expected.join(" or "))))
            }
            _ => Ok(()),
        }
    }

    /// The usages and extractability of an exported key.
    pub(crate) fn describe(mut self, usages: Usages, extractable: bool) -> Jwk {
        self.key_ops = Some(usages.words().map(str::to_owned).collect());
        self.ext = Some(extractable);
        self
    }
}

/// The base64url form of bytes.
pub(crate) fn encode(bytes: &[u8]) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode_to_string(bytes))
}

/// The bytes of a member that must be there.
///
/// # Errors
/// A `DataError` if it is missing or not base64url.
pub(crate) fn decode(member: Option<&String>, name: &str) -> Outcome<Secret> {
    let text = member.ok_or_else(|| Failure::data(format!("the member {name} is missing")))?;
    let bytes = URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| bad(name))?;
    Ok(Zeroizing::new(bytes))
}

/// The failure of a member with a wrong value.
pub(crate) fn bad(name: &str) -> Failure {
    Failure::data(format!("the member {name} has a wrong value"))
}
