import { createSSRApp, defineComponent, h, ref } from "vue";
import { renderToString, renderToWebStream } from "vue/server-renderer";

const Item = defineComponent({
  props: ["name"],
  async setup(props) {
    const price = ref(await new Promise((resolve) => setTimeout(resolve, 5, 42)));
    return () => h("li", { class: { cheap: price.value < 50 } }, `${props.name} <${price.value}>`);
  },
});

const app = () =>
  createSSRApp({
    setup: () => () => h("ul", ["a", "b"].map((name) => h(Item, { name }))),
  });

globalThis.run = async () => {
  let streamed = "";
  let isEarly = false;
  const decoder = new TextDecoder();
  for await (const chunk of renderToWebStream(app())) {
    streamed += decoder.decode(chunk, { stream: true });
    isEarly ||= !streamed.includes("<li");
  }
  return { string: await renderToString(app()), streamed, isEarly };
};

const list = '<ul><li class="cheap">a &lt;42&gt;</li><li class="cheap">b &lt;42&gt;</li></ul>';
globalThis.expected = { string: list, streamed: list, isEarly: true };
