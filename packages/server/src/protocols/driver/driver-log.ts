import { create } from '@bufbuild/protobuf';
import { anyPack, StringValueSchema } from '@bufbuild/protobuf/wkt';
import { LogMessage_Level, LogMessageSchema, type LogMessage } from './gen/proto/common_pb.js';

/** What one call tells the end user; Connection writes it into the log of the job. Every call has its own. */
export class DriverLog {
  readonly messages: LogMessage[] = [];

  informational(message: string, context?: Readonly<Record<string, unknown>>): void {
    this.#add(LogMessage_Level.Informational, message, context);
  }

  notice(message: string, context?: Readonly<Record<string, unknown>>): void {
    this.#add(LogMessage_Level.Notice, message, context);
  }

  warning(message: string, context?: Readonly<Record<string, unknown>>): void {
    this.#add(LogMessage_Level.Warning, message, context);
  }

  error(message: string, context?: Readonly<Record<string, unknown>>): void {
    this.#add(LogMessage_Level.Error, message, context);
  }

  #add(level: LogMessage_Level, message: string, context: Readonly<Record<string, unknown>> | undefined): void {
    const packed =
      context === undefined
        ? {}
        : { context: anyPack(StringValueSchema, create(StringValueSchema, { value: JSON.stringify(context) })) };
    this.messages.push(create(LogMessageSchema, { level, message, ...packed }));
  }
}
