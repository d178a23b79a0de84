/** @jsxImportSource preact */
import { createContext } from "preact";
import { Suspense, lazy } from "preact/compat";
import { useContext, useMemo } from "preact/hooks";
import { renderToString, renderToStringAsync } from "preact-render-to-string";
import { renderToReadableStream } from "preact-render-to-string/stream";

const Theme = createContext("light");

const Title = ({ text }) => {
  const upper = useMemo(() => text.toUpperCase(), [text]);
  return <h1 class={useContext(Theme)}>{upper}</h1>;
};

const page = (loaded) => {
  const Slow = lazy(() => loaded.then(() => ({ default: () => <p>slow &amp; steady</p> })));
  return (
    <Theme.Provider value="dark">
      <Title text="shop" />
      <Suspense fallback={<i>loading</i>}>
        <Slow />
      </Suspense>
    </Theme.Provider>
  );
};

globalThis.run = async () => {
  const slow = Promise.withResolvers();
  let streamed = "";
  for await (const chunk of renderToReadableStream(page(slow.promise))) {
    streamed += new TextDecoder().decode(chunk);
    if (streamed.includes("loading")) slow.resolve();
  }
  return {
    string: renderToString(<Title text="a<b" />),
    async: await renderToStringAsync(page(slow.promise)),
    fallbackFirst: streamed.indexOf("loading") > 0 && streamed.indexOf("loading") < streamed.indexOf("slow &amp; steady"),
  };
};

globalThis.expected = {
  string: '<h1 class="light">A&lt;B</h1>',
  async: '<h1 class="dark">SHOP</h1><!--$s--><p>slow &amp; steady</p><!--/$s-->',
  fallbackFirst: true,
};
