// A SAML provider; whoever types a subject on its page is that person. Its set-up comes as JSON in PROVIDER.
import { createServer } from "node:http";

import samlp from "samlp";

const { port, place, people, key, cert } = JSON.parse(process.env.PROVIDER);
const issuer = `http://127.0.0.1:${port}/metadata`;
const both = { issuer, key, cert, getPostURL: (_audience, _request, _req, callback) => callback(null, place) };
const answer = samlp.auth({
  ...both,
  recipient: place,
  destination: place,
  lifetimeInSeconds: 60,
  nameIdentifierFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  getUserFromRequest: (request) => request.user,
});
const describe = samlp.metadata({ ...both, redirectEndpointPath: "/sso", postEndpointPath: "/sso" });
const kept = (name, value) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', "&quot;")}">`;

createServer((request, response) => {
  const url = new URL(request.url, issuer);
  const query = Object.fromEntries(url.searchParams);
  const tell = (text) => response.setHeader("Content-Type", "text/html").end(text);
  Object.assign(request, { query, headers: { ...request.headers, host: `127.0.0.1:${port}` }, get: (name) => request.headers[name.toLowerCase()] });
  Object.assign(response, {
    set: (name, value) => response.setHeader(name, value),
    send: (status, text) => (typeof status === "number" ? response.writeHead(status).end(String(text ?? "")) : response.end(status)),
  });
  request.protocol = "http";
  request.originalUrl = request.url;
  const next = (error) => response.writeHead(500).end(String(error?.stack ?? error));
  if (url.pathname === "/metadata") describe(request, response, next);
  else if (url.pathname !== "/sso") response.writeHead(404).end();
  else if (!query.login)
    tell(
      `<!doctype html><title>Sign in</title><form action="/sso">${kept("SAMLRequest", query.SAMLRequest)}${kept("RelayState", query.RelayState)}` +
        `<input name="login"><input type="password" name="password"><button type="submit">Sign in</button></form>`,
    );
  else {
    const person = people[query.login];
    request.user = person && { id: query.login, displayName: person.name, name: {}, emails: [{ value: person.email }] };
    answer(request, response, next);
  }
}).listen(port, "127.0.0.1", () => console.log("ready"));
