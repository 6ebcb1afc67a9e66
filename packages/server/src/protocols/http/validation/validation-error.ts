import { DomainError } from '../../../errors/domain-error.js';

/** One line of a 422 answer: what is wrong, where, and with which input. */
export interface ValidationIssue {
  readonly type: string;
  /** Starts with `body`, `query`, `path` or `header`. */
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/** The request does not have the shape that the operation asks for: answered as 422 with a list of issues. */
export class ValidationError extends DomainError {
  readonly issues: readonly ValidationIssue[];

  constructor(issues: readonly ValidationIssue[], options: { cause?: unknown } = {}) {
    super(
      'invalid_request',
      issues.map((issue) => `${issue.loc.join('.')}: ${issue.msg}`).join('; '),
      {},
      {
        httpStatus: 422,
        ...options,
      },
    );
    this.issues = issues.map(boundInput);
  }
}

const MAX_ECHOED_CHARACTERS = 1000;

/** The offending input is repeated so that a caller finds it; a large one is described instead of sent back. */
function boundInput(issue: ValidationIssue): ValidationIssue {
  const text = JSON.stringify(issue.input) ?? 'null';
  if (text.length <= MAX_ECHOED_CHARACTERS) return issue;
  return { ...issue, input: `${text.slice(0, MAX_ECHOED_CHARACTERS)}… (${text.length} characters)` };
}
