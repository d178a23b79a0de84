// The compiler runs here, too: a component's source becomes a module, and that one renders. Svelte has no renderer to streams:
// what is streamed is the page, whose beginning need not wait for the component's data.
import { compile } from "svelte/compiler";
import * as server from "svelte/internal/server";
import { render } from "svelte/server";

const source = `
<script>
  let { name, items } = $props();
  let count = $derived(items.length);
</script>
<h1>Hello {name}!</h1>
{#each items as item, i (item)}
  <p class:even={i % 2 === 0}>{item}</p>
{:else}
  <p>nothing</p>
{/each}
{#if count > 1}<b>{count} items</b>{/if}
<style>p { color: red }</style>
`;

const shop = `
<script>
  let { price } = $props();
</script>
<svelte:head><title>Shop</title></svelte:head>
<b>{price} &lt;euros&gt;</b>
`;

const component = (source) => {
  const { js } = compile(source, { generate: "server", filename: "App.svelte", name: "App" });
  const body = js.code
    .replace(/import \* as \$ from ['"]svelte\/internal\/server['"];/, "")
    .replace("export default function App", "return function App");
  return new Function("$", body)(server);
};

const plain = (html) => html.replace(/<!--.*?-->/g, "").replace(/\s+/g, " ").replace(/ svelte-\w+/g, "");

/** A page whose first chunk is there before the component's data are. */
const page = (Component, data) => {
  const start = (controller) => controller.enqueue("<!doctype html><body>");
  const pull = async (controller) => {
    const { head, body } = await render(Component, { props: await data });
    controller.enqueue(head + body);
    controller.close();
  };
  return new ReadableStream({ start, pull }).pipeThrough(new TextEncoderStream());
};

globalThis.run = async () => {
  const rendered = await render(component(source), { props: { name: "<Ada>", items: ["x", "y"] } });
  const data = Promise.withResolvers();
  const streamed = [];
  for await (const chunk of page(component(shop), data.promise)) {
    streamed.push(plain(new TextDecoder().decode(chunk)));
    data.resolve({ price: 42 });
  }
  return { text: plain(rendered.body), streamed };
};

globalThis.expected = {
  text: '<h1>Hello &lt;Ada>!</h1> <p class="svelte-n50uah even">x</p><p class="svelte-n50uah">y</p> <b>2 items</b>',
  streamed: ["<!doctype html><body>", "<title>Shop</title><b>42 &lt;euros></b>"],
};
