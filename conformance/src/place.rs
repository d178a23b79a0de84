//! What a script of the suite finds around it: the native side of environment.js.

use crate::site::Site;
use crate::suite::{Scope, Test, join};
use quickbeam_engine::{Ctx, EvalOptions, Result as JsResult, Value};
use quickbeam_executor::{Input, Level, LogLine, Op, log};
use std::rc::Rc;

const ENVIRONMENT: &str = include_str!("environment.js");

/// What a realm of a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It runs the test, without a document.
    Bare,
    /// The same; the file says itself when it is done.
    Harnessed,
    /// It runs the test, with a document.
    Window,
    /// A worker that the test has started.
    Worker,
}

/// Where scripts run, and which. It is the variable `conformance` of environment.js.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) site: Site,
    pub(crate) role: Role,
    pub(crate) url: String,
    /// Folder of the checkout that relative paths start from.
    pub(crate) folder: String,
    /// Name and text of each script.
    pub(crate) scripts: Vec<(String, String)>,
    pub(crate) page: Option<String>,
}

impl Place {
    /// Where a test runs.
    ///
    /// # Errors
    /// Names a file of the checkout that cannot be read.
    pub(crate) fn of(site: &Site, test: &Test) -> Result<Place, String> {
        let text_of = |path: &str| Ok::<_, String>(String::from_utf8_lossy(&site.read(path)?).into_owned());
        let is_page = test.scope == Scope::Page;
        let own = if is_page { None } else { Some(&test.path) };
        let scripts = test.scripts.iter().chain(own).map(|path| Ok::<_, String>((path.clone(), text_of(path)?)));
        let path = test.path.strip_suffix(".js").map_or_else(|| test.path.clone(), |page| format!("{page}.html"));
        Ok(Place {
            site: site.clone(),
            role: match test.scope {
                Scope::Any => Role::Bare,
                Scope::Worker => Role::Harnessed,
                Scope::Window | Scope::Page => Role::Window,
            },
            url: site.url(&format!("{path}{}", test.variant)),
            folder: folder_of(&test.path).to_owned(),
            scripts: scripts.collect::<Result<_, _>>()?,
            page: if is_page { Some(text_of(&test.path)?) } else { None },
        })
    }

    /// The op that runs its scripts.
    pub(crate) fn into_op(self) -> Op {
        Op::Eval {
            source: ENVIRONMENT.to_owned(),
            filename: Some("environment.js".to_owned()),
            vars: Some(Box::new(self)),
        }
    }

    fn natives<'a>(&self, ctx: Ctx<'a>) -> JsResult<Value<'a>> {
        quickbeam_api_url::set_base_url(ctx, &self.url)?;
        if matches!(self.role, Role::Bare | Role::Harnessed) {
            // The suite takes these realms for workers.
            quickbeam_api_file::define_reader_sync(ctx)?;
        }
        let object = ctx.object()?;
        let scripts = self.scripts.iter().map(|(name, text)| ctx.array(vec![ctx.string(name)?, ctx.string(text)?]));
        object.set("scripts", ctx.array(scripts.collect::<JsResult<_>>()?)?)?;
        if let Some(page) = &self.page {
            object.set("page", ctx.string(page)?)?;
        }
        object.set("url", ctx.string(&self.url)?)?;
        object.set("folder", ctx.string(&self.folder)?)?;
        object.set("isWindow", ctx.boolean(self.role == Role::Window))?;
        object.set("isHarnessed", ctx.boolean(self.role == Role::Harnessed))?;
        object.set("isWorker", ctx.boolean(self.role == Role::Worker))?;
        object.set("hasServer", ctx.boolean(self.site.has_server()))?;
        let held = ctx.host_object(Rc::new(self.site.clone()), None)?;
        object
            .set("read", ctx.bound_function(&held, |ctx, site, args| read(ctx, site, &args.get(0), &args.get(1)))?)?;
        object.set(
            "runScript",
            ctx.function("runScript", 2, |ctx, _, args| {
                let (source, filename) = (args.get(0).to_text()?, args.get(1).to_text()?);
                ctx.eval(&source, &EvalOptions { filename: &filename, ..EvalOptions::default() })
            })?,
        )?;
        object.set(
            "tell",
            ctx.function("tell", 2, |ctx, _, args| {
                let method = if args.get(0).to_text()? == "result" { "result" } else { "complete" };
                log(ctx, LogLine { level: Level::Info, method, text: args.get(1).to_text()?, place: None });
                Ok(ctx.undefined())
            })?,
        )?;
        Ok(object)
    }
}

impl Input for Place {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> JsResult<Value<'a>> {
        let vars = ctx.object()?;
        vars.set("conformance", self.natives(ctx)?)?;
        Ok(vars)
    }
}

/// The folder of a path in the checkout.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The bytes of a file of the checkout, `undefined` if there is none.
fn read<'a>(ctx: Ctx<'a>, site: &Value<'a>, folder: &Value<'a>, path: &Value<'a>) -> JsResult<Value<'a>> {
    let Some(site) = site.host::<Site>() else { return Ok(ctx.undefined()) };
    let path = join(&folder.to_text()?, &path.to_text()?);
    site.read(&path).map_or_else(|_| Ok(ctx.undefined()), |bytes| ctx.uint8_array(&bytes))
}
