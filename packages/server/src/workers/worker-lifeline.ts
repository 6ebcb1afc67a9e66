/** What every worker process does about the process that started it. */

/**
 *   channel closed at any time (the service is dead): SIGKILL to itself, since a running statement would hold up an exit
 *   signals to the whole process group (Ctrl-C, a service manager): ignored, the service decides what still finishes
 */
export function liveWithService(): void {
  process.once('disconnect', killSelf);
  // Closed already while this process was loading its modules.
  if (!process.connected) killSelf();
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
}

/** The start parameters: one JSON argument, because the environment of a worker is empty. */
export function readSettings<Settings>(): Settings {
  const argument = process.argv[2];
  if (argument === undefined || process.send === undefined)
    throw new Error('worker entries are started by the service only');
  return JSON.parse(argument) as Settings;
}

/** Resolves when the message has left this process, so that an exit cannot swallow it. */
export function sendToService(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
