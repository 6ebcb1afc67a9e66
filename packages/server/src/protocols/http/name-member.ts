import { isDomainError } from '../../errors/domain-error.js';

/** Says where a request carries the name that a service refused, when it is not where such names usually are. */
export async function namedInMember<T>(member: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isDomainError(error, 'invalid_name') ? error.withDetails({ loc: ['body', member] }) : error;
  }
}
