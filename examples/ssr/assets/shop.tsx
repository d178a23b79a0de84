/** @jsxImportSource preact */
// The entry that each runtime runs at start. Elixir calls `renderPage`, and gives the props.
import { render } from "preact-render-to-string";
import { Layout } from "./layout";
import { CategoryPage, type CategoryProps } from "./category_page";
import { ProductPage, type ProductProps } from "./product_page";

declare const Beam: { call<T>(name: string, ...args: unknown[]): Promise<T> };

export type Route =
  | { page: "category"; category: string; number: number }
  | { page: "product"; sku: string };

async function content(route: Route) {
  switch (route.page) {
    case "category": {
      const props = await Beam.call<CategoryProps>("category", route.category, route.number);
      return { title: props.category, body: <CategoryPage {...props} /> };
    }
    case "product": {
      const props = await Beam.call<ProductProps>("product", route.sku);
      return { title: props.product.name, body: <ProductPage {...props} /> };
    }
  }
}

async function renderPage(route: Route): Promise<string> {
  const [categories, { title, body }] = await Promise.all([
    Beam.call<string[]>("categories"),
    content(route),
  ]);
  return "<!DOCTYPE html>\n" + render(<Layout title={title} categories={categories}>{body}</Layout>);
}

Object.assign(globalThis, { renderPage });
