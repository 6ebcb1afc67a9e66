import { HttpClient } from './http-client.js';
import { spreadOf } from './statistics.js';

/**
 * Asks for /health in a process of its own, at fixed times whatever the answers do, so that a stall is seen by every request that
 * falls into it. Ends and reports when told to.
 */
const [baseUrl = '', intervalText = '15'] = process.argv.slice(2);
const client = new HttpClient(baseUrl, undefined, 64);
const times: number[] = [];
let failures = 0;
const asked = new Set<Promise<void>>();

const timer = setInterval(() => {
  const one = client.get('/health').then(
    ({ status, ms }) => {
      times.push(ms);
      if (status !== 200) failures += 1;
    },
    () => {
      failures += 1;
    },
  );
  asked.add(one);
  void one.then(() => asked.delete(one));
}, Number(intervalText));

process.once('message', () => {
  clearInterval(timer);
  void Promise.all(asked).then(() => {
    process.send?.({ failures, times: spreadOf(times) }, () => process.disconnect());
    client.close();
  });
});
process.once('disconnect', () => process.exit(0));
process.send?.('started');
