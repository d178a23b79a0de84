//! Compression: round trips in every format, foreign data, and data that mean no good.

use quickbeam_api_compression::Compression;
use quickbeam_api_harness::Harness;
use quickbeam_api_streams::Streams;
use quickbeam_executor::Api;

/// A realm with the helpers of these tests.
fn harness() -> Harness {
    let mut apis = quickbeam_apis::always().to_vec();
    apis.extend([&Streams as &dyn Api, &Compression]);
    let harness = Harness::new(&apis);
    harness.check(
        "globalThis.formats = ['gzip', 'deflate', 'deflate-raw', 'brotli', 'zstd'];
         globalThis.same = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);
         globalThis.noise = (length) => { let x = 1; return Uint8Array.from({ length }, () => (x = Math.imul(x, 1103515245) + 12345 >>> 0) >>> 16) };
         globalThis.through = async (stream, ...chunks) => {
             const writer = stream.writable.getWriter();
             const written = Promise.all([...chunks.map((chunk) => writer.write(chunk)), writer.close()]);
             written.catch(() => {});
             const bytes = [];
             for await (const piece of stream.readable) bytes.push(...piece);
             await written;
             return Uint8Array.from(bytes);
         }; 0",
        "0",
    );
    harness
}

#[test]
fn what_is_compressed_comes_back() {
    let harness = harness();
    for data in [
        "new Uint8Array()",
        "new Uint8Array(300_000)",
        "noise(200_000)",
        "new TextEncoder().encode('hello '.repeat(1000))",
    ] {
        harness.check(
            &format!(
                "{{ const data = {data};
                    String(formats.filter((format) => !same(compression.decompress(compression.compress(data, format), format), data))) }}"
            ),
            "",
        );
    }
    harness.check("new TextDecoder().decode(compression.decompress(compression.compress('grüße')))", "grüße");
    harness.check("compression.compress(new Uint8Array(1e6), 'gzip', { level: 9 }).length < 1200", "true");
}

#[test]
fn streams_take_any_cut() {
    harness().check(
        "{ const data = noise(5_000);
           const failed = [];
           for (const format of formats) {
               const packed = await through(new CompressionStream(format), data.subarray(0, 1), new Uint8Array(), new DataView(data.buffer, 1, 999), data.subarray(1000));
               if (!same(compression.decompress(packed, format), data)) failed.push(format);
               const cuts = Array.from({ length: Math.ceil(packed.length / 7) }, (_, index) => packed.slice(index * 7, index * 7 + 7));
               if (!same(await through(new DecompressionStream(format), ...cuts), data)) failed.push(`${format} cut`);
           }
           failed.join() }",
        "",
    );
}

#[test]
fn foreign_data_are_read() {
    let harness = harness();
    for (format, hex) in [
        ("gzip", "1f8b0800000000000203cb48cdc9c9070086a6103605000000"),
        ("deflate", "789ccb48cdc9c907000 62c0215"),
        ("deflate-raw", "cb48cdc9c90700"),
        ("brotli", "0b028068656c6c6f03"),
        ("zstd", "28b52ffd200529000068656c6c6f"),
    ] {
        let hex = hex.replace(' ', "");
        harness.check(
            &format!("new TextDecoder().decode(compression.decompress(Uint8Array.from('{hex}'.match(/../g), (byte) => parseInt(byte, 16)), '{format}'))"),
            "hello",
        );
    }
}

#[test]
fn damaged_data_are_refused() {
    let harness = harness();
    harness.check(
        "{ const wrong = [];
           for (const format of formats) {
               const packed = compression.compress(noise(1_000), format);
               for (const [what, bytes] of [['cut', packed.slice(0, -1)], ['longer', Uint8Array.of(...packed, 0)], ['empty', new Uint8Array()], ['noise', noise(99)]]) {
                   try { compression.decompress(bytes, format); wrong.push(`${format} ${what}`) }
                   catch (error) { if (!(error instanceof TypeError)) wrong.push(String(error)) }
               }
           }
           wrong.join() }",
        "",
    );
    for (script, expected) in [
        ("new CompressionStream('lzma')", "TypeError: CompressionStream: there is no format \"lzma\""),
        ("compression.compress('x', 'zip')", "TypeError: compression.compress: there is no format \"zip\""),
        (
            "compression.compress('x', 'gzip', { level: 10 })",
            "RangeError: compression: the level 10 is not one of 0 to 9",
        ),
        (
            "compression.decompress('x')",
            "TypeError: compression.decompress: the data is not an ArrayBuffer or a view of one",
        ),
        (
            "compression.decompress(new Uint8Array(new SharedArrayBuffer(1)))",
            "TypeError: compression.decompress: the data is not an ArrayBuffer or a view of one",
        ),
        (
            "compression.decompress(Uint8Array.of(31, 139, 8))",
            "TypeError: compression: the compressed data end too early",
        ),
    ] {
        harness.check(script, expected);
    }
}

#[test]
fn what_unpacks_to_too_much_ends_at_the_memory_limit() {
    let harness = harness();
    for format in ["gzip", "zstd"] {
        let script = format!(
            "{{ const packed = compression.compress(new Uint8Array(10 << 20), '{format}');
               const all = []; for (let i = 0; i < 100; i++) all.push(compression.decompress(packed, '{format}')); 'all there' }}"
        );
        harness.check(&script, "OutOfMemoryError: the eval exceeded memory_limit: 268435456 bytes");
    }
    harness.check("1 + 1", "2");
}
