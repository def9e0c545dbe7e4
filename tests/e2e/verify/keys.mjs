// Secrets and key pairs for the tests of signatures: the one in use, the one before it, and one of a stranger.
import { ecPair, ed25519Pair, rsaPair } from '../key_pair.mjs';

const three = (make) => ({ key: make('present'), old: make('previous'), other: make('other') });

// Configs have the secret under `name`, and the one before it under `previous_NAME`.
const asAuth = (name, { key, old, other }, shown = (k) => k, more = {}) => ({
  auth: { [name]: shown(key), [`previous_${name}`]: shown(old), ...more }, key, old, other,
});

export const secret = (name = 'webhook_secret_key', more = {}) => asAuth(name, three((word) => `${word} s3cret/+`), undefined, more);
export const whsec = () => asAuth('webhook_secret_key', three((word) => `whsec_${Buffer.from(`${word} key of 24 bytes....`).toString('base64')}`));
export const base64 = () => asAuth('webhook_secret_key', three((word) => Buffer.from(`\0\xff${word}`, 'latin1').toString('base64')));
export const hex = () => asAuth('webhook_secret_key', three((word) => Buffer.from(`\0\xff${word}`, 'latin1').toString('hex').toUpperCase()));
export const basic = () => asAuth('password', three((word) => `${word}:w`), undefined, { username: 'ann' });

const spki = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' });
const rawEd25519 = (pair) => Buffer.from(pair.publicKey.export({ format: 'jwk' }).x, 'base64url');
const rsaPairs = three(() => rsaPair());
const edPairs = three(() => ed25519Pair());
export const rsa = (name = 'public_key', more = {}) => asAuth(name, rsaPairs, spki, more);
export const ed25519 = (encoding) => asAuth('public_key', edPairs, (pair) => rawEd25519(pair).toString(encoding));
export const asPairs = (name, pairs, shown) => asAuth(name, pairs, shown);
export const threeOf = three;
const ecPairs = three(() => ecPair());
export const ec = (name, more = {}) => asAuth(name, ecPairs, spki, more);
export const ed25519Pem = (name) => asAuth(name, edPairs, spki);
