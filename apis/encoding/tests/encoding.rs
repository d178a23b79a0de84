//! Text to bytes and back, base64, and hostile input.

use quickbeam_api_encoding::Encoding;
use quickbeam_api_harness::Harness;

fn check_all(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&Encoding]);
    for (script, expected) in cases {
        harness.check(&format!("{{ {script} }}"), expected);
    }
}

#[test]
fn text_becomes_utf8() {
    check_all(&[
        ("new TextEncoder().encode('é€😀a')", "195,169,226,130,172,240,159,152,128,97"),
        ("new TextEncoder().encode('\\ud800x')", "239,191,189,120"),
        ("new TextEncoder().encode('\\0').length", "1"),
        ("new TextEncoder().encode().length", "0"),
        ("new TextEncoder().encode(undefined).length", "0"),
        ("new TextEncoder().encode(null)", "110,117,108,108"),
        ("new TextEncoder().encode(5) instanceof Uint8Array", "true"),
        ("new TextEncoder().encode(Symbol())", "TypeError: cannot convert symbol to string"),
        ("new TextEncoder().encoding", "utf-8"),
        ("TextEncoder()", "TypeError: class constructors must be invoked with 'new'"),
        ("JSON.stringify(new TextEncoder().encodeInto('é€😀', new Uint8Array(5)))", "{\"read\":2,\"written\":5}"),
        ("JSON.stringify(new TextEncoder().encodeInto('é€😀', new Uint8Array(9)))", "{\"read\":4,\"written\":9}"),
        ("JSON.stringify(new TextEncoder().encodeInto('€', new Uint8Array(2)))", "{\"read\":0,\"written\":0}"),
        ("const b = new Uint8Array(4); new TextEncoder().encodeInto('ab', b.subarray(1, 3)); b", "0,97,98,0"),
        (
            "new TextEncoder().encodeInto('a', [])",
            "TypeError: TextEncoder.encodeInto: the destination is not a Uint8Array",
        ),
        (
            "new TextEncoder().encodeInto('a')",
            "TypeError: TextEncoder.encodeInto: 2 arguments required, but only 1 present",
        ),
        ("const b = new Uint8Array(4); b.buffer.transfer(); new TextEncoder().encodeInto('a', b).written", "0"),
    ]);
}

#[test]
fn bytes_become_text() {
    check_all(&[
        ("new TextDecoder().decode(new Uint8Array([195, 169, 97]))", "éa"),
        ("new TextDecoder().decode(new Uint8Array([97, 98, 99]).buffer)", "abc"),
        ("new TextDecoder().decode(new DataView(new Uint8Array([97, 98, 99]).buffer, 1, 1))", "b"),
        ("new TextDecoder().decode(new Uint16Array([0x6261]).subarray(0))", "ab"),
        ("new TextDecoder().decode(new SharedArrayBuffer(2)).length", "2"),
        ("new TextDecoder().decode().length + new TextDecoder().decode(undefined).length", "0"),
        ("new TextDecoder().decode(new Uint8Array([0xff, 97])) === '\\ufffda'", "true"),
        (
            "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff]))",
            "TypeError: TextDecoder.decode: the bytes are not valid utf-8",
        ),
        (
            "const d = new TextDecoder('utf-8', { fatal: true }); try { d.decode(new Uint8Array([0xc3])) } catch {} d.decode(new Uint8Array([97]))",
            "a",
        ),
        (
            "const d = new TextDecoder(); d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([0xac]))",
            "€",
        ),
        (
            "const d = new TextDecoder(); d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode() === '\\ufffd'",
            "true",
        ),
        ("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 97])).length", "1"),
        ("new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 97])).length", "2"),
        (
            "const d = new TextDecoder(); d.decode(new Uint8Array([0xef, 0xbb]), { stream: true }) + d.decode(new Uint8Array([0xbf, 97]))",
            "a",
        ),
        ("new TextDecoder('utf-16le').decode(new Uint8Array([0x3d, 0xd8, 0x00, 0xde]))", "😀"),
        ("new TextDecoder('windows-1252').decode(new Uint8Array([0x80]))", "€"),
        ("new TextDecoder('shift_jis').decode(new Uint8Array([0x82, 0xa0]))", "あ"),
        ("new TextDecoder('gb18030').decode(new Uint8Array([0xc4, 0xe3]))", "你"),
        (
            "['latin1', ' UTF8 ', 'x-user-defined', 'utf-16', 'koi8-r'].map((label) => new TextDecoder(label).encoding)",
            "windows-1252,utf-8,x-user-defined,utf-16le,koi8-r",
        ),
        ("new TextDecoder('nope')", "RangeError: TextDecoder: there is no encoding with the label \"nope\""),
        (
            "new TextDecoder('replacement')",
            "RangeError: TextDecoder: there is no encoding with the label \"replacement\"",
        ),
        ("new TextDecoder('utf-8', 5)", "TypeError: TextDecoder: the options is not an object"),
        (
            "new TextDecoder().decode('text')",
            "TypeError: TextDecoder.decode: the input is not an ArrayBuffer or a view of one",
        ),
        (
            "new TextDecoder().decode(new Proxy(new Uint8Array(1), {}))",
            "TypeError: TextDecoder.decode: the input is not an ArrayBuffer or a view of one",
        ),
        ("TextDecoder.prototype.decode.call({})", "TypeError: private class field '#decoder' does not exist"),
        (
            "const d = new TextDecoder('utf-8', { fatal: 1, ignoreBOM: 'x' }); `${d.encoding} ${d.fatal} ${d.ignoreBOM}`",
            "utf-8 true true",
        ),
        (
            "new (class extends TextDecoder { decode(x) { return super.decode(x) + '!' } })().decode(new Uint8Array([97]))",
            "a!",
        ),
        (
            "Object.keys(TextDecoder.prototype) + '' + new TextDecoder()",
            "encoding,fatal,ignoreBOM,decode[object TextDecoder]",
        ),
        (
            "const b = new Uint8Array([97, 98]); new TextDecoder().decode(b, { get stream() { b.buffer.transfer(); return false } }).length",
            "0",
        ),
    ]);
}

#[test]
fn base64_is_forgiving() {
    check_all(&[
        ("btoa('abc')", "YWJj"),
        ("btoa('\\xff\\x00é')", "/wDp"),
        ("btoa('')", ""),
        ("btoa(null)", "bnVsbA=="),
        ("btoa('€')", "InvalidCharacterError: btoa: the string has characters above U+00FF"),
        ("btoa()", "TypeError: btoa: 1 argument required, but only 0 present"),
        ("try { btoa('€') } catch (error) { `${error instanceof DOMException} ${error.code}` }", "true 5"),
        ("atob('YWJj')", "abc"),
        ("atob(' Y W\\nJ\\tj\\f\\r')", "abc"),
        ("atob('YQ==') + atob('YQ') + atob('YWI=') + atob('')", "aaab"),
        ("atob('/w==').charCodeAt(0)", "255"),
        ("atob('YR')", "a"),
        ("atob(null) === atob('null')", "true"),
        ("atob('Y')", "InvalidCharacterError: atob: the string is not base64"),
        ("atob('YQ=')", "InvalidCharacterError: atob: the string is not base64"),
        ("atob('YWJj=')", "InvalidCharacterError: atob: the string is not base64"),
        ("atob('Y=Q=')", "InvalidCharacterError: atob: the string is not base64"),
        ("atob('YW-_')", "InvalidCharacterError: atob: the string is not base64"),
        ("atob('é')", "InvalidCharacterError: atob: the string is not base64"),
        ("atob('YQ\\u00a0')", "InvalidCharacterError: atob: the string is not base64"),
        ("const all = String.fromCharCode(...Array(256).keys()); atob(btoa(all)) === all", "true"),
    ]);
}

#[test]
fn every_scalar_value_survives_the_round_trip() {
    check_all(&[(
        "let ok = true;
         for (let start = 0; start < 0x110000; start += 0x1000) {
           const text = String.fromCodePoint(...Array.from({ length: 0x1000 }, (_, n) => start + n)).toWellFormed();
           ok &&= new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text)) === text;
         }
         ok",
        "true",
    )]);
}

#[test]
fn long_bytes_are_decoded_piece_by_piece() {
    let harness = Harness::configured(&[&Encoding], |config| config.max_reductions = Some(200_000));
    let used_up = "InterruptedError: the eval used up max_reductions: 200000 steps";
    for (source, expected) in [
        ("globalThis.bytes = new Uint8Array(2e7).fill(255); new TextDecoder().decode(bytes)", used_up),
        ("new TextDecoder('gb18030').decode(bytes)", used_up),
        // A character of three bytes across each of the cuts, and the end of another one.
        (
            "globalThis.text = 'あ'.repeat(1e5) + 'x'; globalThis.bytes = new TextEncoder().encode(text + text).fill(255, 300_001, 300_002);
             new TextDecoder().decode(bytes) === text.slice(0, -1) + 'x\\ufffd' + '\\ufffd'.repeat(2) + text.slice(1)",
            "true",
        ),
        (
            "{ const decoder = new TextDecoder(); [0, 1, 100_000, 500_000].map((at, i, all) =>
                 decoder.decode(bytes.subarray(at, all[i + 1]), { stream: true })).join('') + decoder.decode() === new TextDecoder().decode(bytes) }",
            "true",
        ),
        ("new TextDecoder('utf-8', { fatal: true }).decode(bytes)", "TypeError: TextDecoder.decode: the bytes are not valid utf-8"),
    ] {
        harness.check(source, expected);
    }
}
