import { Suspense, use, useId, useState } from "react";
import { renderToReadableStream, renderToString } from "react-dom/server";

function Counter({ start }) {
  const [count] = useState(start);
  return <button id={useId() ? "counter" : ""} onClick={() => {}}>{count} &lt;times&gt;</button>;
}

function Slow({ promise }) {
  return <p>{use(promise)}</p>;
}

const Page = ({ first, second }) => (
  <main>
    <h1>Shop</h1>
    <Suspense fallback={<i>second is loading</i>}>
      <Slow promise={second} />
    </Suspense>
    <Suspense fallback={<i>first is loading</i>}>
      <Slow promise={first} />
    </Suspense>
  </main>
);

globalThis.run = async () => {
  const first = Promise.withResolvers();
  const second = Promise.withResolvers();
  let html = "";
  let chunks = 0;
  const stream = await renderToReadableStream(<Page first={first.promise} second={second.promise} />);
  for await (const chunk of stream) {
    chunks++;
    html += new TextDecoder().decode(chunk);
    if (html.includes("first is loading")) first.resolve("first");
    if (html.includes("<p>first</p>")) second.resolve("second");
  }
  const order = ["<h1>Shop</h1>", "second is loading", "first is loading", "<p>first</p>", "<p>second</p>"];
  const places = order.map((part) => html.indexOf(part));
  let errors = 0;
  const aborted = new AbortController();
  const broken = renderToReadableStream(<Slow promise={new Promise(() => {})} />, {
    signal: aborted.signal,
    onError: () => errors++,
  });
  aborted.abort(new Error("gone"));
  return {
    string: renderToString(<Counter start={3} />),
    inOrder: places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1])),
    manyChunks: chunks >= 3,
    aborted: await broken.then(() => "rendered", (error) => error.message),
    errors,
  };
};

globalThis.expected = {
  string: '<button id="counter">3<!-- --> &lt;times&gt;</button>',
  inOrder: true,
  manyChunks: true,
  aborted: "gone",
  errors: 1,
};
