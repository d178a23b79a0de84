/** @jsxImportSource preact */
import { ProductCard, type Product } from "./product";

export type CategoryProps = {
  category: string;
  number: number;
  pages: number;
  products: Product[];
};

export function CategoryPage({ category, number, pages, products }: CategoryProps) {
  const path = `/${category.toLowerCase()}`;
  return (
    <>
      <h2>{category}, page {number} of {pages}</h2>
      <ul class="grid">
        {products.map((product) => <ProductCard key={product.sku} product={product} />)}
      </ul>
      <p>
        {number > 1 && <a href={`${path}?page=${number - 1}`}>previous</a>}{" "}
        {number < pages && <a href={`${path}?page=${number + 1}`}>next</a>}
      </p>
    </>
  );
}
