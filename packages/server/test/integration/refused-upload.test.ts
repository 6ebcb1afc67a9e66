import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../helpers/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ env: { MAX_UPLOAD_BYTES: '1000' } });
  await app.call('POST', '/projects', { id: 'p1' });
});
afterAll(() => app.stop());

it('leaves its connection usable, although the client sent everything', async () => {
  const { upload_url: path } = (await app.call('POST', '/projects/p1/files/prepare', { filename: 'a.csv' })).body;
  const form = [
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n',
    'x'.repeat(3_000_000),
    '\r\n--x--\r\n',
  ].join('');
  const url = new URL(app.address);
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, 'connect');
  let answers = '';
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1');
  });
  const head = `Host: ${url.host}\r\nAuthorization: Bearer ${TEST_ADMIN_KEY}\r\n`;
  socket.write(
    `POST ${path} HTTP/1.1\r\n${head}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
  );
  socket.write(`GET /projects/p1 HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
  await once(socket, 'close');
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
});
