/** @jsxImportSource preact */
// What the pages share: the shape of a product as Elixir sends it, and how it looks.

export type Product = {
  sku: string;
  name: string;
  category: string;
  price_cents: number;
  stock: number;
  rating: number;
  description: string;
};

export function Price({ cents }: { cents: number }) {
  return <span class="price">€ {(cents / 100).toFixed(2)}</span>;
}

export function Stock({ stock }: { stock: number }) {
  if (stock === 0) return <span class="out">sold out</span>;
  return <span>{stock < 10 ? `only ${stock} left` : "in stock"}</span>;
}

export function Stars({ rating }: { rating: number }) {
  const full = Math.round(rating);
  return <span title={`${rating} of 5`}>{"★".repeat(full) + "☆".repeat(5 - full)}</span>;
}

export function ProductCard({ product }: { product: Product }) {
  return (
    <li class="card">
      <h3><a href={`/product/${product.sku}`}>{product.name}</a></h3>
      <p><Price cents={product.price_cents} /> <Stars rating={product.rating} /></p>
      <p><Stock stock={product.stock} /></p>
    </li>
  );
}
