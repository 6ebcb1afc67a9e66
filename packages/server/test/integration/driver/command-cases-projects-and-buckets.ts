import * as backend from '../../../src/protocols/driver/gen/proto/backend_pb.js';
import * as buckets from '../../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as projects from '../../../src/protocols/driver/gen/proto/project_pb.js';
import { PATH as path, send, type Case, type CaseState } from './command-case.js';

export const projectAndBucketCases = (state: CaseState): readonly Case[] => [
  { command: 'InitBackendCommand', level: 'admin', send: send(backend.InitBackendCommandSchema, () => ({})) },
  { command: 'RemoveBackendCommand', level: 'admin', send: send(backend.RemoveBackendCommandSchema, () => ({})) },
  {
    command: 'CreateProjectCommand',
    level: 'admin',
    send: send(projects.CreateProjectCommandSchema, () => ({ projectId: '99' })),
    missing: [send(projects.CreateProjectCommandSchema, () => ({ projectId: '99' })), [409, 2006]],
    bad: [send(projects.CreateProjectCommandSchema, () => ({})), [400, 3000]],
  },
  {
    command: 'UpdateProjectCommand',
    level: 'project',
    send: send(projects.UpdateProjectCommandSchema, () => ({ projectId: '7', timezone: 'Europe/Prague' })),
    missing: [send(projects.UpdateProjectCommandSchema, () => ({ projectId: '1' })), [403, 2007]],
  },
  {
    command: 'DropProjectCommand',
    level: 'admin',
    send: send(projects.DropProjectCommandSchema, () => ({ projectDatabaseName: '99' })),
    missing: [send(projects.DropProjectCommandSchema, () => ({ projectDatabaseName: '98' })), 'ok'],
    bad: [send(projects.DropProjectCommandSchema, () => ({})), [400, 3000]],
  },
  {
    command: 'CreateDevBranchCommand',
    level: 'project',
    send: send(projects.CreateDevBranchCommandSchema, () => ({ projectId: '7', branchId: '5' })),
    missing: [send(projects.CreateDevBranchCommandSchema, () => ({ projectId: '1', branchId: '5' })), [403, 2007]],
    bad: [send(projects.CreateDevBranchCommandSchema, () => ({ projectId: '7' })), [400, 3000]],
  },
  {
    command: 'DropDevBranchCommand',
    level: 'project',
    send: send(projects.DropDevBranchCommandSchema, () => ({ devBranchReadOnlyRoleName: 'x' })),
    missing: [send(projects.DropDevBranchCommandSchema, () => ({})), 'ok'],
  },
  {
    command: 'CreateBucketCommand',
    level: 'project',
    send: send(buckets.CreateBucketCommandSchema, () => ({ projectId: '7', bucketId: 'in.c-new', branchId: '5' })),
    missing: [send(buckets.CreateBucketCommandSchema, () => ({ projectId: '7', bucketId: 'in.c-main' })), [409, 2006]],
    bad: [send(buckets.CreateBucketCommandSchema, () => ({ projectId: '7', bucketId: '/' })), [400, 3000]],
  },
  {
    command: 'DropBucketCommand',
    level: 'project',
    send: send(buckets.DropBucketCommandSchema, () => ({ bucketObjectName: '5_in_c_new' })),
    missing: [send(buckets.DropBucketCommandSchema, () => ({ bucketObjectName: 'none' })), 'ok'],
    bad: [send(buckets.DropBucketCommandSchema, () => ({ bucketObjectName: 'in_c_main' })), [400, 3000]],
  },
  {
    command: 'ShareBucketCommand',
    level: 'project',
    send: async (client) => {
      const fields = { sourceProjectId: '7', sourceBucketObjectName: 'in_c_main' };
      const { response } = await client.run(
        buckets.ShareBucketCommandSchema,
        fields,
        buckets.ShareBucketResponseSchema,
      );
      state.shareRole = response.bucketShareRoleName;
    },
    missing: [
      send(buckets.ShareBucketCommandSchema, () => ({ sourceProjectId: '7', sourceBucketObjectName: 'none' })),
      [404, 2000],
    ],
    bad: [send(buckets.ShareBucketCommandSchema, () => ({ sourceProjectId: '7' })), [400, 3000]],
  },
  {
    command: 'LinkBucketCommand',
    level: 'admin',
    send: send(buckets.LinkBucketCommandSchema, () => ({
      targetProjectId: '8',
      targetBucketId: 'in.c-linked',
      sourceShareRoleName: state.shareRole,
    })),
    missing: [
      send(buckets.LinkBucketCommandSchema, () => ({
        targetProjectId: '8',
        targetBucketId: 'in.c-other',
        sourceShareRoleName: `share.${Buffer.from('7/none').toString('base64url')}`,
      })),
      [404, 2000],
    ],
    bad: [
      send(buckets.LinkBucketCommandSchema, () => ({
        targetProjectId: '8',
        targetBucketId: 'b',
        sourceShareRoleName: 'x',
      })),
      [400, 3000],
    ],
  },
  {
    command: 'UnlinkBucketCommand',
    level: 'project',
    send: () => state.stranger.send(buckets.UnlinkBucketCommandSchema, { bucketObjectName: 'in_c_linked' }, {}),
    missing: [send(buckets.UnlinkBucketCommandSchema, () => ({ bucketObjectName: 'none' })), 'ok'],
    bad: [send(buckets.UnlinkBucketCommandSchema, () => ({})), [400, 3000]],
  },
  {
    command: 'UnshareBucketCommand',
    level: 'project',
    send: send(buckets.UnshareBucketCommandSchema, () => ({
      bucketObjectName: 'in_c_main',
      bucketShareRoleName: state.shareRole,
    })),
    bad: [
      send(buckets.UnshareBucketCommandSchema, () => ({
        bucketObjectName: 'other',
        bucketShareRoleName: state.shareRole,
      })),
      [400, 3000],
    ],
  },
  {
    command: 'GrantBucketAccessToReadOnlyRoleCommand',
    level: 'project',
    send: send(buckets.GrantBucketAccessToReadOnlyRoleCommandSchema, () => ({ path })),
    missing: [send(buckets.GrantBucketAccessToReadOnlyRoleCommandSchema, () => ({ path: ['none'] })), [404, 2000]],
    bad: [send(buckets.GrantBucketAccessToReadOnlyRoleCommandSchema, () => ({})), [400, 3000]],
  },
  {
    command: 'RevokeBucketAccessFromReadOnlyRoleCommand',
    level: 'project',
    send: send(buckets.RevokeBucketAccessFromReadOnlyRoleCommandSchema, () => ({ bucketObjectName: 'in_c_main' })),
    bad: [send(buckets.RevokeBucketAccessFromReadOnlyRoleCommandSchema, () => ({})), [400, 3000]],
  },
];
