import { Hono } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";

const app = new Hono<{ Variables: { user: string } }>();
app.use("*", cors());
app.use("/api/*", async (c, next) => {
  c.set("user", c.req.header("authorization") ?? "nobody");
  await next();
  c.header("x-time", "1");
});
app.get("/api/hello/:name", (c) => c.json({ hello: c.req.param("name"), by: c.get("user"), q: c.req.query("q") }));
app.post("/api/form", async (c) => c.text(JSON.stringify(await c.req.parseBody())));
app.get("/stream", (c) =>
  stream(c, async (s) => {
    for (const part of ["a", "b", "c"]) {
      await s.write(part);
      await s.sleep(1);
    }
  }),
);
app.get("/teapot", () => {
  throw new HTTPException(418, { message: "short and stout" });
});

(globalThis as any).run = async () => {
  const hello = await app.request("/api/hello/Ada?q=1%202", { headers: { authorization: "me" } });
  const form = new FormData();
  form.append("a", "1");
  form.append("file", new File(["x"], "x.txt"));
  const posted = await app.request("http://localhost/api/form", { method: "POST", body: form });
  const teapot = await app.fetch(new Request("http://localhost/teapot"));
  return {
    hello: await hello.json(),
    headers: [hello.headers.get("access-control-allow-origin"), hello.headers.get("x-time")],
    posted: (await posted.text()).startsWith('{"a":"1","file":'),
    streamed: await (await app.request("/stream")).text(),
    teapot: [teapot.status, await teapot.text()],
    missing: (await app.request("/missing")).status,
  };
};

(globalThis as any).expected = {
  hello: { hello: "Ada", by: "me", q: "1 2" },
  headers: ["*", "1"],
  posted: true,
  streamed: "abc",
  teapot: [418, "short and stout"],
  missing: 404,
};
