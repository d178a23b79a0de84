//! Takes the engine's sources and bindings from the published `rquickjs-sys`, adds the patches, and compiles.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: [&str; 4] = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];

fn main() {
    let out = PathBuf::from(var("OUT_DIR"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=patches");
    let upstream = upstream();
    for (name, source) in patched(&upstream.join("quickjs")) {
        fs::write(out.join(name), source).expect("the output directory can be written to");
    }
    compile(&out);
    bind(&upstream, &out);
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.expect("a directory can be read").path())
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}

/// Where cargo keeps the published crate, fetched if it is not there. A package of its own names it, as none has dependencies of two
/// sources with one name and version.
fn upstream() -> PathBuf {
    let manifest = Path::new(&var("CARGO_MANIFEST_DIR")).join("upstream/Cargo.toml");
    println!("cargo::rerun-if-changed={}", manifest.with_file_name("Cargo.lock").display());
    let ask = |network: &[&str]| {
        let mut command = Command::new(var("CARGO"));
        command.args(["metadata", "--format-version=1", "--locked"]).args(network);
        command.arg("--manifest-path").arg(&manifest).output().expect("cargo runs")
    };
    let mut output = ask(&["--offline"]);
    if !output.status.success() {
        output = ask(&[]);
    }
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo tells JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let package = packages.iter().find(|package| package["name"] == "rquickjs-sys").expect("the crate is a dependency");
    let manifest = Path::new(package["manifest_path"].as_str().expect("a package has a manifest"));
    manifest.parent().expect("a manifest lies in a directory").to_owned()
}

/// The sources by name, with all patches.
fn patched(directory: &Path) -> BTreeMap<String, String> {
    let files = entries(directory).filter(|file| file.extension().is_some_and(|kind| kind == "c" || kind == "h"));
    let mut sources: BTreeMap<String, String> = files.map(|file| (file_name(&file), read(&file))).collect();
    let mut patches: Vec<PathBuf> = entries(Path::new("patches")).collect();
    patches.sort();
    for patch in patches {
        // A patch is a paragraph of what it is for, and a part for each file.
        for part in read(&patch).split("diff --git ").skip(1) {
            let part = diffy::Patch::from_str(part).unwrap_or_else(|error| panic!("{}: {error}", patch.display()));
            let name = part.modified().and_then(|name| name.strip_prefix("b/"));
            let source = name.and_then(|name| sources.get_mut(name));
            let source = source.unwrap_or_else(|| panic!("{} changes an unknown file", patch.display()));
            *source = diffy::apply(source, &part)
                .unwrap_or_else(|error| panic!("{} does not apply: {error}", patch.display()));
        }
    }
    sources
}

fn compile(out: &Path) {
    let mut build = cc::Build::new();
    build.define("_GNU_SOURCE", None).extra_warnings(false).warnings(false);
    if env::var_os("CARGO_FEATURE_DISABLE_ASSERTIONS").is_some() {
        build.define("NDEBUG", None);
    }
    println!("cargo::rerun-if-env-changed=CARGO_CFG_SANITIZE");
    if env::var("CARGO_CFG_SANITIZE").is_ok_and(|sanitizer| sanitizer == "address") {
        build.flag("-fsanitize=address").flag("-fno-sanitize-recover=all").flag("-fno-omit-frame-pointer");
    }
    build.files(SOURCES.map(|source| out.join(source))).compile("quickjs");
}

/// The declarations for this target, and the engine's inline functions.
fn bind(upstream: &Path, out: &Path) {
    let source = upstream.join("src");
    let inlines = match var("CARGO_CFG_TARGET_POINTER_WIDTH").as_str() {
        "64" => "ptr_64.rs",
        _ => "ptr_32_nan_boxing.rs",
    };
    let parts = [
        source.join("bindings").join(format!("{}.rs", var("TARGET"))),
        source.join("inlines").join(inlines),
        source.join("inlines/common.rs"),
    ];
    fs::write(out.join("bindings.rs"), parts.map(|part| read(&part)).concat())
        .expect("the output directory can be written to");
}
