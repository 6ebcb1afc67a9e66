/**
 * Works on several items at a time. After a failure nothing new is begun, and the first error is thrown when everything that
 * was under way has ended: the caller may clean up then, nobody works behind its back.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) {
        if (failures.length > 0) return;
        try {
          await work(item);
        } catch (error) {
          failures.push(error);
        }
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
