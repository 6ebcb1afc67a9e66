import { Type } from 'typebox';
import { PROFILE_MODES } from '../../../../model/table-profile.js';
import { defineRead } from '../../define-route.js';
import { splitNames } from '../../name-list.js';
import { OneOf } from '../../schemas/nullable.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderProfile, SAMPLE_PATTERN, sampleFrom, TableProfileSchema } from '../../schemas/table-profile.js';
import { versionChoice, versionChoiceMembers } from '../../schemas/version-choice.js';

export const profileTable = defineRead({
  operation: 'table.profile',
  method: 'POST',
  path: `${TABLE_PATH}/profile`,
  summary: 'What the columns of a table hold',
  description:
    'Reads the table and changes nothing. Without `mode` the figures are those of `basic`, in the form they had before there were modes: ' +
    '`min`, `max` and quartiles are text, and `count` counts nulls too. Counts are exact. Quantiles are estimated for a `basic` profile of more ' +
    'than a million rows and for any of more than ten million; `quantiles_exact` tells.',
  params: TableParams,
  query: Type.Object({
    mode: Type.Optional(
      OneOf(PROFILE_MODES, {
        description:
          '`basic`; `distribution` adds histograms and top values, `quality` adds patterns and correlations, `full` adds all of them',
      }),
    ),
    columns: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Only these columns, separated by commas or repeated; "quoted" when a name has a comma',
      }),
    ),
    sample: Type.Optional(
      Type.String({
        pattern: SAMPLE_PATTERN,
        description:
          'Look at about so many rows (`10000`) or at such a share of them (`2.5%`), chosen by chance. Figures are then about these rows: ' +
          'counts are not scaled up, and there may be smaller, larger and more different values in the rest',
      }),
    ),
    version: Type.Optional(versionChoiceMembers.version),
    as_of: Type.Optional(versionChoiceMembers.as_of),
  }),
  success: {
    status: 200,
    description: 'One entry for each column, in the order of the columns',
    schema: TableProfileSchema,
  },
  errors: [
    'bucket_is_linked',
    'unknown_column',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'version_not_found',
    'invalid_request',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
  ],
  handle: async ({ services, params, query, signal }) => {
    const profile = await services.profiles.profile(
      { ...tableRef(params), ...versionChoice(query) },
      {
        mode: query.mode ?? 'basic',
        columns: splitNames(query.columns),
        sample: sampleFrom(query.sample),
        valueForm: query.mode === undefined ? 'text' : 'native',
      },
      signal,
    );
    return renderProfile(profile, query.mode === undefined);
  },
});
