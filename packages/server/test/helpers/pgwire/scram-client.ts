import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** The client's side of SCRAM-SHA-256, written from RFC 5802 and not with the code under test. */
export class ScramClient {
  readonly nonce = randomBytes(12).toString('base64');

  constructor(
    private readonly password: string,
    private readonly gs2 = 'n,,',
    private readonly binding: Uint8Array = new Uint8Array(),
  ) {}

  get first(): string {
    return `${this.gs2}n=,r=${this.nonce}`;
  }

  final(serverFirst: string): { readonly message: string; readonly signature: string } {
    const [, nonce = '', salt = '', iterations = ''] = /^r=(.*),s=(.*),i=(\d+)$/.exec(serverFirst) ?? [];
    if (!nonce.startsWith(this.nonce)) throw new Error('the server did not extend the nonce');
    const salted = pbkdf2Sync(this.password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    const storedKey = createHash('sha256').update(clientKey).digest();
    const channel = Buffer.concat([Buffer.from(this.gs2), this.binding]).toString('base64');
    const withoutProof = `c=${channel},r=${nonce}`;
    const message = `n=,r=${this.nonce},${serverFirst},${withoutProof}`;
    const signature = createHmac('sha256', storedKey).update(message).digest();
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    const serverKey = createHmac('sha256', salted).update('Server Key').digest();
    return {
      message: `${withoutProof},p=${proof.toString('base64')}`,
      signature: `v=${createHmac('sha256', serverKey).update(message).digest('base64')}`,
    };
  }
}
