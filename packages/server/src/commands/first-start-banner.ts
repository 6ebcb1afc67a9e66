/** Shown once, when the admin key was made: the key and two commands that can be pasted as they are. */
export function firstStartBanner(input: {
  readonly baseUrl: string;
  readonly key: string;
  readonly keyPath: string;
}): string {
  return `
  DuckDB Storage is running at ${input.baseUrl}

  Its admin key was made just now and is shown only this once. It is kept in
  ${input.keyPath}

    export STORAGE_ADMIN_KEY='${input.key}'

  Is it well? Then make a project; the answer holds the key of that project:

    curl -sS ${input.baseUrl}/health
    curl -sS -X POST ${input.baseUrl}/projects \\
      -H "Authorization: Bearer $STORAGE_ADMIN_KEY" -H 'Content-Type: application/json' \\
      -d '{"id": "demo", "name": "Demo"}'

`;
}

/** An address that a client on this machine can use: a server that listens everywhere is reached at the loopback address. */
export function baseUrlOf(address: string, prefix: string): string {
  const url = new URL(address);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.hostname === '[::]') url.hostname = '[::1]';
  return `${url.origin}${prefix}`;
}
