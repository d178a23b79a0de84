// The compiler runs here, too: a component's source becomes a module, and that one renders.
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

const component = () => {
  const { js } = compile(source, { generate: "server", filename: "App.svelte", name: "App" });
  const body = js.code
    .replace(/import \* as \$ from ['"]svelte\/internal\/server['"];/, "")
    .replace("export default function App", "return function App");
  return new Function("$", body)(server);
};

globalThis.run = async () => {
  const rendered = await render(component(), { props: { name: "<Ada>", items: ["x", "y"] } });
  return { text: rendered.body.replace(/<!--.*?-->/g, "").replace(/\s+/g, " ").replace(/ svelte-\w+/g, "") };
};

globalThis.expected = {
  text: '<h1>Hello &lt;Ada>!</h1> <p class="svelte-n50uah even">x</p><p class="svelte-n50uah">y</p> <b>2 items</b>',
};
