/** What PostgreSQL would print in a way that is not known here: the view is then shown as the engine keeps it. */
export class Unprintable extends Error {}
