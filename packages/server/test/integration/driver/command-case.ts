import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type { CreateWorkspaceResponse } from '../../../src/protocols/driver/gen/proto/workspace_pb.js';
import type { DriverClient } from '../../helpers/driver-client.js';

/** What a command answers that does not succeed: the status over HTTP and the number of the contract; `ok` where absence is fine. */
export type Failure = readonly [status: number, code: number] | 'ok';

type Sending = (client: DriverClient) => Promise<unknown>;

/** One command of the protocol; the cases run in order, on what those before them left. */
export interface Case {
  readonly command: string;
  readonly level: 'admin' | 'project';
  readonly send: Sending;
  /** The same about something that is not there, or is there already. */
  readonly missing?: readonly [Sending, Failure];
  readonly bad?: readonly [Sending, Failure];
}

/** What cases hand on to later ones. */
export interface CaseState {
  /** Of another project. */
  stranger: DriverClient;
  fileId: string;
  shareRole: string;
  workspace: CreateWorkspaceResponse;
}

export const PATH = ['in_c_main'];

/** The fields are made when the command is sent: they may be what an earlier case got. */
export function send<C extends DescMessage>(command: C, fields: () => MessageInitShape<C>): Sending {
  return (client) => client.send(command, fields(), {});
}
