// What tests of Test262 expect of the place they run in. `test262` holds the native side.
{
  const { scripts, isAsync, runScript } = test262;
  globalThis.$262 = {
    global: globalThis,
    gc() {},
    evalScript: (source) => runScript(source, "evalScript.js"),
    detachArrayBuffer: (buffer) => void structuredClone(buffer, { transfer: [buffer] }),
  };
  const { promise, resolve, reject } = Promise.withResolvers();
  globalThis.print = (text) => {
    if (text === "Test262:AsyncTestComplete") resolve();
    else reject(new Error(text));
  };
  for (const [name, source] of scripts) runScript(source, name);
  isAsync ? promise : undefined;
}
