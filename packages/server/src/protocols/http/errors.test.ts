import { describe, expect, it } from 'vitest';
import { NotAuthenticatedError } from '../../auth/authorize.js';
import { ERROR_CATALOGUE, type ErrorCode } from '../../errors/catalogue.js';
import { DomainError } from '../../errors/domain-error.js';
import { MethodNotAllowedError, renderErrorAnswer, RouteNotFoundError, translateError } from './errors.js';

const bodyOf = (error: unknown): unknown => JSON.parse(translateError(error).body);

describe('translateError', () => {
  it('answers every code of the catalogue with its status', () => {
    for (const code of Object.keys(ERROR_CATALOGUE) as ErrorCode[]) {
      expect(translateError(new DomainError(code, 'x')).status).toBe(ERROR_CATALOGUE[code].http);
    }
  });

  it('gives code, message and details', () => {
    const error = new DomainError('bucket_exists', 'Bucket b already exists in project p', { bucket_name: 'b' });
    expect(translateError(error)).toMatchObject({ status: 409, level: 'info' });
    expect(bodyOf(error)).toEqual({
      detail: {
        error: 'bucket_exists',
        message: 'Bucket b already exists in project p',
        details: { bucket_name: 'b' },
      },
    });
  });

  it('lets an error override its status', () => {
    expect(translateError(new DomainError('file_too_large', 'x', {}, { httpStatus: 400 })).status).toBe(400);
  });

  it('asks for credentials on 401', () => {
    expect(translateError(new NotAuthenticatedError('x'))).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: '{"detail":"Not authenticated"}',
    });
    expect(translateError(new DomainError('unauthorized', 'x')).headers['www-authenticate']).toBe('Bearer');
  });

  it('tells when to come back', () => {
    const error = new DomainError('table_busy', 'x', {}, { retryAfterSeconds: 1.2 });
    expect(translateError(error)).toMatchObject({ status: 429, headers: { 'retry-after': '2' }, level: 'warn' });
  });

  it.each(
    (Object.keys(ERROR_CATALOGUE) as ErrorCode[]).filter((code) => [429, 503].includes(ERROR_CATALOGUE[code].http)),
  )('tells it for %s even where nobody said so', (code) => {
    expect(translateError(new DomainError(code, 'x')).headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });

  it('does not worry an operator with callers that are over their rate', () => {
    expect(translateError(new DomainError('rate_limited', 'x')).level).toBe('info');
  });

  it('puts a conflict of idempotency keys at the top level', () => {
    const error = new DomainError('idempotency_conflict', 'used');
    expect(bodyOf(error)).toEqual({ error: 'idempotency_conflict', message: 'used' });
    expect(renderErrorAnswer(error)).toEqual({ status: 409, body: translateError(error).body });
  });

  it('states a broken name rule as a validation error', () => {
    const plain = new DomainError('invalid_name', 'Names start with a letter', { input: '1a' });
    expect(bodyOf(plain)).toEqual({
      detail: [{ type: 'invalid_name', loc: ['body', 'name'], msg: 'Names start with a letter', input: '1a' }],
    });
    const located = new DomainError('invalid_name', 'x', { loc: ['body', 'columns', 0, 'name'], max_length: 64 });
    expect(bodyOf(located)).toMatchObject({
      detail: [{ loc: ['body', 'columns', 0, 'name'], ctx: { max_length: 64 } }],
    });
  });

  it('hides what an unexpected error says', () => {
    const answer = translateError(new Error('secret /path'));
    expect(answer).toMatchObject({ status: 500, level: 'error' });
    expect(answer.body).toBe('{"error":"internal_server_error","message":"An internal error occurred"}');
  });

  it('answers unknown paths and methods as a framework would', () => {
    expect(translateError(new RouteNotFoundError('x'))).toMatchObject({ status: 404, body: '{"detail":"Not Found"}' });
    expect(translateError(new MethodNotAllowedError(['GET', 'HEAD']))).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
      body: '{"detail":"Method Not Allowed"}',
    });
  });
});
