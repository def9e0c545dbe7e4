// Key pairs for tests, made by OpenSSL's program. Node.js 20 can lock itself up for ever in generateKeyPair when its garbage
// collector runs at the wrong moment (in the destructor of the job that made the key).
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';

function pairOf(...options) {
  const privateKey = createPrivateKey(execFileSync('openssl', ['genpkey', '-quiet', ...options]));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

export const rsaPair = (bits = 2048) => pairOf('-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`);
export const ecPair = (curve = 'P-256') => pairOf('-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`);
export const ed25519Pair = () => pairOf('-algorithm', 'ED25519');
export const pemOf = ({ privateKey, publicKey }) => ({
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
});
