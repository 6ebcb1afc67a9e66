import { Type } from 'typebox';

export const PullQuery = Type.Object({
  discard: Type.Optional(
    Type.Boolean({ description: 'True takes no snapshot of what the branch gives up; false unless given' }),
  ),
});
