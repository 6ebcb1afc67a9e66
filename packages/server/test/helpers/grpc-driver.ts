import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { createClient, type Client } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { DriverResponse } from '../../src/protocols/driver/gen/proto/common_pb.js';
import { StorageDriverService } from '../../src/protocols/driver/gen/proto/service_pb.js';
import { driverRequest } from './driver-client.js';

/** Sends commands over gRPC, with the secret of their credentials as the key. */
export class GrpcDriver {
  private constructor(
    private readonly client: Client<typeof StorageDriverService>,
    private readonly secret: string,
  ) {}

  static of(app: { readonly grpcPort: number }, secret: string): GrpcDriver {
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${app.grpcPort}` });
    return new GrpcDriver(createClient(StorageDriverService, transport), secret);
  }

  withKey(secret: string): GrpcDriver {
    return new GrpcDriver(this.client, secret);
  }

  tell<C extends DescMessage>(command: C, fields: MessageInitShape<C>): Promise<DriverResponse> {
    return this.client.execute(driverRequest(command, fields, { secret: this.secret }));
  }

  async ask<C extends DescMessage, R extends DescMessage>(
    command: C,
    fields: MessageInitShape<C>,
    answer: R,
  ): Promise<MessageShape<R>> {
    const { commandResponse } = await this.tell(command, fields);
    const unpacked = commandResponse && anyUnpack(commandResponse, answer);
    if (unpacked === undefined) throw new Error(`${command.name} answered ${commandResponse?.typeUrl ?? 'nothing'}`);
    return unpacked;
  }
}
