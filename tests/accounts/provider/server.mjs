// An OpenID provider with its own sign-in pages; whoever types a subject there is that person. Its set-up comes as JSON in PROVIDER.
import { createServer } from "node:http";

import Provider from "oidc-provider";

const { port, client, people } = JSON.parse(process.env.PROVIDER);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ ...client, response_types: ["code"], grant_types: ["authorization_code"] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["a key of a test"] },
  findAccount: (_context, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
});
provider.on("server_error", (_context, error) => console.error(error));
createServer(provider.callback()).listen(port, "127.0.0.1", () => console.log("ready"));
