import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";
import api from "./openapi.json" with { type: "json" };

type Product = components["schemas"]["Product"];

function described(product: Product): string {
  return `${product.name}: ${product.price.amount.toFixed(2)} ${product.price.currency}`;
}

const client = createClient<paths>({ baseUrl: api.servers[0].url });
const { data, error } = await client.GET("/products/{id}", { params: { path: { id: "42" } } });
console.log(data ? described(data) : error.message);
