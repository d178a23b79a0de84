/** @jsxImportSource preact */
import { Price, ProductCard, Stars, Stock, type Product } from "./product";

export type ProductProps = { product: Product; similar: Product[] };

export function ProductPage({ product, similar }: ProductProps) {
  return (
    <article>
      <h2>{product.name}</h2>
      <p><Stars rating={product.rating} /></p>
      <p>{product.description}</p>
      <p><Price cents={product.price_cents} /> · <Stock stock={product.stock} /></p>
      <button disabled={product.stock === 0}>Add to basket</button>
      <h3>You may like as well</h3>
      <ul class="grid">
        {similar.map((other) => <ProductCard key={other.sku} product={other} />)}
      </ul>
    </article>
  );
}
