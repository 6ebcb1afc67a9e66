import { expect } from 'vitest';
import * as query from '../../../src/protocols/driver/gen/proto/executeQuery_pb.js';
import * as workspaces from '../../../src/protocols/driver/gen/proto/workspace_pb.js';
import { PATH as path, send, type Case, type CaseState } from './command-case.js';

export const workspaceCases = (state: CaseState): readonly Case[] => [
  {
    command: 'CreateWorkspaceCommand',
    level: 'project',
    send: async (client) => {
      const fields = { projectId: '7', workspaceId: '1' };
      state.workspace = (
        await client.run(workspaces.CreateWorkspaceCommandSchema, fields, workspaces.CreateWorkspaceResponseSchema)
      ).response;
    },
    missing: [send(workspaces.CreateWorkspaceCommandSchema, () => ({ projectId: '1', workspaceId: '1' })), [403, 2007]],
    bad: [
      send(workspaces.CreateWorkspaceCommandSchema, () => ({
        projectId: '7',
        workspaceId: '1',
        directGrantTables: [{ path, tableName: 'orders' }],
      })),
      [400, 3000],
    ],
  },
  {
    command: 'LoadTableToWorkspaceCommand',
    level: 'project',
    send: send(workspaces.LoadTableToWorkspaceCommandSchema, () => ({
      source: { path, tableName: 'orders' },
      destination: { path: [state.workspace.workspaceObjectName], tableName: 'orders' },
      importOptions: {},
    })),
    missing: [
      send(workspaces.LoadTableToWorkspaceCommandSchema, () => ({
        source: { path, tableName: 'none' },
        destination: { path: [state.workspace.workspaceObjectName], tableName: 'o' },
        importOptions: {},
      })),
      [404, 2000],
    ],
    bad: [
      send(workspaces.LoadTableToWorkspaceCommandSchema, () => ({ source: { path, tableName: 'orders' } })),
      [400, 3000],
    ],
  },
  {
    command: 'ExecuteQueryCommand',
    level: 'project',
    send: async (client) => {
      const fields = {
        pathRestriction: [state.workspace.workspaceObjectName],
        query: 'SELECT count(*) AS n FROM orders',
      };
      const { response } = await client.run(query.ExecuteQueryCommandSchema, fields, query.ExecuteQueryResponseSchema);
      expect(response).toMatchObject({
        status: query.ExecuteQueryResponse_Status.Success,
        data: { rows: [{ fields: { n: '1' } }] },
      });
    },
    missing: [
      send(query.ExecuteQueryCommandSchema, () => ({ pathRestriction: ['ws_00000000'], query: 'SELECT 1' })),
      [404, 2000],
    ],
    bad: [send(query.ExecuteQueryCommandSchema, () => ({ pathRestriction: path, query: 'SELECT 1' })), [400, 3000]],
  },
  {
    command: 'ResetWorkspacePasswordCommand',
    level: 'project',
    send: send(workspaces.ResetWorkspacePasswordCommandSchema, () => ({
      workspaceUserName: state.workspace.workspaceUserName,
    })),
    missing: [send(workspaces.ResetWorkspacePasswordCommandSchema, () => ({ workspaceUserName: 'none' })), [404, 2000]],
    bad: [send(workspaces.ResetWorkspacePasswordCommandSchema, () => ({})), [400, 3000]],
  },
  {
    command: 'GrantWorkspaceAccessToProjectCommand',
    level: 'project',
    send: send(workspaces.GrantWorkspaceAccessToProjectCommandSchema, () => ({})),
  },
  {
    command: 'RevokeWorkspaceAccessToProjectCommand',
    level: 'project',
    send: send(workspaces.RevokeWorkspaceAccessToProjectCommandSchema, () => ({})),
  },
  {
    command: 'DropWorkspaceObjectCommand',
    level: 'project',
    send: send(workspaces.DropWorkspaceObjectCommandSchema, () => ({
      workspaceObjectName: state.workspace.workspaceObjectName,
      objectNameToDrop: 'orders',
    })),
    missing: [
      send(workspaces.DropWorkspaceObjectCommandSchema, () => ({
        workspaceObjectName: 'ws_00000000',
        objectNameToDrop: 'x',
      })),
      [404, 2000],
    ],
    bad: [
      send(workspaces.DropWorkspaceObjectCommandSchema, () => ({
        workspaceObjectName: state.workspace.workspaceObjectName,
      })),
      [400, 3000],
    ],
  },
  {
    command: 'ClearWorkspaceCommand',
    level: 'project',
    send: send(workspaces.ClearWorkspaceCommandSchema, () => ({
      workspaceObjectName: state.workspace.workspaceObjectName,
    })),
    missing: [
      send(workspaces.ClearWorkspaceCommandSchema, () => ({ workspaceObjectName: 'ws_00000000' })),
      [404, 2000],
    ],
    bad: [send(workspaces.ClearWorkspaceCommandSchema, () => ({})), [400, 3000]],
  },
  {
    command: 'DropWorkspaceCommand',
    level: 'project',
    send: send(workspaces.DropWorkspaceCommandSchema, () => ({
      workspaceObjectName: state.workspace.workspaceObjectName,
    })),
    missing: [
      send(workspaces.DropWorkspaceCommandSchema, () => ({ workspaceObjectName: 'ws_00000000', isCascade: true })),
      'ok',
    ],
    bad: [send(workspaces.DropWorkspaceCommandSchema, () => ({})), [400, 3000]],
  },
];
