// As Solid's compiler writes it for servers.
import { Suspense, createComponent, createResource, createSignal } from "solid-js";
import { escape, renderToStream, renderToString, renderToStringAsync, ssr } from "solid-js/web";

const Counter = (props) => {
  const [count] = createSignal(props.start);
  return ssr(["<button>", "</button>"], escape(count()));
};

const Slow = (props) => {
  const [value] = createResource(() => props.value);
  return ssr(["<p>", "</p>"], () => escape(value()));
};

const Page = (props) =>
  ssr(
    ["<main>", "", "</main>"],
    escape(createComponent(Counter, { start: 3 })),
    escape(
      createComponent(Suspense, {
        fallback: ssr("<i>loading</i>"),
        get children() {
          return createComponent(Slow, { value: props.value });
        },
      }),
    ),
  );

globalThis.run = async () => {
  const slow = Promise.withResolvers();
  let streamed = "";
  const write = (chunk) => {
    streamed += chunk;
    if (streamed.includes("loading")) slow.resolve("slow <value>");
  };
  await new Promise((end) => renderToStream(() => createComponent(Page, { value: slow.promise })).pipe({ write, end }));
  return {
    string: renderToString(() => createComponent(Counter, { start: "<3>" })),
    async: (await renderToStringAsync(() => createComponent(Page, { value: slow.promise }))).includes("<p>slow &lt;value></p>"),
    fallbackFirst: streamed.indexOf("loading") > 0 && streamed.indexOf("loading") < streamed.indexOf("slow &lt;value>"),
  };
};

globalThis.expected = { string: "<button>&lt;3></button>", async: true, fallbackFirst: true };
