// The OpenID Connect provider that the tests sign in with, on this machine alone.
//
// With the argument "post" it takes our secret in the body of a request and nowhere else. Prints {"issuer": …} once it listens. A line
// "rotate" on stdin gives it new signing keys, which it answers with {"rotated": true}. It ends with its stdin, so that it never outlives
// the test that started it.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';

/** Where people are sent back to: nobody listens there, the test reads the address. */
const REDIRECT_URI = 'http://127.0.0.1:9/sign-in/provider';

/** Algorithms of ID tokens, and the keys that make them. */
const KEYS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
  HS256: null,
};

/** How we prove ourselves. */
const SECRET_METHOD = process.argv[2] === 'post' ? 'client_secret_post' : 'client_secret_basic';

/** Our names there: one for each algorithm, with a secret; and one without. */
const clients = Object.keys(KEYS).map((algorithm) => ({
  client_id: `minhchung-${algorithm}`,
  // Of characters that have to be escaped on their way.
  client_secret: 'bi-mat:100%+&=/cua-mot-bai-thu',
  token_endpoint_auth_method: SECRET_METHOD,
  redirect_uris: [REDIRECT_URI],
  id_token_signed_response_alg: algorithm,
}));
clients.push({
  client_id: 'minhchung-public',
  token_endpoint_auth_method: 'none',
  redirect_uris: [REDIRECT_URI],
});

function newKeys() {
  const makers = Object.entries(KEYS).filter(([, maker]) => maker);
  return makers.map(([alg, [type, options]]) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
    alg,
    kid: randomUUID(),
    use: 'sig',
  }));
}

function newProvider(issuer) {
  return new Provider(issuer, {
    clients,
    clientAuthMethods: [SECRET_METHOD, 'none'],
    cookies: { keys: [randomUUID()] },
    jwks: { keys: newKeys() },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(KEYS) },
  });
}

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let answer = newProvider(issuer).callback();
  server.on('request', (request, response) => answer(request, response));
  const told = createInterface({ input: process.stdin });
  told.on('line', (line) => {
    if (line !== 'rotate') return;
    answer = newProvider(issuer).callback();
    say({ rotated: true });
  });
  told.on('close', () => process.exit());
  say({ issuer });
});
