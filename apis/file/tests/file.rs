//! Blobs, files, readers, blob URLs and forms as guests use them.

use quickbeam_api_file::Files;
use quickbeam_api_harness::Harness;
use quickbeam_api_streams::Streams;
use quickbeam_api_url::Urls;
use quickbeam_executor::Api;

fn check(cases: &[(&str, &str)]) {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([&Urls as &dyn Api, &Streams, &Files]);
    let harness = Harness::new(&apis);
    for (source, expected) in cases {
        harness.check(source, expected);
    }
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}

#[test]
fn blobs_hold_bytes_that_never_change() {
    check(&[
        ("new Blob(['aé', new Uint8Array([98, 99]), new Blob(['d'])]).text()", "aébcd"),
        ("new Blob(['a\\r\\nb\\rc'], { endings: 'native' }).text()", "a\nb\nc"),
        ("new Blob(['x'], { type: 'Text/HTML' }).type", "text/html"),
        ("new Blob(['0123456789']).slice(2, -2).slice(1).text()", "34567"),
        ("new Blob(['\\ud800']).bytes().then((bytes) => [...bytes])", "239,191,189"),
        (
            "(async () => { const source = new Uint8Array([1, 2]); const blob = new Blob([source]); source[0] = 9;
               (await blob.bytes())[1] = 9; new Uint8Array(await blob.arrayBuffer())[1] = 9;
               for await (const chunk of blob.stream()) chunk[0] = 9;
               return blob.bytes(); })()",
            "1,2",
        ),
        (
            "(async () => { let sizes = []; for await (const chunk of new Blob([new Uint8Array(150000)]).stream()) sizes.push(chunk.length); return sizes; })()",
            "65536,65536,18928",
        ),
        ("new Blob('text')", "TypeError: Blob: the parts are not an object"),
        ("new Blob([], { endings: 'unix' })", "TypeError: Blob: there are no endings unix"),
        ("Object.keys(new Blob(['x'])).length + structuredClone(new Blob(['xy'])).size", "2"),
    ]);
}

#[test]
fn files_have_names_and_times() {
    check(&[
        (
            "(({ name, size, type, lastModified }) => [name, size, type, lastModified])(new File(['ab'], 'n.txt', { type: 'T/x', lastModified: 7.9 }))",
            "n.txt,2,t/x,7",
        ),
        ("new File([], '') instanceof Blob", "true"),
        ("structuredClone(new File(['ab'], 'n.txt')).name", "n.txt"),
        ("new File(['ab'])", "TypeError: File: 2 arguments required, but only 1 present"),
    ]);
}

#[test]
fn readers_fire_events_in_order() {
    let read = |method: &str, blob: &str| {
        format!(
            "new Promise((resolve) => {{ const reader = new FileReader(); const seen = [];
               for (const type of ['loadstart', 'progress', 'load', 'error', 'abort', 'loadend'])
                 reader['on' + type] = (e) => {{ seen.push(type); if (type === 'loadend') resolve([reader.result?.byteLength ?? reader.result, seen]); }};
               reader.{method}({blob}); }})"
        )
    };
    let blob = "new Blob(['h\u{e9}'], { type: 'text/plain' })";
    check(&[
        (&read("readAsText", blob), "hé,loadstart,progress,load,loadend"),
        (&read("readAsArrayBuffer", blob), "3,loadstart,progress,load,loadend"),
        (&read("readAsDataURL", blob), "data:text/plain;base64,aMOp,loadstart,progress,load,loadend"),
        (&read("readAsBinaryString", "new Blob([])"), ",loadstart,load,loadend"),
        (
            "(() => { const reader = new FileReader(); reader.readAsText(new Blob()); reader.readAsText(new Blob()); })()",
            "InvalidStateError: The reader is reading already",
        ),
        (
            "(() => { const reader = new FileReader(); reader.readAsText(new Blob()); reader.abort(); return [reader.readyState, reader.error.name]; })()",
            "2,AbortError",
        ),
    ]);
}

#[test]
fn urls_name_blobs_until_revoked() {
    check(&[
        ("/^blob:null\\/[0-9a-f-]{36}$/.test(URL.createObjectURL(new Blob()))", "true"),
        ("URL.revokeObjectURL('blob:null/unknown')", "undefined"),
        ("URL.createObjectURL({})", "TypeError: URL.createObjectURL: the argument is not a Blob"),
    ]);
}

#[test]
fn forms_keep_their_entries_in_order() {
    check(&[
        (
            "(() => { const form = new FormData(); form.append('a', 1); form.append('b', 'x'); form.append('a', 2); form.set('a', 3); form.append('f', new Blob(['q'], { type: 't/q' }), 'q.txt');
               return [...form].map(([name, value]) => name + '=' + (value.name ?? value)); })()",
            "a=3,b=x,f=q.txt",
        ),
        ("(() => { const form = new FormData(); form.append('f', new Blob(['q'], { type: 't/q' })); const file = form.get('f'); return [file instanceof File, file.name, file.type]; })()", "true,blob,t/q"),
        ("(() => { const form = new FormData(); form.append('a', '\\ud800'); form.delete('b'); return [form.has('a'), form.get('a'), form.getAll('b').length, form.get('b')]; })()", "true,\u{fffd},0,"),
        ("new FormData().append('a', 'text', 'name')", "TypeError: FormData.append: only a Blob has a file name"),
        ("new FormData({})", "TypeError: FormData: argument 1 is not an HTMLFormElement"),
    ]);
}
