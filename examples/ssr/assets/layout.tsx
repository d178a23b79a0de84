/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";

const style = [
  "body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }",
  "nav a { margin-right: 1rem }",
  ".grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); padding: 0 }",
  ".card { border: 1px solid #ddd; border-radius: .5rem; list-style: none; padding: 1rem }",
  ".price { font-weight: 600 }",
  ".out { color: #b00 }",
].join(" ");

export type LayoutProps = { title: string; categories: string[]; children: ComponentChildren };

export function Layout({ title, categories, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{title} · Corner Shop</title>
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <header>
          <h1>Corner Shop</h1>
          <nav>
            {categories.map((category) => (
              <a key={category} href={`/${category.toLowerCase()}`}>{category}</a>
            ))}
          </nav>
        </header>
        <main>{children}</main>
        <footer><small>Rendered by Preact inside the Erlang VM</small></footer>
      </body>
    </html>
  );
}
