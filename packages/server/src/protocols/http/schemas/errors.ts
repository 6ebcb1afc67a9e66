import { Type } from 'typebox';

export const ErrorSchema = Type.Object(
  {
    detail: Type.Object({
      error: Type.String({ description: 'Code; see the list of errors' }),
      message: Type.String({ description: 'What happened and what to do about it' }),
      details: Type.Object({}, { additionalProperties: true }),
    }),
  },
  { $id: 'Error', description: 'Every handled error' },
);

export const ValidationErrorSchema = Type.Object(
  {
    detail: Type.Array(
      Type.Object({
        type: Type.String(),
        loc: Type.Array(Type.Union([Type.String(), Type.Integer()])),
        msg: Type.String(),
        input: Type.Unknown(),
        ctx: Type.Optional(Type.Object({}, { additionalProperties: true })),
      }),
    ),
  },
  { $id: 'ValidationError', description: 'The request does not have the expected shape' },
);

export const PlainErrorSchema = Type.Object(
  { detail: Type.String() },
  { $id: 'PlainError', description: 'No credentials, unknown path or method' },
);

export const TopLevelErrorSchema = Type.Object(
  { error: Type.String(), message: Type.String() },
  { $id: 'TopLevelError', description: 'A conflict of idempotency keys, or a defect of the service' },
);
