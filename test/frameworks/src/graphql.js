import { buildSchema, graphql, parse, print, validate } from "graphql";

const schema = buildSchema(`
  type User { id: ID! name: String! friends(first: Int = 1): [User!]! }
  type Query { user(id: ID!): User slow: String }
`);
const user = (id) => ({ id, name: `User ${id}`, friends: ({ first }) => Array.from({ length: first }, (_, i) => user(i)) });
const rootValue = {
  user: ({ id }) => user(id),
  slow: () => new Promise((_, reject) => setTimeout(reject, 1, new Error("too slow"))),
};

globalThis.run = async () => {
  const source = `query Q($id: ID!) { user(id: $id) { name friends(first: 2) { id } } slow }`;
  const { data, errors } = await graphql({ schema, source, rootValue, variableValues: { id: 7 } });
  return {
    data: JSON.parse(JSON.stringify(data)),
    errors: errors.map((error) => [error.message, error.path.join()]),
    invalid: validate(schema, parse("{ nobody }")).map((error) => error.message),
    printed: print(parse("{a{b}}")),
  };
};

globalThis.expected = {
  data: { user: { name: "User 7", friends: [{ id: "0" }, { id: "1" }] }, slow: null },
  errors: [["too slow", "slow"]],
  invalid: ['Cannot query field "nobody" on type "Query".'],
  printed: "{\n  a {\n    b\n  }\n}",
};
