import { z } from "zod";

const User = z.object({
  name: z.string().min(1),
  email: z.email(),
  age: z.coerce.number().int().positive(),
  tags: z.array(z.enum(["a", "b"])).default([]),
  address: z.object({ city: z.string() }).partial().optional(),
});

(globalThis as any).run = async () => {
  const bad = User.safeParse({ name: "", email: "nobody", age: -1, tags: ["c"] });
  const Tree: any = z.object({ value: z.number(), children: z.array(z.lazy(() => Tree)) });
  return {
    good: User.parse({ name: "Ada", email: "ada@example.com", age: "36" }),
    paths: bad.error!.issues.map((issue) => issue.path.join(".")),
    union: z.discriminatedUnion("kind", [z.object({ kind: z.literal("a"), x: z.number() }), z.object({ kind: z.literal("b") })]).parse({ kind: "a", x: 1 }),
    async: await z.string().refine(async (text) => text === "x", "not x").parseAsync("y").catch((error) => error.issues[0].message),
    tree: Tree.parse({ value: 1, children: [{ value: 2, children: [] }] }).children[0].value,
    schema: z.toJSONSchema(User).required,
  };
};

(globalThis as any).expected = {
  good: { name: "Ada", email: "ada@example.com", age: 36, tags: [] },
  paths: ["name", "email", "age", "tags.0"],
  union: { kind: "a", x: 1 },
  async: "not x",
  tree: 2,
  schema: ["name", "email", "age", "tags"],
};
