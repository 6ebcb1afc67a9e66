import type { Duplex } from 'node:stream';
import type { WorkspaceLogin, WorkspaceLogins } from '../../../services/workspace-access.js';
import { decodeSaslInitialResponse, decodeSaslResponse } from '../codec/authentication-message.js';
import { BackendWriter } from '../codec/backend-writer.js';
import type { LoginGuard } from './login-guard.js';
import type { MessageSource } from './message-source.js';
import { Refusal } from './refusal.js';
import { SCRAM, SCRAM_PLUS, ScramExchange, verifierOfNobody } from './scram-exchange.js';

export interface Authenticators {
  readonly logins: Pick<WorkspaceLogins, 'findLogin'>;
  readonly guard: LoginGuard;
  /** See `verifierOfNobody`. */
  readonly nobodySecret: Uint8Array;
}

export interface Applicant {
  readonly source: MessageSource;
  readonly stream: Duplex;
  readonly username: string;
  readonly address: string;
  /** Undefined: nothing to bind to, so binding is not offered. */
  readonly endPointHash: Uint8Array | undefined;
}

/**
 * Proves who the client is and who we are, with SCRAM-SHA-256. A password never travels: there is no way to tell beforehand that
 * a client cannot do SCRAM, and asking all others for their password in clear text would take from them what SCRAM gives.
 *
 * An unknown user, a wrong password and a user without one look the same, in text and in the number and order of messages; the
 * work is the same too. Nothing about a workspace is told to anybody before this.
 */
export async function authenticate(
  applicant: Applicant,
  { logins, guard, nobodySecret }: Authenticators,
): Promise<WorkspaceLogin> {
  const { source, stream, username, address, endPointHash } = applicant;
  mustNotBeBanned(guard, address, username);
  const login = await logins.findLogin(username);
  const verifier = login?.verifier ?? verifierOfNobody(username, nobodySecret);

  const offered = endPointHash === undefined ? [SCRAM] : [SCRAM_PLUS, SCRAM];
  stream.write(new BackendWriter().authenticationSasl(offered).take());
  const choice = decodeSaslInitialResponse(await source.authenticationAnswer());
  if (!offered.includes(choice.mechanism)) {
    throw new Refusal('protocol_error', '08P01', 'client selected an invalid SASL authentication mechanism');
  }
  const exchange = new ScramExchange({ verifier, mechanism: choice.mechanism, endPointHash });
  // A client may choose first and speak when it is asked.
  let first = choice.data;
  if (first === null) {
    stream.write(new BackendWriter().authenticationSaslContinue('').take());
    first = decodeSaslResponse(await source.authenticationAnswer());
  }
  stream.write(new BackendWriter().authenticationSaslContinue(exchange.first(first)).take());
  const signature = exchange.final(decodeSaslResponse(await source.authenticationAnswer()));
  if (signature === undefined || login === undefined) {
    guard.failed(address, username);
    throw new Refusal('auth_failed', '28P01', `password authentication failed for user "${username}"`);
  }
  // A ban that began meanwhile holds for attempts that were under way.
  mustNotBeBanned(guard, address, username);
  guard.succeeded(address, username);
  stream.write(new BackendWriter().authenticationSaslFinal(signature).authenticationOk().take());
  return login;
}

function mustNotBeBanned(guard: LoginGuard, address: string, username: string): void {
  const waitMs = guard.waitMs(address, username);
  if (waitMs === 0) return;
  throw new Refusal('banned', '28000', 'too many failed logins', {
    hint: `Try again in ${Math.ceil(waitMs / 1000)} seconds.`,
  });
}
