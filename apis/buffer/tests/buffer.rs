//! Node.js's `Buffer`: its documentation's examples, its errors, and its encodings against plain JavaScript.

use quickbeam_api_buffer::Buffers;
use quickbeam_api_encoding::Encoding;
use quickbeam_api_harness::Harness;

fn check_all(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&Buffers]);
    for (script, expected) in cases {
        harness.check(script, expected);
    }
}

#[test]
fn buffers_are_made_from_everything() {
    check_all(&[
        ("Buffer.from('héllo').toString('hex')", "68c3a96c6c6f"),
        ("Buffer.from([1, 257, -1, '3']).join()", "1,1,255,3"),
        ("Buffer.from('ff00zz11', 'hex').join()", "255,0"),
        ("Buffer.from('aGk', 'base64') + Buffer.from('a-_G=k', 'base64url').toString('hex')", "hi6befc6"),
        ("Buffer.from(new String('boxed')).toString()", "boxed"),
        ("Buffer.from(JSON.parse(JSON.stringify(Buffer.from('json')))).toString()", "json"),
        ("Buffer.from(new Uint16Array([1, 256]).buffer).join()", "1,0,0,1"),
        ("Buffer.from(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2).join()", "2,3"),
        ("Buffer.alloc(5, 'ab').toString()", "ababa"),
        ("Buffer.alloc(3).join() + Buffer.allocUnsafe(2).length", "0,0,02"),
        ("Buffer.concat([Buffer.from('a'), new Uint8Array([98, 99])], 5).toString('latin1')", "abc\0\0"),
        ("Buffer.concat([Buffer.from('abc')], 2).toString()", "ab"),
        ("Buffer.of(1, 2).constructor === Buffer && Buffer.from('') instanceof Uint8Array", "true"),
        (
            "Object.prototype.toString.call(Buffer.alloc(0)) + Buffer.isBuffer(new Uint8Array())",
            "[object Uint8Array]false",
        ),
        ("Buffer.byteLength('½') + Buffer.byteLength('YWE=', 'base64') + Buffer.byteLength('abc', 'ucs2')", "10"),
        ("[...Buffer.from('ab').entries()].join()", "0,97,1,98"),
        ("Buffer.from('abcd').subarray(1, -1).slice(1).toString()", "c"),
        ("Buffer.from('abcd').map(x => x + 1) instanceof Buffer", "true"),
    ]);
}

#[test]
fn errors_are_those_of_node() {
    let failure = |script: &str| format!("try {{ {script} }} catch (e) {{ `${{e.name}} ${{e.code}} ${{e.message}}` }}");
    let cases = [
        (
            "Buffer.from(5)",
            "TypeError ERR_INVALID_ARG_TYPE The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. Received type number (5)",
        ),
        (
            "Buffer.alloc(-1)",
            "RangeError ERR_OUT_OF_RANGE The value of \"size\" is out of range. It must be >= 0 && <= 2147483647. Received -1",
        ),
        ("Buffer.from('', 'x')", "TypeError ERR_UNKNOWN_ENCODING Unknown encoding: x"),
        (
            "Buffer.alloc(4).readUInt32LE(1)",
            "RangeError ERR_OUT_OF_RANGE The value of \"offset\" is out of range. It must be >= 0 and <= 0. Received 1",
        ),
        (
            "Buffer.alloc(1).readDoubleBE()",
            "RangeError ERR_BUFFER_OUT_OF_BOUNDS Attempt to access memory outside buffer bounds",
        ),
        (
            "Buffer.alloc(8).writeInt32BE(2 ** 31)",
            "RangeError ERR_OUT_OF_RANGE The value of \"value\" is out of range. It must be >= -2147483648 and <= 2147483647. Received 2147483648",
        ),
        (
            "Buffer.alloc(8).writeBigUInt64LE(-1n)",
            "RangeError ERR_OUT_OF_RANGE The value of \"value\" is out of range. It must be >= 0n and < 2n ** 64n. Received -1n",
        ),
        (
            "Buffer.alloc(8).writeUIntBE(2 ** 40, 0, 5)",
            "RangeError ERR_OUT_OF_RANGE The value of \"value\" is out of range. It must be >= 0 and < 2 ** 40. Received 1_099_511_627_776",
        ),
        ("Buffer.alloc(3).swap16()", "RangeError ERR_INVALID_BUFFER_SIZE Buffer size must be a multiple of 16-bits"),
        (
            "Buffer.alloc(3).fill('')\n.fill('zz', 'hex')",
            "TypeError ERR_INVALID_ARG_VALUE The argument 'value' is invalid. Received 'zz'",
        ),
        (
            "Buffer.concat([1])",
            "TypeError ERR_INVALID_ARG_TYPE The \"list[0]\" argument must be an instance of Buffer or Uint8Array. Received type number (1)",
        ),
    ];
    let harness = Harness::new(&[&Buffers]);
    for (script, expected) in cases {
        harness.check(&failure(script), expected);
    }
}

#[test]
fn numbers_of_every_width_go_there_and_back() {
    let script = r"
      const bytes = Buffer.alloc(16), view = new DataView(bytes.buffer, bytes.byteOffset);
      let random = 1;
      const next = () => (random = (random * 1103515245 + 12345) % 2147483648) / 2147483648;
      for (let round = 0; round < 2000; round++) {
        for (const [name, kind, make] of [
          ['UInt8', 'Uint8', () => Math.floor(next() * 2 ** 8)], ['Int8', 'Int8', () => Math.floor((next() - 0.5) * 2 ** 8)],
          ['UInt16', 'Uint16', () => Math.floor(next() * 2 ** 16)], ['Int16', 'Int16', () => Math.floor((next() - 0.5) * 2 ** 16)],
          ['UInt32', 'Uint32', () => Math.floor(next() * 2 ** 32)], ['Int32', 'Int32', () => Math.floor((next() - 0.5) * 2 ** 32)],
          ['Float', 'Float32', () => next() * 1e9], ['Double', 'Float64', () => (next() - 0.5) * 1e300],
          ['BigUInt64', 'BigUint64', () => BigInt(Math.floor(next() * 2 ** 53)) * 2047n],
          ['BigInt64', 'BigInt64', () => BigInt(Math.floor((next() - 0.5) * 2 ** 53)) * 1023n],
        ]) {
          for (const order of /8$/.test(name) ? [''] : ['LE', 'BE']) {
            const value = make(), at = Math.floor(next() * 9);
            bytes[`write${name}${order}`](value, at);
            const expected = view[`get${kind}`](at, order === 'LE');
            if (!Object.is(bytes[`read${name}${order}`](at), expected)) throw new Error(`${name}${order} ${value} ${expected}`);
          }
        }
        const width = 1 + Math.floor(next() * 6), most = 2 ** (8 * width);
        for (const order of ['LE', 'BE']) {
          const value = Math.floor(next() * most), at = Math.floor(next() * 9);
          bytes[`writeUInt${order}`](value, at, width);
          if (bytes[`readUInt${order}`](at, width) !== value) throw new Error(`UInt${order} ${value} ${width}`);
          bytes[`writeInt${order}`](value - most / 2, at, width);
          if (bytes[`readInt${order}`](at, width) !== value - most / 2) throw new Error(`Int${order} ${value} ${width}`);
        }
      }
      'ok'";
    check_all(&[(script, "ok")]);
}

#[test]
fn encodings_agree_with_plain_javascript() {
    let script = r"
      let random = 7;
      const next = (n) => (random = (random * 1103515245 + 12345) % 2147483648) % n;
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
      const base64 = (bytes) => {
        let bits = '', out = '';
        for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
        for (let i = 0; i < bits.length; i += 6) out += alphabet[parseInt(bits.slice(i, i + 6).padEnd(6, '0'), 2)];
        return out + '='.repeat((4 - (out.length % 4)) % 4);
      };
      for (let round = 0; round < 300; round++) {
        const bytes = Buffer.from(Array.from({ length: next(90) }, () => next(256)));
        const same = (a, b, what) => { if (a !== b) throw new Error(`${what}: ${a} ${b}`) };
        same(bytes.toString('hex'), [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(''), 'hex');
        same(bytes.toString('base64'), base64(bytes), 'base64');
        same(bytes.toString('latin1'), String.fromCharCode(...bytes), 'latin1');
        for (const encoding of ['hex', 'base64', 'base64url', 'latin1', 'binary']) {
          same(Buffer.compare(Buffer.from(bytes.toString(encoding), encoding), bytes), 0, encoding);
          const at = next(bytes.length + 1), target = Buffer.alloc(bytes.length);
          const written = target.write(bytes.toString(encoding), at, encoding);
          same(target.subarray(at, at + written).equals(bytes.subarray(0, written)), true, `write ${encoding}`);
        }
        const text = Array.from({ length: next(40) }, () => String.fromCodePoint([97, 233, 8364, 128512][next(4)] + next(20))).join('');
        for (const encoding of ['utf8', 'utf16le']) same(Buffer.from(text, encoding).toString(encoding), text, encoding);
        const needle = bytes.subarray(next(bytes.length + 1)).subarray(0, 1 + next(2));
        const naive = [...bytes.keys()].find((i) => bytes.subarray(i, i + needle.length).equals(needle)) ?? (needle.length ? -1 : 0);
        same(bytes.indexOf(needle), naive, 'indexOf');
      }
      'ok'";
    check_all(&[
        (script, "ok"),
        (
            "Buffer.from('\\ud800x', 'utf16le').toString('hex') + Buffer.from('\\ud800').toString('hex')",
            "00d87800efbfbd",
        ),
        ("Buffer.from([0xff, 0xe2, 0x82, 0x61]).toString()", "\u{FFFD}\u{FFFD}a"),
        ("Buffer.alloc(3).write('€a') + Buffer.alloc(2).write('€')", "3"),
        ("Buffer.from('abcabc').lastIndexOf('abc', -1) + Buffer.from('abcabc').indexOf('c', -2)", "8"),
        ("Buffer.from('this is a test').includes('test', 5)", "true"),
        ("Buffer.from([1, 2, 3, 4]).swap16().join() + Buffer.from([1, 2, 3, 4]).swap32().join()", "2,1,4,34,3,2,1"),
        (
            "Buffer.from('buffer').inspect() + Buffer.alloc(51).inspect().slice(-17)",
            "<Buffer 62 75 66 66 65 72> ... 1 more byte>",
        ),
    ]);
}

#[test]
fn changed_prototypes_do_no_harm() {
    check_all(&[(
        "const b = Buffer.from('a');
         Object.prototype.length = 1; Uint8Array.prototype.set = Array.prototype.join = String.prototype.toLowerCase = null;
         delete Uint8Array.prototype.__proto__.byteLength;
         Buffer.concat([b, Buffer.from('62', 'HEX')]).toString()",
        "ab",
    )]);
}

#[test]
fn malformed_text_is_decoded_piece_by_piece() {
    let harness = Harness::configured(&[&Encoding, &Buffers], |config| config.max_reductions = Some(200_000));
    for (source, expected) in [
        ("globalThis.bytes = Buffer.alloc(4e7, 255); bytes.toString()", "InterruptedError: the eval used up max_reductions: 200000 steps"),
        // Characters lie across the cuts in each way.
        (
            "['あ', '😀', 'é', '\\x80', '\\xe3\\x81', '\\xf0\\x9f\\x98', '\\xf0\\x80', 'a\\x80\\x80\\x80\\x80'].every((text, i) => {
               const one = i < 3 ? Buffer.from(text) : Buffer.from(text, 'latin1');
               return [0, 1, 2, 3].every((shift) => {
                 const bytes = Buffer.concat([Buffer.alloc(shift, 'x'), Buffer.alloc(140_000, one), Buffer.from([255])]);
                 return bytes.toString() === new TextDecoder().decode(bytes);
               });
             })",
            "true",
        ),
        ("globalThis.bytes = Buffer.from([0xe3, 0x81, 0x82, 0xff, 0xe3]); bytes.toString('utf8', 1, 4) + bytes.toString('utf8', 4)", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        harness.check(source, expected);
    }
}
